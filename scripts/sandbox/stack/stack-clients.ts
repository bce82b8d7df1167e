import type { HttpClient } from "../../lib/http.ts";
import { type Clawsettle, clawsettleClient } from "../clients/clawsettle.ts";
import { type Ledger, ledgerClient } from "../clients/ledger.ts";
import { type Sandbox, sandboxClient } from "../clients/sandbox-ledger.ts";
import { type SandboxStripe, sandboxStripeClient } from "../clients/sandbox-stripe.ts";
import type { Stack } from "./stack.ts";

/** What there is to ask of a stack. */
export type StackClients = {
  readonly clawsettle: Clawsettle;
  readonly ledger: Ledger;
  readonly sandbox: Sandbox;
  /** Only where the stack has one. */
  readonly stripe: SandboxStripe | null;
};

export function stackClients(stack: Stack, http: HttpClient): StackClients {
  const { secrets, clawsettleUrl, ledgerUrl, stripeUrl } = stack;
  const ledgerAccess = { http, baseUrl: ledgerUrl, adminKey: secrets.LEDGER_ADMIN_KEY };
  return {
    clawsettle: clawsettleClient({
      http,
      baseUrl: clawsettleUrl,
      signingSecret: secrets.STRIPE_WEBHOOK_SIGNING_SECRET,
      adminKey: secrets.SETTLE_ADMIN_KEY,
    }),
    ledger: ledgerClient(ledgerAccess),
    sandbox: sandboxClient(ledgerAccess),
    stripe: stripeUrl && sandboxStripeClient(http, stripeUrl, secrets["STRIPE_API_KEY"] ?? ""),
  };
}
