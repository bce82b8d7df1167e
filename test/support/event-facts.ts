/**
 * What is true of an event, by the books of the Stripe account that it comes from: which balance transactions
 * it reports, and whether a reason to ignore it holds. After Stripe's documents alone; nothing here is the
 * mapping's.
 */
import type { StripeEventBody } from "../../scripts/sandbox/events/stripe-events.ts";
import type { StripeObject } from "../../scripts/sandbox/events/stripe-objects.ts";
import type { BalanceTransaction } from "../../scripts/sandbox/stripe-account/balance-transaction.ts";
import type { Books } from "../../scripts/sandbox/stripe-account/books.ts";

const PARTIAL_CAPTURE_REST = "partial_capture_reversal";

/** Those that change what somebody's ledger account must hold: payouts and fees do not. */
export function transactionsOf(event: StripeEventBody, books: Books): readonly BalanceTransaction[] {
  const { type, data } = event;
  const { object } = data;
  const byId = (id: unknown) => books.transactions.filter((transaction) => transaction.id === id);
  if (type === "payment_intent.succeeded") return captureOf(String(object["latest_charge"]), books);
  if (type === "charge.succeeded" || type === "charge.captured") {
    return object["captured"] === true && object["paid"] === true
      ? captureOf(String(object["id"]), books)
      : [];
  }
  // The charge's running total: what was refunded last is what is new.
  if (type === "charge.refunded") return latestRefundOf(event, books);
  if (/^(charge\.refund|refund)\./.test(type)) {
    const hasEnded = object["status"] === "failed" || object["status"] === "canceled";
    return byId(object[hasEnded ? "failure_balance_transaction" : "balance_transaction"]);
  }
  if (type.startsWith("charge.dispute.")) {
    const sign = type === "charge.dispute.funds_reinstated" ? 1 : -1;
    return byId(movesOf(object).findLast(({ amount }) => Math.sign(amount) === sign)?.id);
  }
  return [];
}

const MONEY_TYPES =
  /^(payment_intent\.(succeeded|canceled)|charge\.(succeeded|captured|refunded|dispute\..+)|(charge\.)?refund\..+|payout\.(paid|failed|canceled))$/;

/** Whether events of this type can report that money moved. */
export function canReportMoney({ type }: StripeEventBody): boolean {
  return MONEY_TYPES.test(type);
}

/** Whether the reason to ignore this event is true of it. */
export function isTrueOf(reason: string, event: StripeEventBody, books: Books): boolean {
  const [, coveredBy] = /^covered_by:(.+)$/.exec(reason) ?? [];
  if (coveredBy !== undefined) return isReported(coveredBy, event, books);
  return TRUTHS[reason]?.(event, books) ?? false;
}

type Truth = (event: StripeEventBody, books: Books) => boolean;

const TRUTHS: Readonly<Record<string, Truth>> = {
  not_a_settlement_event: (event) => !canReportMoney(event),
  attempt_not_final: ({ type }) => type === "payment_intent.payment_failed",
  canceled_without_account: ({ type, data: { object } }) =>
    type === "payment_intent.canceled" && !namesAccount(object),
  charge_not_captured: ({ data: { object } }) => object["captured"] === false || object["paid"] === false,
  reported_by_its_payments: (event, books) =>
    paymentsSummedUpBy(event.data.object, books).every((intent) =>
      books.events.some(
        ({ type, data }) => type === "payment_intent.succeeded" && data.object["id"] === intent,
      ),
    ),
  refund_not_moved: ({ data: { object } }) =>
    object["object"] === "refund" && !object["balance_transaction"] && !object["failure_balance_transaction"],
  authorization_released: ({ data: { object } }, books) =>
    object["object"] === "refund" &&
    books.transactions
      .filter(({ source }) => source === object["id"])
      .every(({ reporting_category }) => reporting_category === PARTIAL_CAPTURE_REST),
  dispute_moved_nothing: ({ data: { object } }) =>
    object["object"] === "dispute" && movesOf(object).every(({ amount }) => amount > 0),
  zero_amount: ({ data: { object } }) => object["amount"] === 0,
  automatic_payout: ({ data: { object } }) => object["automatic"] === true && !namesAccount(object),
  payout_overtaken: ({ type, data: { object } }, books) =>
    type === "payout.paid" &&
    books.events.some((other) => other.type === "payout.failed" && other.data.object["id"] === object["id"]),
  connected_account_not_listed: (_event, { isListed }) => !isListed,
};

/** An event of that type about the same payment, or the same refund, is among those that are sent. */
function isReported(type: string, { data: { object } }: StripeEventBody, books: Books): boolean {
  const isSame = (other: StripeObject) => {
    if (other["id"] === object["id"] || other["id"] === object["payment_intent"]) return true;
    return object["object"] === "charge" && other["charge"] === object["id"];
  };
  return books.events.some((other) => other.type === type && isSame(other.data.object));
}

/** What the charge took: from an old partial capture, all of it, and what was released comes with it. */
function captureOf(charge: string, books: Books): readonly BalanceTransaction[] {
  return books.transactions.filter(({ source, reporting_category }) => {
    const of = reporting_category === PARTIAL_CAPTURE_REST ? books.object(source)["charge"] : source;
    return of === charge;
  });
}

/**
 * The refund that brought the charge's total to where it is. A refund that failed before has left it again.
 */
function latestRefundOf({ created, data }: StripeEventBody, books: Books): readonly BalanceTransaction[] {
  const { id, amount_refunded } = data.object;
  let total = 0;
  let latest: BalanceTransaction | undefined;
  for (const transaction of books.transactions) {
    const refund = books.object(transaction.source);
    const isOfCharge = refund["object"] === "refund" && refund["charge"] === id;
    if (!isOfCharge || transaction.created > created) continue;
    total -= Math.sign(transaction.amount) * Number(refund["amount"]);
    if (transaction.amount < 0 && total === amount_refunded) latest = transaction;
  }
  return latest === undefined ? [] : [latest];
}

function movesOf(dispute: StripeObject): readonly BalanceTransaction[] {
  return dispute["balance_transactions"] as BalanceTransaction[];
}

function paymentsSummedUpBy(object: StripeObject, books: Books): unknown[] {
  if (object["object"] === "checkout.session") {
    return object["payment_status"] === "paid" ? [object["payment_intent"]] : [];
  }
  const invoice = object["object"] === "invoice_payment" ? object["invoice"] : object["id"];
  return books.objects.flatMap((other) => {
    const isPaid = other["object"] === "invoice_payment" && other["status"] === "paid";
    if (!isPaid || (other["invoice"] as StripeObject)["id"] !== invoice) return [];
    return [(other["payment"] as StripeObject)["payment_intent"]];
  });
}

function namesAccount({ metadata }: StripeObject): boolean {
  return typeof metadata === "object" && metadata !== null && "account_id" in metadata;
}
