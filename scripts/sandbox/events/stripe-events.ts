/**
 * Stripe's events, shaped like what Stripe sends, for the sender, the smokes and the tests.
 *
 * Each builder makes one thing happen: `paymentIntentSucceeded({ account_id: "acc_1", amount: 1200 })`. The
 * second argument changes the envelope, for example `{ id }` to send an event again, or `{ livemode: true }`.
 * Runs in Node and in workerd.
 */
import { STRIPE_API_VERSION } from "../../../src/stripe/api-version.ts";
import { nowSeconds, stripeId } from "./stripe-ids.ts";
import {
  AMOUNT_MINOR,
  charge,
  dispute,
  disputeTransactions,
  type Money,
  paymentIntent,
  payout,
  refund,
  type StripeObject,
} from "./stripe-objects.ts";

export interface StripeEventBody {
  readonly id: string;
  readonly object: "event";
  readonly api_version: string | null;
  /** Unix seconds. */
  readonly created: number;
  readonly data: { readonly object: StripeObject; readonly previous_attributes?: StripeObject };
  readonly livemode: boolean;
  readonly pending_webhooks: number;
  readonly request: { readonly id: string | null; readonly idempotency_key: string | null };
  readonly type: string;
  /** The connected account, on Connect endpoints. */
  readonly account?: string;
}

export type Envelope = Partial<Omit<StripeEventBody, "data" | "type">> & {
  readonly previous_attributes?: StripeObject;
};

export function stripeEvent(type: string, object: StripeObject, envelope: Envelope = {}): StripeEventBody {
  const { previous_attributes, ...fields } = envelope;
  return {
    id: stripeId("evt"),
    object: "event",
    api_version: STRIPE_API_VERSION,
    created: nowSeconds(),
    data: { object, ...(previous_attributes !== undefined && { previous_attributes }) },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
    ...fields,
  };
}

/** An event of this type: the object with the fields that the event has changed, then what is given. */
function builder(
  type: string,
  build: (money: Money) => StripeObject,
  changed: StripeObject = {},
  usual: Envelope = {},
) {
  return (money: Money = {}, envelope: Envelope = {}): StripeEventBody =>
    stripeEvent(type, build({ ...changed, ...money }), { ...usual, ...envelope });
}

export function paymentIntentSucceeded(money: Money = {}, envelope?: Envelope): StripeEventBody {
  const succeeded = {
    amount_received: money.amount ?? AMOUNT_MINOR,
    latest_charge: stripeId("ch"),
    payment_method: stripeId("pm"),
    status: "succeeded",
  };
  return stripeEvent("payment_intent.succeeded", paymentIntent({ ...succeeded, ...money }), envelope);
}

/** One attempt failed; the customer may try again. */
export const paymentFailed = builder("payment_intent.payment_failed", paymentIntent, {
  last_payment_error: { code: "card_declined", decline_code: "insufficient_funds", type: "card_error" },
});

export function paymentCanceled(money: Money = {}, envelope?: Envelope): StripeEventBody {
  const canceled = { canceled_at: nowSeconds(), cancellation_reason: "abandoned", status: "canceled" };
  return stripeEvent("payment_intent.canceled", paymentIntent({ ...canceled, ...money }), envelope);
}

/** A charge that no intent made. */
export const chargeSucceeded = builder("charge.succeeded", charge, { payment_intent: null });

/** `amount` is the charge's own; the refund is `amount_refunded` less `previous`. */
interface ChargeRefund extends Money {
  /** The charge's id. */
  readonly charge?: string;
  /** All that was refunded of the charge so far, this refund included. Left out: the whole charge. */
  readonly amount_refunded?: number;
  /** All that was refunded before. null: the event does not say. */
  readonly previous?: number | null;
}

export function chargeRefunded(
  { charge: id = stripeId("ch"), previous = 0, ...money }: ChargeRefund = {},
  envelope: Envelope = {},
): StripeEventBody {
  const amount = money.amount ?? AMOUNT_MINOR;
  const amount_refunded = money.amount_refunded ?? amount;
  const refunded = { id, amount_refunded, refunded: amount_refunded === amount };
  const before = {
    amount_refunded: previous,
    receipt_url: null,
    ...(refunded.refunded && { refunded: false }),
  };
  return stripeEvent("charge.refunded", charge({ ...refunded, ...money }), {
    ...(previous !== null && { previous_attributes: before }),
    ...envelope,
  });
}

export const refundCreated = builder("refund.created", refund);

/** A refund that was pending and has succeeded, unless `status` says otherwise. */
export const refundUpdated = builder(
  "refund.updated",
  refund,
  {},
  { previous_attributes: { status: "pending" } },
);

/**
 * A refund that had left and came back. One that never left:
 * `balance_transaction` and its failure's are null.
 */
export function refundFailed(money: Money = {}, envelope?: Envelope): StripeEventBody {
  const failed = {
    failure_balance_transaction: stripeId("txn"),
    failure_reason: "expired_or_canceled_card",
    status: "failed",
  };
  const previous_attributes = { status: "succeeded" };
  return stripeEvent("refund.failed", refund({ ...failed, ...money }), { previous_attributes, ...envelope });
}

/** `moved`: what the dispute took and gave back so far, signed. Left out: all of it was taken. */
export interface Dispute extends Money {
  readonly moved?: readonly number[];
}

function disputeEvent(type: string, status: string, movedByThen: (amount: number) => readonly number[]) {
  return ({ moved, ...money }: Dispute = {}, envelope: Envelope = {}): StripeEventBody => {
    const { id = stripeId("du"), amount = AMOUNT_MINOR } = money;
    const balance_transactions = disputeTransactions({ ...money, id }, moved ?? movedByThen(amount));
    return stripeEvent(type, dispute({ id, status, balance_transactions, ...money }), envelope);
  };
}

const taken = (amount: number) => (amount === 0 ? [] : [-amount]);

export const disputeCreated = disputeEvent("charge.dispute.created", "needs_response", taken);
export const disputeUpdated = disputeEvent("charge.dispute.updated", "under_review", taken);
export const disputeClosed = disputeEvent("charge.dispute.closed", "lost", taken);
export const disputeFundsWithdrawn = disputeEvent("charge.dispute.funds_withdrawn", "needs_response", taken);
export const disputeFundsReinstated = disputeEvent("charge.dispute.funds_reinstated", "won", (amount) => [
  -amount,
  amount,
]);

export const payoutPaid = builder("payout.paid", payout, { status: "paid" });
export const payoutCanceled = builder("payout.canceled", payout, { status: "canceled" });

export function payoutFailed(money: Money = {}, envelope?: Envelope): StripeEventBody {
  const failed = {
    failure_balance_transaction: stripeId("txn"),
    failure_code: "account_closed",
    failure_message: "The bank account has been closed.",
    status: "failed",
  };
  return stripeEvent("payout.failed", payout({ ...failed, ...money }), envelope);
}
