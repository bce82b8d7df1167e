/**
 * Stripe's events, shaped like what Stripe sends, for the sender, the smokes and the tests.
 *
 * Each builder tells one thing that can happen: `paymentIntentSucceeded({ account_id: "acc_1", amount: 1200 })`.
 * The second argument changes the envelope, for example `{ id }` to send an event again, or `{ livemode: true }`.
 * Runs in Node and in workerd.
 */
import { STRIPE_API_VERSION } from "../../../src/stripe/api-version.ts";
import { nowSeconds, stripeId } from "./stripe-ids.ts";
import {
  AMOUNT_MINOR,
  charge,
  dispute,
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
export function paymentFailed(money: Money = {}, envelope?: Envelope): StripeEventBody {
  const declined = { code: "card_declined", decline_code: "insufficient_funds", type: "card_error" };
  const failed = { last_payment_error: declined, ...money };
  return stripeEvent("payment_intent.payment_failed", paymentIntent(failed), envelope);
}

export function paymentCanceled(money: Money = {}, envelope?: Envelope): StripeEventBody {
  const canceled = { canceled_at: nowSeconds(), cancellation_reason: "abandoned", status: "canceled" };
  return stripeEvent("payment_intent.canceled", paymentIntent({ ...canceled, ...money }), envelope);
}

/** `amount` is the charge's own; the refund is `amount_refunded` less `previous`. */
export interface ChargeRefund extends Money {
  /** The charge's id. */
  readonly charge?: string;
  /** All that was refunded of the charge so far, this refund included. Left out: the whole charge. */
  readonly amount_refunded?: number;
  /** All that was refunded before. null: the event does not tell. */
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

export function refundCreated(money: Money = {}, envelope?: Envelope): StripeEventBody {
  return stripeEvent("refund.created", refund(money), envelope);
}

/** A refund that was pending and has succeeded, unless `status` says otherwise. */
export function refundUpdated(money: Money = {}, envelope?: Envelope): StripeEventBody {
  return stripeEvent("refund.updated", refund(money), {
    previous_attributes: { status: "pending" },
    ...envelope,
  });
}

/** A refund that had succeeded and came back. One that failed while pending: `previous_attributes: { status: "pending" }`. */
export function refundFailed(money: Money = {}, envelope?: Envelope): StripeEventBody {
  const failed = {
    failure_balance_transaction: stripeId("txn"),
    failure_reason: "expired_or_canceled_card",
    status: "failed",
  };
  const previous_attributes = { status: "succeeded" };
  return stripeEvent("refund.failed", refund({ ...failed, ...money }), { previous_attributes, ...envelope });
}

export function disputeFundsWithdrawn(money: Money = {}, envelope?: Envelope): StripeEventBody {
  return stripeEvent("charge.dispute.funds_withdrawn", dispute(money), envelope);
}

export function disputeFundsReinstated(money: Money = {}, envelope?: Envelope): StripeEventBody {
  return stripeEvent("charge.dispute.funds_reinstated", dispute({ status: "won", ...money }), envelope);
}

export function payoutPaid(money: Money = {}, envelope?: Envelope): StripeEventBody {
  return stripeEvent("payout.paid", payout({ status: "paid", ...money }), envelope);
}

export function payoutFailed(money: Money = {}, envelope?: Envelope): StripeEventBody {
  const failed = {
    failure_balance_transaction: stripeId("txn"),
    failure_code: "account_closed",
    failure_message: "The bank account has been closed.",
    status: "failed",
  };
  return stripeEvent("payout.failed", payout({ ...failed, ...money }), envelope);
}

export function payoutCanceled(money: Money = {}, envelope?: Envelope): StripeEventBody {
  return stripeEvent("payout.canceled", payout({ status: "canceled", ...money }), envelope);
}
