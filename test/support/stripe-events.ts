/** From an event as Stripe sends it to the event as the Worker maps it: over the wire and through the parser. */
import type { StripeEventBody } from "../../scripts/sandbox/events/stripe-events.ts";
import { mapEvent } from "../../src/settlement/map.ts";
import type { Mapping } from "../../src/settlement/settlement.ts";
import type { RefundEvents } from "../../src/settlement/mapping-table.ts";
import { parseEvent, type StripeEvent } from "../../src/stripe/event.ts";

export function parsed(body: StripeEventBody | Record<string, unknown>): StripeEvent {
  const result = parseEvent(new TextEncoder().encode(JSON.stringify(body)));
  if (result.kind !== "event") throw new Error(`not a Stripe event: ${JSON.stringify(result)}`);
  return result.event;
}

export function mapped(
  body: StripeEventBody | Record<string, unknown>,
  refundEvents: RefundEvents = "charge",
): Mapping {
  return mapEvent(parsed(body), { refundEvents });
}
