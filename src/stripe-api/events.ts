/** Stripe's list of events, page by page. */
import { requestStripe, type StripeApiOptions } from "./client.ts";
import { LIST_TIMEOUT_MS, pageOf, paramsOf } from "./list-page.ts";
import type { StripeEvents } from "./port.ts";

export function createStripeEvents(options: StripeApiOptions): StripeEvents {
  return {
    async list(query) {
      const reply = await requestStripe(
        { ...options, timeoutMs: LIST_TIMEOUT_MS, stripeAccount: null },
        (stripe) => stripe.events.list({ types: [...query.types], ...paramsOf(query) }),
      );
      return pageOf(reply);
    },
  };
}
