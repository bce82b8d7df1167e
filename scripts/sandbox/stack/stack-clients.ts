import type { HttpClient } from "../../lib/http.ts";
import { clawsettleClient } from "../clients/clawsettle.ts";
import { ledgerClient } from "../clients/ledger.ts";
import { sandboxClient } from "../clients/sandbox-ledger.ts";
import { sandboxStripeClient } from "../clients/sandbox-stripe.ts";
import type { Stack } from "./stack.ts";

export type StackClients = ReturnType<typeof stackClients>;

/** What there is to ask of a stack. */
export function stackClients(stack: Stack, http: HttpClient) {
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
    /** Only where the stack has one. */
    stripe: stripeUrl && sandboxStripeClient(http, stripeUrl, secrets["STRIPE_API_KEY"] ?? ""),
  };
}
