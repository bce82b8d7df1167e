/** The list of events of one of Stripe's accounts, page by page. */
import { type AccountOptions, requestStripe } from "./client.ts";
import { LIST_TIMEOUT_MS, pageOf, paramsOf } from "./list-page.ts";
import type { StripeEvents } from "./port.ts";

export function createStripeEvents(options: AccountOptions): StripeEvents {
  return {
    async list(query) {
      const reply = await requestStripe({ ...options, timeoutMs: LIST_TIMEOUT_MS }, (stripe) =>
        stripe.events.list({ types: [...query.types], ...paramsOf(query) }),
      );
      return pageOf(reply);
    },
  };
}
