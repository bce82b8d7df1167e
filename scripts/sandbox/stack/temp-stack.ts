/** A stack for one test or drill: free ports, an empty data folder, random secrets, and clients. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDevVars } from "./dev-vars.ts";
import { httpClient } from "../../lib/http.ts";
import { freePort } from "./ports.ts";
import { startStack } from "./stack.ts";
import { stackClients } from "./stack-clients.ts";

const DEFAULT_CONNECTIONS = 64;

export type TempStack = Awaited<ReturnType<typeof startTempStack>>;

export type TempStackOptions = {
  readonly vars?: Readonly<Record<string, string>>;
  /** Settings of the sandbox ledger. */
  readonly ledgerVars?: Readonly<Record<string, string>>;
  /** With the sandbox Stripe. */
  readonly withStripe?: boolean;
  /** With clawsettle's cron. */
  readonly cron?: boolean;
  /** At once, to each Worker. */
  readonly connections?: number;
};

export async function startTempStack(options: TempStackOptions = {}) {
  const {
    vars = {},
    ledgerVars = {},
    connections = DEFAULT_CONNECTIONS,
    withStripe = false,
    cron = false,
  } = options;
  const folder = await tempFolder();
  const secrets = createDevVars();
  const ports = {
    clawsettle: await freePort(),
    ledger: await freePort(),
    ...(withStripe && { stripe: await freePort() }),
  };
  const remove = () => rm(folder, { recursive: true, force: true });
  const stack = await startStack({
    ports,
    persistTo: join(folder, "state"),
    vars,
    ledgerVars,
    secrets,
    cron,
  }).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  const http = httpClient({ connections });
  return {
    stack,
    http,
    ...stackClients(stack, http),
    /** Leaves nothing behind. */
    async stop(): Promise<void> {
      await http.close();
      await stack.stop();
      await remove();
    },
  };
}

export function tempFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "clawsettle-"));
}
