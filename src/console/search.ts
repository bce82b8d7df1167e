/** Where a search leads. Pure. */
import { EVENT_ID } from "../event-id.ts";

/**
 * Stripe's objects that move money, as settlements name them: payments, refunds, charges, payouts, disputes.
 */
const PAYMENT_ID = /^(pi|re|pyr|ch|py|po|dp|du)_/;

/** An event's page, or the list of what belongs to a payment or an account. */
export function searchTarget(text: string): string {
  if (EVENT_ID.test(text)) return `/console/events/${text}`;
  const name = PAYMENT_ID.test(text) ? "payment_id" : "account_id";
  return `/console/events?${new URLSearchParams({ [name]: text })}`;
}
