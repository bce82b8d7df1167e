/**
 * From an event as Stripe sends it to the event as the Worker maps it: over the wire and through the parser.
 */
import type { StripeEventBody } from "../../scripts/sandbox/events/stripe-events.ts";
import { mapEvent, type MapOptions } from "../../src/settlement/map.ts";
import type { Mapping } from "../../src/settlement/mapping.ts";
import { parseEvent, type StripeEvent } from "../../src/stripe/event.ts";

export function parsed(body: StripeEventBody | Record<string, unknown>): StripeEvent {
  const result = parseEvent(new TextEncoder().encode(JSON.stringify(body)));
  if (result.kind !== "event") throw new Error(`not a Stripe event: ${JSON.stringify(result)}`);
  return result.event;
}

export function mapped(
  body: StripeEventBody | Record<string, unknown>,
  options: Partial<MapOptions> = {},
): Mapping {
  return mapEvent(parsed(body), { accountKey: "account_id", asksStripe: true, ...options });
}
