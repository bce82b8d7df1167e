/** A stack of one's own, for tests and drills: free ports, an empty data folder, random secrets, and clients for all of it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clawsettleClient, type Clawsettle } from "../clients/clawsettle.ts";
import { createDevVars } from "./dev-vars.ts";
import { httpClient, type HttpClient } from "../../lib/http.ts";
import { ledgerClient, type Ledger } from "../clients/ledger.ts";
import { reconciliationsClient, type Reconciliations } from "../clients/reconciliations.ts";
import { sandboxClient, type Sandbox } from "../clients/sandbox-ledger.ts";
import { sandboxStripeClient, type SandboxStripe } from "../clients/sandbox-stripe.ts";
import { freePort } from "./ports.ts";
import { startStack, type Stack } from "./stack.ts";

const DEFAULT_CONNECTIONS = 64;

export type TempStack = {
  readonly stack: Stack;
  readonly http: HttpClient;
  readonly clawsettle: Clawsettle;
  readonly reconciliations: Reconciliations;
  readonly ledger: Ledger;
  readonly sandbox: Sandbox;
  /** Only where it was asked for. */
  readonly stripe: SandboxStripe | null;
  /** Leaves nothing behind. */
  stop(): Promise<void>;
};

export type TempStackOptions = {
  readonly vars?: Readonly<Record<string, string>>;
  /** With the sandbox Stripe. */
  readonly withStripe?: boolean;
  /** With clawsettle's cron. */
  readonly cron?: boolean;
  /** At once, to each Worker. */
  readonly connections?: number;
};

export async function startTempStack(options: TempStackOptions = {}): Promise<TempStack> {
  const { vars = {}, connections = DEFAULT_CONNECTIONS, withStripe = false, cron = false } = options;
  const folder = await tempFolder();
  const secrets = createDevVars();
  const ports = {
    clawsettle: await freePort(),
    ledger: await freePort(),
    ...(withStripe && { stripe: await freePort() }),
  };
  const remove = () => rm(folder, { recursive: true, force: true });
  const stack = await startStack({ ports, persistTo: join(folder, "state"), vars, secrets, cron }).catch(
    async (error: unknown) => {
      await remove();
      throw error;
    },
  );
  const http = httpClient({ connections });
  const access = { http, baseUrl: stack.clawsettleUrl, adminKey: secrets.SETTLE_ADMIN_KEY };
  const ledgerAccess = { http, baseUrl: stack.ledgerUrl, adminKey: secrets.LEDGER_ADMIN_KEY };
  return {
    stack,
    http,
    clawsettle: clawsettleClient({ ...access, signingSecret: secrets.STRIPE_WEBHOOK_SIGNING_SECRET }),
    reconciliations: reconciliationsClient(access),
    ledger: ledgerClient(ledgerAccess),
    sandbox: sandboxClient(ledgerAccess),
    stripe:
      stack.stripeUrl === null
        ? null
        : sandboxStripeClient({
            http,
            baseUrl: stack.stripeUrl,
            apiKey: secrets["STRIPE_API_KEY"] ?? "",
          }),
    async stop() {
      await http.close();
      await stack.stop();
      await remove();
    },
  };
}

export function tempFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "clawsettle-"));
}
