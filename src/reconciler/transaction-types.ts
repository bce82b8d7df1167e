/**
 * Every type of balance transaction that Stripe documents, and what it is to the ledger. Closed: a type that
 * is not here is `unknown_class`, in front of an operator. A type that a new version of Stripe's package adds
 * does not compile until it stands here. https://docs.stripe.com/reports/balance-transaction-types
 *
 * Pure.
 */
import type { Stripe } from "../stripe-api/client.ts";

/** Money of the platform, or between balances: the ledger's accounts have no part in it. */
export const CLASSES_ELSEWHERE = [
  "stripe_fees",
  "application_fees",
  "taxes",
  "transfers",
  "top_ups",
  "reserves",
  "automatic_payouts",
  "payouts_under_way",
  "payments_under_way",
  "failed_payments",
  "other_adjustments",
  "financing",
  "issuing",
  "climate",
  "payments_from_balance",
  "treasury",
  "zero_amount",
  /** What Stripe kept of other transactions. */
  "fees_withheld",
  /** Its events are resolved: booked by hand under another id, or given up. */
  "closed_by_operator",
] as const;
export type ClassElsewhere = (typeof CLASSES_ELSEWHERE)[number];

/**
 * Whose settlement follows from the object that the transaction belongs to;
 * or none, and nobody knows what it is.
 */
export type Family = "payment" | "refund" | "payout" | "adjustment" | "unknown";

/** Stripe's package lets any other text be a type too. */
type Documented<T> = T extends string ? (string extends T ? never : T) : never;
export type TransactionType = Documented<Stripe.BalanceTransaction["type"]>;

export const TRANSACTION_TYPES: Readonly<Record<TransactionType, Family | ClassElsewhere>> = {
  charge: "payment",
  payment: "payment",
  payment_failure_refund: "failed_payments",
  refund: "refund",
  payment_refund: "refund",
  refund_failure: "refund",
  adjustment: "adjustment",
  payout: "payout",
  payout_failure: "payout",
  payout_cancel: "payout",
  // A bank takes a paid payment back, and no event of the mapping reports it.
  payment_reversal: "unknown",
  // A bank transfer that belongs to no payment.
  payment_unreconciled: "unknown",
  stripe_fee: "stripe_fees",
  stripe_fx_fee: "stripe_fees",
  fee_credit_funding: "stripe_fees",
  tax_fee: "taxes",
  tax_fund: "taxes",
  application_fee: "application_fees",
  application_fee_refund: "application_fees",
  transfer: "transfers",
  transfer_cancel: "transfers",
  transfer_failure: "transfers",
  transfer_refund: "transfers",
  connect_collection_transfer: "transfers",
  topup: "top_ups",
  topup_reversal: "top_ups",
  reserve_hold: "reserves",
  reserve_release: "reserves",
  reserve_transaction: "reserves",
  reserved_funds: "reserves",
  payment_network_reserve_hold: "reserves",
  payment_network_reserve_release: "reserves",
  payout_minimum_balance_hold: "reserves",
  payout_minimum_balance_release: "reserves",
  advance: "financing",
  advance_funding: "financing",
  anticipation_repayment: "financing",
  issuing_authorization_hold: "issuing",
  issuing_authorization_release: "issuing",
  issuing_dispute: "issuing",
  issuing_dispute_provisional_credit: "issuing",
  issuing_dispute_provisional_credit_reversal: "issuing",
  issuing_transaction: "issuing",
  climate_order_purchase: "climate",
  climate_order_refund: "climate",
  contribution: "climate",
  stripe_balance_payment_debit: "payments_from_balance",
  stripe_balance_payment_debit_reversal: "payments_from_balance",
  inbound_transfer: "treasury",
  inbound_transfer_reversal: "treasury",
  obligation_outbound: "treasury",
  obligation_reversal_inbound: "treasury",
};

export function familyOf(type: string): Family | ClassElsewhere {
  return Object.hasOwn(TRANSACTION_TYPES, type) ? TRANSACTION_TYPES[type as TransactionType] : "unknown";
}

export function isElsewhere(family: Family | ClassElsewhere): family is ClassElsewhere {
  return CLASSES_ELSEWHERE.some((each) => each === family);
}
