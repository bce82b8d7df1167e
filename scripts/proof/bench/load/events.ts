/** Events for the load, like Stripe's: the same ones each time, so that a replay is one. Pure. */
import { type StripeEventBody, paymentIntentSucceeded } from "../../../sandbox/events/stripe-events.ts";

/** Any moment; what matters is that it is always the same. */
const CREATED_SECONDS = 1_790_000_000;
/** Filled with many short texts, as Stripe's large events are: one long text would be quicker to parse. */
const FILLER = "abcdefghijklmnopqrstuvwxyz0123456789";

/** About 1.4 KB, as a payment's event is. `store` sets one store's events apart from another's. */
export function eventBody(store: string, index: number): string {
  return JSON.stringify(event(`${store}${String(index).padStart(16, "0")}`, {}, index));
}

/** One event, filled up with metadata to about so many bytes. */
export function eventBodyOf(bytes: number): string {
  const metadata: Record<string, string> = {};
  for (;;) {
    const body = JSON.stringify(event("0", metadata));
    if (body.length >= bytes) return body;
    metadata[`key_${Object.keys(metadata).length}`] = FILLER;
  }
}

function event(suffix: string, metadata: Readonly<Record<string, string>>, index = 0): StripeEventBody {
  const money = {
    id: `pi_${suffix}`,
    // One each, since settlements of one account wait for each other.
    account_id: `acc_${index.toString(16).padStart(8, "0")}`,
    metadata,
    created: CREATED_SECONDS,
    client_secret: `pi_${suffix}_secret`,
    latest_charge: `ch_${suffix}`,
    payment_method: `pm_${suffix}`,
  };
  return paymentIntentSucceeded(money, { id: `evt_${suffix}`, created: CREATED_SECONDS });
}
