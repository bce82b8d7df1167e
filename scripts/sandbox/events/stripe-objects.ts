/**
 * Stripe's objects as its events carry them, with the fields that an account on a recent API version sees.
 * Each builder takes what matters to a story, and any further field under Stripe's own name.
 */
import { nowSeconds, stripeId } from "./stripe-ids.ts";

export type StripeObject = Readonly<Record<string, unknown>>;

/**
 * What every builder takes. Any other field of the object may be given too, and wins over what the builder sets.
 * `undefined` leaves a field out of the event.
 */
export interface Money {
  readonly id?: string;
  /** Minor units. */
  readonly amount?: number;
  /** Stripe writes currencies small. */
  readonly currency?: string;
  /** The ledger account, as the platform writes it into the metadata. Left out: the object has no account. */
  readonly account_id?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Unix seconds. */
  readonly created?: number;
  readonly [field: string]: unknown;
}

/** When a story does not care how much. */
export const AMOUNT_MINOR = 2_500;
const CURRENCY = "usd";

function metadataFor({ account_id, metadata }: Money): Record<string, string> {
  return { ...(account_id !== undefined && { account_id }), ...metadata };
}

/** The fields that the builder has made something else of must not come back as fields of the object. */
function rest({ account_id: _account, metadata: _metadata, ...fields }: Money): StripeObject {
  return fields;
}

export function paymentIntent(money: Money = {}): StripeObject {
  const id = money.id ?? stripeId("pi");
  const amount = money.amount ?? AMOUNT_MINOR;
  return {
    id,
    object: "payment_intent",
    amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: { allow_redirects: "always", enabled: true },
    canceled_at: null,
    cancellation_reason: null,
    capture_method: "automatic_async",
    client_secret: `${id}_secret_${stripeId("cs").slice(3)}`,
    confirmation_method: "automatic",
    created: money.created ?? nowSeconds(),
    currency: CURRENCY,
    customer: null,
    description: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    metadata: metadataFor(money),
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_options: { card: { network: null, request_three_d_secure: "automatic" } },
    payment_method_types: ["card"],
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: "requires_payment_method",
    transfer_data: null,
    transfer_group: null,
    ...rest(money),
  };
}

export function charge(money: Money = {}): StripeObject {
  const amount = money.amount ?? AMOUNT_MINOR;
  return {
    id: stripeId("ch"),
    object: "charge",
    amount,
    amount_captured: amount,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: stripeId("txn"),
    billing_details: { address: { country: "US", postal_code: "94107" }, email: null, name: "Ada Example" },
    calculated_statement_descriptor: "CLAWSETTLE",
    captured: true,
    created: money.created ?? nowSeconds(),
    currency: CURRENCY,
    customer: null,
    description: null,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    livemode: false,
    metadata: metadataFor(money),
    on_behalf_of: null,
    outcome: { network_status: "approved_by_network", risk_level: "normal", type: "authorized" },
    paid: true,
    payment_intent: stripeId("pi"),
    payment_method: stripeId("pm"),
    payment_method_details: {
      card: { brand: "visa", country: "US", exp_month: 12, exp_year: 2034, funding: "credit", last4: "4242" },
      type: "card",
    },
    receipt_email: null,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: "succeeded",
    transfer_data: null,
    transfer_group: null,
    ...rest(money),
  };
}

/** Without an account unless one is given: a refund does not inherit its payment's metadata. */
export function refund(money: Money = {}): StripeObject {
  return {
    id: stripeId("re"),
    object: "refund",
    amount: AMOUNT_MINOR,
    balance_transaction: stripeId("txn"),
    charge: stripeId("ch"),
    created: money.created ?? nowSeconds(),
    currency: CURRENCY,
    destination_details: { card: { reference_status: "pending", type: "refund" }, type: "card" },
    metadata: metadataFor(money),
    payment_intent: stripeId("pi"),
    reason: "requested_by_customer",
    receipt_number: null,
    source_transfer_reversal: null,
    status: "succeeded",
    transfer_reversal: null,
    ...rest(money),
  };
}

/** Without an account unless one is given: a dispute does not inherit its payment's metadata. */
export function dispute(money: Money = {}): StripeObject {
  return {
    id: stripeId("du"),
    object: "dispute",
    amount: AMOUNT_MINOR,
    balance_transactions: [],
    charge: stripeId("ch"),
    created: money.created ?? nowSeconds(),
    currency: CURRENCY,
    enhanced_eligibility_types: [],
    evidence: { customer_name: null, product_description: null, uncategorized_text: null },
    evidence_details: { due_by: null, has_evidence: false, past_due: false, submission_count: 0 },
    is_charge_refundable: false,
    livemode: false,
    metadata: metadataFor(money),
    payment_intent: stripeId("pi"),
    payment_method_details: {
      card: { brand: "visa", case_type: "chargeback", network_reason_code: "10.4" },
      type: "card",
    },
    reason: "fraudulent",
    status: "needs_response",
    ...rest(money),
  };
}

export function payout(money: Money = {}): StripeObject {
  const created = money.created ?? nowSeconds();
  return {
    id: stripeId("po"),
    object: "payout",
    amount: AMOUNT_MINOR,
    application_fee: null,
    application_fee_amount: null,
    arrival_date: created,
    automatic: false,
    balance_transaction: stripeId("txn"),
    created,
    currency: CURRENCY,
    description: null,
    destination: stripeId("ba"),
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    livemode: false,
    metadata: metadataFor(money),
    method: "standard",
    original_payout: null,
    reconciliation_status: "not_applicable",
    reversed_by: null,
    source_type: "card",
    statement_descriptor: null,
    status: "pending",
    trace_id: null,
    type: "bank_account",
    ...rest(money),
  };
}
