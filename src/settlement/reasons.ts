/**
 * Why an event is ignored, and why it cannot be settled. Types only; docs/mapping.md explains each of them.
 */

/** Why an event moves no money for the ledger. A closed list, and each of them is true of the event. */
export type IgnoredReason =
  | "not_a_settlement_event"
  | `covered_by:${string}`
  /**
   * A failed attempt leaves the intent payable; marking it failed would make the ledger refuse the success.
   */
  | "attempt_not_final"
  /** An intent given up before anybody's account was attached to it. */
  | "canceled_without_account"
  /** A charge that is authorized only, or not paid. */
  | "charge_not_captured"
  /** An invoice or a checkout session sums up payments, which have events of their own. */
  | "reported_by_its_payments"
  /** Between Stripe balances. */
  | "transfer_between_balances"
  /** Nothing has left the balance for this refund, or nothing ever had when it ended. */
  | "refund_not_moved"
  /** An uncaptured payment was given up or expired: Stripe calls that a refund, but nobody had paid. */
  | "authorization_released"
  /** An inquiry, or a dispute that has taken nothing yet. */
  | "dispute_moved_nothing"
  | "zero_amount"
  /** Stripe's own schedule pays out the platform's balance; it belongs to no ledger account. */
  | "automatic_payout"
  /** The payout came back, and the ledger heard of that first. */
  | "payout_overtaken";

/** Why a money event cannot become a settlement. A closed list. */
export type UnmappableReason =
  | "account_missing"
  | "object_id_missing"
  | "amount_missing"
  | "amount_not_a_number"
  | "amount_not_an_integer"
  | "amount_negative"
  | "amount_too_large"
  | "currency_missing"
  | "currency_unknown"
  /** Neither captured nor not captured. */
  | "capture_unknown"
  | "status_unknown"
  /** A charge's event of a refund, from an endpoint that may not get refunds' own events. */
  | "endpoint_version_too_old"
  /** A customer's cash balance: it came in by no payment. */
  | "refund_without_payment"
  /** A refund of exactly what was not captured: only Stripe's API can tell which it is. */
  | "partial_capture_or_refund"
  | "dispute_transaction_missing"
  /** In the balance's currency, of which the part in the payment's is not known. */
  | "amount_in_other_currency"
  /** The ledger's debit is smaller, or of another currency, than what comes back of it. */
  | "debit_differs";
