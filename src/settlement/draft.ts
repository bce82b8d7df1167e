/**
 * The fields of a settlement, read from an event as its row of the mapping table says.
 *
 * Pure: no I/O, no clock.
 */
import type { StripeEvent } from "../stripe/event.ts";
import { currencyOf } from "./currency.ts";
import { latestReturn, latestWithdrawal } from "./dispute.ts";
import {
  isObject,
  paymentOf,
  type Reading,
  read,
  readAmount,
  referenceOf,
  type StripeObject,
  textOf,
  timeOf,
} from "./fields.ts";
import type { ReadableMoney } from "./mapping.ts";
import type { MoneyRow } from "./mapping-table.ts";
import type { SettlementDraft } from "./settlement.ts";

export interface Movement {
  readonly externalId: string | null;
  readonly amount: Reading<number>;
  readonly transaction: string | null;
  /** Of what a dispute gave back. */
  readonly withdrawal: string | null;
}

/**
 * The object's id names the movement, where the object has one. A dispute
 * has many, each with its transaction.
 */
export function readMovement(object: StripeObject, row: MoneyRow): Reading<Movement> {
  if (row.amount === "withdrawal" || row.amount === "return") {
    const found = row.amount === "return" ? latestReturn(object) : latestWithdrawal(object);
    if (!found.ok) return found;
    const { transaction, amount, withdrawal } = found.value;
    return read({ externalId: transaction, amount, transaction, withdrawal });
  }
  const field = row.movement === "refund_returned" ? "failure_balance_transaction" : "balance_transaction";
  return read({
    externalId: textOf(object["id"]),
    amount: readAmount(object[row.amount]),
    transaction: row.direction === "payout" ? null : referenceOf(object[field]),
    withdrawal: null,
  });
}

type Circumstances = Pick<SettlementDraft, "rail" | "provider_created_at" | "settled_at">;

/** What is good to know but decides nothing: left out where it cannot be read. */
export function circumstancesOf(event: StripeEvent, row: MoneyRow): Circumstances {
  const { object } = event.data;
  const { payment_method_types: methods, payment_method_details: details } = object;
  const rail = Array.isArray(methods)
    ? textOf(methods[0])
    : isObject(details)
      ? textOf(details["type"])
      : null;
  const createdAt = timeOf(object["created"]);
  const settledAt = row.status === "confirmed" ? timeOf(event.created) : undefined;
  return {
    ...(rail !== null && { rail }),
    ...(createdAt !== undefined && { provider_created_at: createdAt }),
    ...(settledAt !== undefined && { settled_at: settledAt }),
  };
}

/** Kept small: it is stored with every event, and sent with every attempt. */
export function metadataOf(
  event: StripeEvent,
  row: MoneyRow,
  found: { readonly objectId: string; readonly transaction: string | null; readonly own: string | null },
): Record<string, string> {
  const { object } = event.data;
  const isPayment = row.account === "own_or_stripe" || row.direction === "payout";
  const intent = isPayment ? null : referenceOf(object["payment_intent"]);
  const charge = isPayment || intent !== null ? null : referenceOf(object["charge"]);
  const stripeAccount = textOf(event.account);
  const released = isPayment ? releasedOf(object, row) : 0;
  const copied = row.account === "payin" || row.account === "debit" ? found.own : null;
  return {
    stripe_event_id: event.id,
    stripe_event_type: event.type,
    stripe_object_id: found.objectId,
    ...(intent !== null && { stripe_payment_intent_id: intent }),
    ...(charge !== null && { stripe_charge_id: charge }),
    ...(found.transaction !== null && { stripe_balance_transaction: found.transaction }),
    ...(released > 0 && { stripe_released_minor: String(released) }),
    ...(stripeAccount !== null && { stripe_account: stripeAccount }),
    ...(row.movement !== undefined && { kind: row.movement }),
    ...(copied !== null && { account_in_metadata: copied }),
  };
}

/** What was authorized and never captured. Before API version 2025-03-31 Stripe makes a "refund" of it. */
function releasedOf(object: StripeObject, { amount }: MoneyRow): number {
  if (amount !== "amount_received" && amount !== "amount_captured") return 0;
  const [authorized, captured] = [readAmount(object["amount"]), readAmount(object[amount])];
  return authorized.ok && captured.ok ? authorized.value - captured.value : 0;
}

/**
 * Each field for itself, so that an operator sees what there is. `own`: the account that the object names.
 */
export function readableMoney(
  event: StripeEvent,
  row: MoneyRow | null,
  own: string | null = null,
): ReadableMoney {
  const { object } = event.data;
  const movement = row === null ? null : readMovement(object, row);
  const found = movement?.ok === true ? movement.value : null;
  const amount = found?.amount ?? readAmount(object["amount"]);
  const currency = currencyOf(object["currency"]);
  const externalId = found?.externalId ?? textOf(object["id"]);
  const payment = row?.account === "own_or_stripe" ? textOf(object["id"]) : paymentOf(object);
  return {
    ...(row !== null && { direction: row.direction }),
    // Of other rows the ledger says whose money it is.
    ...(own !== null && (row?.account === "own" || row?.account === "own_or_stripe") && { account_id: own }),
    ...(externalId !== null && { external_payment_id: externalId }),
    ...(amount.ok && { amount_minor: String(amount.value) }),
    ...(currency.ok && { currency: currency.value }),
    ...(payment !== null && { source_payment_id: payment }),
  };
}
