/**
 * The movements of an account at Stripe, from its balance transactions alone, and which of them each event
 * reports, as Stripe's documents say. Nothing of the service's own mapping has a part in it.
 */
import type { StripeEventBody } from "../../sandbox/events/stripe-events.ts";
import type { StripeObject } from "../../sandbox/events/stripe-objects.ts";
import { ownTransactions } from "../../sandbox/stripe-account/expected-balances.ts";
import type { StripeAccount } from "../../sandbox/stripe-account/stripe-account.ts";
import { type Chain, type HistoryEvent, Movement } from "./history.ts";

/**
 * What a payment took, and what of that was never its own: the rest of an
 * authorization, or all when it failed.
 */
const CREDIT_CATEGORIES: ReadonlySet<string> = new Set([
  "charge",
  "charge_failure",
  "partial_capture_reversal",
]);

export function truthOf(stripe: StripeAccount, asksStripe: boolean): Chain {
  const credits = creditsOf(stripe);
  const byTransaction = transactionsOf(stripe, credits);
  const recorded = new Map<string, Movement>();
  const reported = (body: StripeEventBody) => movementOf(stripe, body, { credits, byTransaction, recorded });
  const events = stripe.events.map((body): HistoryEvent => {
    const { id, type, created } = body;
    const movement = stripe.isListed ? reported(body) : null;
    const heldFor = stripe.isListed ? heldForOf(stripe, body, movement, asksStripe) : null;
    const mayBeOvertaken = type === "payout.paid" && hasFailed(stripe, body);
    const { isListed } = stripe;
    return { id, type, at: created * 1000, body, movement, heldFor, mayBeOvertaken, isListed };
  });
  const movements = [...credits.values(), ...byTransaction.values(), ...recorded.values()];
  return { stripe, movements, events };
}

/** By payment. One of which nothing stayed has moved nothing. */
function creditsOf(stripe: StripeAccount): Map<string, Movement> {
  const own = ownTransactions(stripe).filter(({ category }) => CREDIT_CATEGORIES.has(category));
  const credits = new Map<string, Movement>();
  for (const [payment, transactions] of Map.groupBy(own, (one) => one.payment)) {
    const delta = transactions.reduce((sum, { amount }) => sum + amount, 0n);
    const currency = transactions[0]?.currency ?? "";
    const account = stripe.owners.get(payment) ?? null;
    if (delta !== 0n)
      credits.set(payment, new Movement(`payment ${payment}`, { currency, delta }, { account }));
  }
  return credits;
}

/** All others, each by the id of its transaction. What comes back gives back what its object took last. */
function transactionsOf(
  stripe: StripeAccount,
  credits: ReadonlyMap<string, Movement>,
): Map<string, Movement> {
  const found = new Map<string, Movement>();
  const taken = new Map<unknown, Movement>();
  for (const { id, category, source, payment: paid, currency, amount: delta } of ownTransactions(stripe)) {
    if (CREDIT_CATEGORIES.has(category)) continue;
    const payment = credits.get(paid) ?? null;
    const debit = delta > 0n ? (taken.get(source["id"]) ?? null) : null;
    const name = `${category} ${String(source["id"])} ${id}`;
    const movement = new Movement(name, { currency, delta }, { payment, debit });
    if (delta < 0n) taken.set(source["id"], movement);
    found.set(id, movement);
  }
  return found;
}

interface Movements {
  readonly credits: ReadonlyMap<string, Movement>;
  readonly byTransaction: ReadonlyMap<string, Movement>;
  /** What the ledger only records, by the id of its object. */
  readonly recorded: Map<string, Movement>;
}

