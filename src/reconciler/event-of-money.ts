/**
 * The event that Stripe did not make of some money: of the type that says what moved, about the object as
 * Stripe has it now, under an id that comes from the balance transaction. So however often it is sent, it is
 * one event; and the mapping gives it the natural key of the movement, so that Stripe's own event, if it
 * comes after all, changes nothing in the ledger. Pure.
 */
import { auditEventId } from "../event-id.ts";
import type { ClassBooked, Expected } from "./expected-settlement.ts";
import type { Transaction } from "./transaction.ts";

type Fields = Readonly<Record<string, unknown>>;

const TYPES: Readonly<Record<ClassBooked, (object: Fields) => string | null>> = {
  payins: ({ object }) => (object === "payment_intent" ? "payment_intent.succeeded" : "charge.succeeded"),
  // Part of the payin of its charge, which is found by itself.
  released: () => null,
  refunds: () => "refund.updated",
  refunds_returned: () => "refund.failed",
  disputes: () => "charge.dispute.funds_withdrawn",
  disputes_returned: () => "charge.dispute.funds_reinstated",
  payouts: ({ status }) => PAYOUT_TYPES[String(status)] ?? null,
};

/** One that is under way moves again by itself. */
const PAYOUT_TYPES: Readonly<Record<string, string>> = {
  paid: "payout.paid",
  failed: "payout.failed",
  canceled: "payout.canceled",
};

export interface EventOfMoney {
  readonly id: string;
  readonly type: string;
  readonly livemode: boolean;
  readonly created: number;
  readonly data: { readonly object: Fields };
}

/** null: no event would book it. */
export function eventOfMoney(
  { id, created }: Transaction,
  meaning: Expected,
  object: Fields,
  livemode: boolean,
): EventOfMoney | null {
  const type = TYPES[meaning.class](object);
  return type === null ? null : { id: auditEventId(id), type, livemode, created, data: { object } };
}
