/** The money of a record, whatever state it is in. Pure. */
import type { ClosedMovement } from "../ledger/port.ts";
import type { ReadableMoney } from "../settlement/mapping.ts";
import { type KnownSettlement, movementOf, sourcePaymentOf, thaw } from "../settlement/settlement.ts";
import { CURRENCY_NOT_SETTLED, type EventRecord, type Failed } from "./record.ts";

/** What is known of the money, whether or not it can be settled. */
export function moneyOf(record: EventRecord): ReadableMoney & { readonly account_id?: string | undefined } {
  const settlement = settlementOf(record);
  if (settlement === null) return "money" in record ? record.money : {};
  const source_payment_id = sourcePaymentOf(settlement);
  const { direction, external_payment_id, amount_minor, currency, account_id } = settlement;
  return {
    direction,
    external_payment_id,
    amount_minor,
    currency,
    account_id,
    ...(source_payment_id !== null && { source_payment_id }),
  };
}

/** null: there is none, or none yet. */
export function settlementOf(record: EventRecord): KnownSettlement | null {
  if (record.state === "forwarded") return thaw(record.payload);
  const work = "work" in record ? record.work : null;
  if (work === null) return null;
  return work.kind === "frozen" ? thaw(work.payload) : work.draft;
}

/** The movement that is closed with an event; null: none can be told. */
export function closedMovementOf(record: EventRecord): ClosedMovement | null {
  const { direction, external_payment_id, account_id = null } = moneyOf(record);
  if (direction === undefined || external_payment_id === undefined) return null;
  const name = movementOf({ direction, external_payment_id });
  return { name, accountId: account_id, eventId: record.event_id };
}

/** What is left to repair an event from. */
export function bodyOf(record: EventRecord): Uint8Array {
  if ("body" in record) return record.body;
  return "work" in record && record.work?.kind === "draft" ? record.work.body : new Uint8Array();
}

/** Why nothing was ever sent; null when something was, or would be. */
export function heldReason(record: Failed): string | null {
  if (record.cause === "unmappable") return record.reason;
  return record.cause === "currency" ? CURRENCY_NOT_SETTLED : null;
}
