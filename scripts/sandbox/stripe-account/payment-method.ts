/**
 * How payment methods differ in ids, in the types of their balance transactions, and in what their refunds
 * do.
 */

export type PaymentMethod = "card" | "sepa_debit" | "us_bank_account" | "konbini";

export interface MethodTraits {
  readonly chargePrefix: string;
  readonly refundPrefix: string;
  readonly chargeType: string;
  readonly refundType: string;
  readonly refundFailureType: string;
  readonly refundFailureCategory: string;
  /** The payment is known to have worked only days after it was made. */
  readonly isDelayed: boolean;
  /** What Stripe shows of the way that a refund takes. */
  readonly refundDestination: Readonly<Record<string, unknown>>;
}

const CARD: MethodTraits = {
  chargePrefix: "ch",
  refundPrefix: "re",
  chargeType: "charge",
  refundType: "refund",
  refundFailureType: "refund_failure",
  refundFailureCategory: "refund_failure",
  isDelayed: false,
  refundDestination: { card: { reference_status: "pending", type: "refund" }, type: "card" },
};

/** Their failed refunds come back as a refund with a positive amount. */
const BANK: MethodTraits = {
  chargePrefix: "py",
  refundPrefix: "pyr",
  chargeType: "payment",
  refundType: "payment_refund",
  refundFailureType: "payment_refund",
  refundFailureCategory: "refund",
  isDelayed: true,
  refundDestination: { type: "sepa_bank_transfer", sepa_bank_transfer: {} },
};

const TRAITS: Readonly<Record<PaymentMethod, MethodTraits>> = {
  card: CARD,
  sepa_debit: BANK,
  us_bank_account: { ...BANK, refundDestination: { type: "us_bank_transfer", us_bank_transfer: {} } },
  konbini: { ...BANK, refundDestination: { type: "jp_bank_transfer", jp_bank_transfer: {} } },
};

export function traitsOf(method: PaymentMethod): MethodTraits {
  return TRAITS[method];
}