function movementOf(stripe: StripeAccount, body: StripeEventBody, movements: Movements): Movement | null {
  const { type, data } = body;
  const { object } = data;
  const { credits, byTransaction, recorded } = movements;
  const id = String(object["id"]);
  if (type === "payment_intent.succeeded") return credits.get(id) ?? null;
  if (type === "charge.succeeded" || type === "charge.captured") {
    const isPaid = object["captured"] === true && object["paid"] === true;
    return isPaid && object["payment_intent"] === null ? (credits.get(id) ?? null) : null;
  }
  if (isRefund(stripe, type)) {
    const ended = ["failed", "canceled"].includes(String(object["status"]));
    return (
      byTransaction.get(String(object[ended ? "failure_balance_transaction" : "balance_transaction"])) ?? null
    );
  }
  if (type === "charge.refunded" && !stripe.sendsRefundEvents) return lastRefund(stripe, body, byTransaction);
  if (type.startsWith("charge.dispute.")) {
    const sign = type === "charge.dispute.funds_reinstated" ? 1 : -1;
    const moved = (object["balance_transactions"] ?? []) as readonly { id: string; amount: number }[];
    return byTransaction.get(moved.findLast(({ amount }) => Math.sign(amount) === sign)?.id ?? "") ?? null;
  }
  const account = accountOn(object);
  const isAutomatic = account === null && object["automatic"] === true;
  const isRecorded = /^payout\.(paid|failed|canceled)$/.test(type)
    ? !isAutomatic
    : type === "payment_intent.canceled";
  if (!isRecorded || (type === "payment_intent.canceled" && account === null)) return null;
  const money = { currency: String(object["currency"]).toUpperCase(), delta: 0n };
  const known = recorded.get(id) ?? new Movement(`record ${id}`, money, { account });
  recorded.set(id, known);
  return known;
}

/** Of an endpoint that gets no `refund.*`, the charge's own event has the refund as it is. */
function isRefund({ sendsRefundEvents }: StripeAccount, type: string): boolean {
  if (/^refund\.(created|updated|failed)$/.test(type)) return true;
  return type === "charge.refund.updated" && !sendsRefundEvents;
}

/** The event of a charge names no refund: it is about the one that came just before. */
function lastRefund(
  stripe: StripeAccount,
  { created, data }: StripeEventBody,
  byTransaction: ReadonlyMap<string, Movement>,
): Movement | null {
  const last = ownTransactions(stripe).findLast(
    ({ id, source, amount, transaction }) =>
      byTransaction.has(id) &&
      amount < 0n &&
      transaction.created <= created &&
      source["object"] === "refund" &&
      source["charge"] === data.object["id"],
  );
  return byTransaction.get(last?.id ?? "") ?? null;
}

/** What nobody can find out: there the service must call an operator. */
function heldForOf(
  stripe: StripeAccount,
  { type, data: { object } }: StripeEventBody,
  movement: Movement | null,
  asksStripe: boolean,
): string | null {
  const isOld = !stripe.sendsRefundEvents && /^charge\.refund(ed|\.updated)$/.test(type);
  if (isOld) return "endpoint_version_too_old";
  if (isRefund(stripe, type)) {
    const payment = object["payment_intent"] ?? object["charge"];
    if (payment === null) return "refund_without_payment";
    const isRest = object["amount"] === restOf(stripe.object(String(payment)));
    const ended = ["failed", "canceled"].includes(String(object["status"]));
    return isRest && !asksStripe && !ended ? "partial_capture_or_refund" : null;
  }
  if (movement === null) return null;
  if (isWithdrawnAgain(object, type)) return "amount_in_other_currency";
  if (Number(object["amount"]) < 0) return "amount_negative";
  if (movement.payment !== null || accountOn(object) !== null) return null;
  return asksStripe && movement.account !== null ? null : "account_missing";
}

/** At another day's rate: how much it is in the currency of the payment, nobody says. */
function isWithdrawnAgain({ currency, balance_transactions }: StripeObject, type: string): boolean {
  const moved = (balance_transactions ?? []) as readonly { amount: number; currency: string }[];
  const withdrawals = type.endsWith("funds_reinstated") ? [] : moved.filter(({ amount }) => amount < 0);
  return withdrawals.length > 1 && withdrawals.at(-1)?.currency !== currency;
}

/** What was not captured of an authorization. Zero: there is no such rest. */
function restOf({ amount, amount_received, amount_captured }: StripeObject): number {
  const captured = Number(amount_received ?? amount_captured);
  return captured === 0 ? 0 : Number(amount) - captured;
}

function hasFailed({ events }: StripeAccount, { data }: StripeEventBody): boolean {
  return events.some(
    ({ type, data: { object } }) => type === "payout.failed" && object["id"] === data.object["id"],
  );
}

/** The ledger account that the object itself names. */
function accountOn({ metadata }: StripeObject): string | null {
  return (metadata as { readonly account_id?: string } | undefined)?.account_id ?? null;
}
