/** The balance transactions of one of Stripe's accounts, page by page, and whose key it is. */
import { z } from "zod";
import { type AccountOptions, requestStripe, type Stripe } from "./client.ts";
import { failureOf, LIST_TIMEOUT_MS, pageOf, paramsOf } from "./list-page.ts";
import type { StripeMoney } from "./port.ts";

const accountBody = z.object({
  object: z.literal("account"),
  id: z.string().regex(/^acct_[A-Za-z0-9]{1,250}$/),
});
/** An account does not say its mode, its balance does. */
const balanceBody = z.object({ object: z.literal("balance"), livemode: z.boolean() });

export function createStripeMoney(options: AccountOptions): StripeMoney {
  const ask = (stripeAccount: string | null, call: (stripe: Stripe) => Promise<unknown>) =>
    requestStripe({ ...options, timeoutMs: LIST_TIMEOUT_MS, stripeAccount }, call);
  return {
    async listTransactions(query) {
      const params = { ...paramsOf(query), expand: ["data.source"] };
      return pageOf(await ask(options.stripeAccount, (stripe) => stripe.balanceTransactions.list(params)));
    },

    async findOwnAccount() {
      const account = await ask(null, (stripe) => stripe.accounts.retrieve(null));
      const own = accountBody.safeParse(account.body);
      if (!own.success) return failureOf(account);
      const balance = await ask(null, (stripe) => stripe.balance.retrieve());
      const mode = balanceBody.safeParse(balance.body);
      if (!mode.success) return failureOf(balance);
      return { kind: "found", account: { id: own.data.id, livemode: mode.data.livemode } };
    },

    async findConnectedAccount() {
      const { stripeAccount } = options;
      if (stripeAccount === null) return { kind: "found" };
      const reply = await ask(stripeAccount, (stripe) => stripe.accounts.retrieve(null));
      const account = accountBody.safeParse(reply.body);
      // A proxy that drops the header would list the platform's money under this account's name.
      if (account.success && account.data.id === stripeAccount) return { kind: "found" };
      const failure = failureOf(reply);
      return failure.kind === "unavailable" ? failure : { kind: "connected_account_refused" };
    },
  };
}
