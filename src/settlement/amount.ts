/**
 * Amounts: integers in minor units of the currency, as Stripe sends them. Never converted, never rounded.
 *
 * Pure: no I/O, no clock.
 */
import type { StripeEvent } from "../stripe/event.ts";
import { read, type Reading, unreadable } from "./reading.ts";
import { MAX_AMOUNT_MINOR } from "./settlement.ts";

/** Which field tells how much money moved. `amount_refunded_change` is what one `charge.refunded` added. */
export type AmountSource = "amount" | "amount_received" | "amount_refunded_change";

export function amountOf(source: AmountSource, { data }: StripeEvent): Reading<number> {
  if (source !== "amount_refunded_change") return readAmount(data.object[source]);
  return refundedChange(data.object["amount_refunded"], data.previous_attributes?.["amount_refunded"]);
}

/** Zero included: whether zero means anything is for the mapping to say. */
export function readAmount(value: unknown): Reading<number> {
  if (value === undefined || value === null) return unreadable("amount_missing");
  if (typeof value !== "number") return unreadable("amount_not_a_number");
  if (value > MAX_AMOUNT_MINOR) return unreadable("amount_too_large");
  if (value < 0) return unreadable("amount_negative");
  if (!Number.isInteger(value)) return unreadable("amount_not_an_integer");
  return read(value);
}

/**
 * A charge carries the running total of its refunds; sent as it is, a second partial refund would be booked with
 * the first one in it. The event tells the total before. None told means that this was the first refund.
 *
 * A total that went down is not guessed at: Stripe tells of failed refunds by `refund.failed`, and documents no
 * `charge.refunded` for them, so whatever this is, a person should see it.
 */
function refundedChange(total: unknown, before: unknown): Reading<number> {
  const after = readAmount(total);
  if (!after.ok || before === undefined) return after;
  const previous = readAmount(before);
  return previous.ok ? readAmount(after.value - previous.value) : previous;
}
