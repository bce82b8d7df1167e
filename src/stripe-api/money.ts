/** Stripe's balance transactions, page by page, and whose they are. */
import { z } from "zod";
import { requestStripe, type Stripe, type StripeApiOptions } from "./client.ts";
import { failureOf, LIST_TIMEOUT_MS, pageOf, paramsOf } from "./list-page.ts";
import type { StripeMoney } from "./port.ts";

const accountBody = z.object({
  object: z.literal("account"),
  id: z.string().regex(/^acct_[A-Za-z0-9]{1,250}$/),
});
/** An account does not say its mode, its balance does. */
const balanceBody = z.object({ object: z.literal("balance"), livemode: z.boolean() });

export function createStripeMoney(options: StripeApiOptions): StripeMoney {
  const ask = (call: (stripe: Stripe) => Promise<unknown>) =>
    requestStripe({ ...options, timeoutMs: LIST_TIMEOUT_MS, stripeAccount: null }, call);
  return {
    async listTransactions(query) {
      const params = { ...paramsOf(query), expand: ["data.source"] };
      return pageOf(await ask((stripe) => stripe.balanceTransactions.list(params)));
    },

    async findOwnAccount() {
      const account = await ask((stripe) => stripe.accounts.retrieve(null));
      const own = accountBody.safeParse(account.body);
      if (!own.success) return failureOf(account);
      const balance = await ask((stripe) => stripe.balance.retrieve());
      const mode = balanceBody.safeParse(balance.body);
      if (!mode.success) return failureOf(balance);
      return { kind: "found", account: { id: own.data.id, livemode: mode.data.livemode } };
    },
  };
}
