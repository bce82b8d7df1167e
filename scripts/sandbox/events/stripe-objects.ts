/**
 * Stripe's objects as its events carry them, with the fields that an account on a recent API version sees.
 * Each builder takes what matters to its caller, and any further field under Stripe's own name.
 */
import { nowSeconds, stripeId } from "./stripe-ids.ts";

export type StripeObject = Readonly<Record<string, unknown>>;

/**
 * What every builder takes. Any other field of the object may be given too, and wins over what the builder
 * sets. `undefined` leaves a field out of the event.
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

/** Where the amount does not matter. */
export const AMOUNT_MINOR = 2_500;
const CURRENCY = "usd";

/** What every object has. */
function common(prefix: string, object: string, { account_id, metadata, ...money }: Money) {
  return {
    id: money.id ?? stripeId(prefix),
    object,
    amount: money.amount ?? AMOUNT_MINOR,
    created: money.created ?? nowSeconds(),
    currency: CURRENCY,
    livemode: false,
    metadata: { ...(account_id !== undefined && { account_id }), ...metadata },
  };
}

/** The fields that the builder has made something else of must not come back as fields of the object. */
function rest({ account_id: _account, metadata: _metadata, ...fields }: Money): StripeObject {
  return fields;
}

/** Fields that Stripe sends empty, by their names. */
function empty(names: string): StripeObject {
  return Object.fromEntries(names.split(/\s+/).map((name) => [name, null]));
}

export function paymentIntent(money: Money = {}): StripeObject {
  const base = common("pi", "payment_intent", money);
  return {
    ...base,
    ...empty(`application application_fee_amount canceled_at cancellation_reason customer description
      last_payment_error latest_charge next_action on_behalf_of payment_method processing receipt_email review
      setup_future_usage shipping source statement_descriptor statement_descriptor_suffix transfer_data
      transfer_group`),
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    automatic_payment_methods: { allow_redirects: "always", enabled: true },
    capture_method: "automatic_async",
    client_secret: `${base.id}_secret_${stripeId("cs").slice(3)}`,
    confirmation_method: "automatic",
    payment_method_options: { card: { network: null, request_three_d_secure: "automatic" } },
    payment_method_types: ["card"],
    status: "requires_payment_method",
    ...rest(money),
  };
}

export function charge(money: Money = {}): StripeObject {
  const base = common("ch", "charge", money);
  return {
    ...base,
    ...empty(`application application_fee application_fee_amount customer description failure_balance_transaction
      failure_code failure_message on_behalf_of receipt_email receipt_number receipt_url review shipping source
      source_transfer statement_descriptor statement_descriptor_suffix transfer_data transfer_group`),
    amount_captured: base.amount,
    amount_refunded: 0,
    balance_transaction: stripeId("txn"),
    billing_details: { address: { country: "US", postal_code: "94107" }, email: null, name: "Ada Example" },
    calculated_statement_descriptor: "CLAWSETTLE",
    captured: true,
    disputed: false,
    fraud_details: {},
    outcome: { network_status: "approved_by_network", risk_level: "normal", type: "authorized" },
    paid: true,
    payment_intent: stripeId("pi"),
    payment_method: stripeId("pm"),
    payment_method_details: {
      card: { brand: "visa", country: "US", exp_month: 12, exp_year: 2034, funding: "credit", last4: "4242" },
      type: "card",
    },
    refunded: false,
    status: "succeeded",
    ...rest(money),
  };
}

/** Without an account unless one is given: a refund does not inherit its payment's metadata. */
export function refund(money: Money = {}): StripeObject {
  const { livemode: _absent, ...base } = common("re", "refund", money);
  return {
    ...base,
    ...empty("receipt_number source_transfer_reversal transfer_reversal"),
    balance_transaction: stripeId("txn"),
    charge: stripeId("ch"),
    destination_details: { card: { reference_status: "pending", type: "refund" }, type: "card" },
    payment_intent: stripeId("pi"),
    reason: "requested_by_customer",
    status: "succeeded",
    ...rest(money),
  };
}

/** A dispute that has taken nothing yet. Without an account: it does not inherit its payment's metadata. */
export function dispute(money: Money = {}): StripeObject {
  return {
    ...common("du", "dispute", money),
    balance_transactions: [],
    charge: stripeId("ch"),
    enhanced_eligibility_types: [],
    evidence: { customer_name: null, product_description: null, uncategorized_text: null },
    evidence_details: { due_by: null, has_evidence: false, past_due: false, submission_count: 0 },
    is_charge_refundable: false,
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

/**
 * What a dispute took, and what came back of it, in the order in which that happened: `amounts` are signed.
 * The ids follow from the dispute's, so that all its events show the same transactions.
 */
export function disputeTransactions(
  { id, currency = CURRENCY }: Pick<Money, "id" | "currency">,
  amounts: readonly number[],
): StripeObject[] {
  return amounts.map((amount, i) => ({
    id: `txn_${String(id).replace(/^[a-z]+_/, "")}${i}`,
    object: "balance_transaction",
    amount,
    currency,
    fee: amount < 0 ? 1_500 : 0,
    net: amount < 0 ? amount - 1_500 : amount,
    reporting_category: amount < 0 ? "dispute" : "dispute_reversal",
    source: id,
    type: "adjustment",
  }));
}

export function payout(money: Money = {}): StripeObject {
  const base = common("po", "payout", money);
  return {
    ...base,
    ...empty(`application_fee application_fee_amount description failure_balance_transaction failure_code
      failure_message original_payout reversed_by statement_descriptor trace_id`),
    arrival_date: base.created,
    automatic: false,
    balance_transaction: stripeId("txn"),
    destination: stripeId("ba"),
    method: "standard",
    reconciliation_status: "not_applicable",
    source_type: "card",
    status: "pending",
    type: "bank_account",
    ...rest(money),
  };
}
