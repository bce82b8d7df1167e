/**
 * The mapping table: event type → what it means for the ledger. docs/mapping.md shows it, and a test keeps the two alike.
 *
 * Pure data. A type that is not here moves no money for the ledger: "not_a_settlement_event".
 */
import type { AmountSource } from "./amount.ts";
import {
  AUTHORIZATION_EXPIRED,
  AUTHORIZATION_RELEASED,
  AUTOMATIC_PAYOUT,
  CANCELED_WITHOUT_ACCOUNT,
  type Condition,
  REFUND_FAILED_BEFORE_IT_SUCCEEDED,
  REFUND_NOT_SUCCEEDED,
} from "./conditions.ts";
import type { IgnoredReason, Settlement } from "./settlement.ts";

/** Which family of events carries refunds. Both tell of the same money, so exactly one may be booked. */
export type RefundEvents = "charge" | "refund";

export interface MoneyRow {
  readonly kind: "money";
  readonly direction: Settlement["direction"];
  readonly status: Settlement["status"];
  readonly amount: AmountSource;
  /** `own_or_payin`: refunds and disputes do not inherit their payment's metadata, so the ledger is asked. */
  readonly account: "own" | "own_or_payin";
  /** Goes into the metadata where direction and status alone do not say what happened. */
  readonly movement?: "refund_failed" | "dispute_withdrawn" | "dispute_reinstated";
  readonly ignoredIf: readonly Condition[];
}

export interface IgnoredRow {
  readonly kind: "ignored";
  readonly reason: IgnoredReason;
}

export type Row = MoneyRow | IgnoredRow;
type Rows = readonly (readonly [type: string, row: Row])[];

const coveredBy = (type: string): IgnoredRow => ({ kind: "ignored", reason: `covered_by:${type}` });

const PAYIN = { kind: "money", direction: "payin", account: "own" } as const;
const PAYOUT = {
  kind: "money",
  direction: "payout",
  amount: "amount",
  account: "own",
  ignoredIf: [AUTOMATIC_PAYOUT],
} as const;
const REFUND = { kind: "money", direction: "refund", status: "confirmed", account: "own_or_payin" } as const;

/**
 * Money that had left comes back as a payin of its own. As a reversal of the refund it would have no effect in the
 * ledger, and it would contradict a refund that is confirmed there.
 */
const MONEY_BACK = {
  kind: "money",
  direction: "payin",
  status: "confirmed",
  amount: "amount",
  account: "own_or_payin",
} as const;

const COMMON: Rows = [
  ["payment_intent.succeeded", { ...PAYIN, status: "confirmed", amount: "amount_received", ignoredIf: [] }],
  [
    "payment_intent.canceled",
    { ...PAYIN, status: "failed", amount: "amount", ignoredIf: [CANCELED_WITHOUT_ACCOUNT] },
  ],
  // Customers try again. In the ledger "failed" is final, so the payment that follows could never be credited.
  ["payment_intent.payment_failed", { kind: "ignored", reason: "attempt_not_final" }],

  [
    "charge.dispute.funds_withdrawn",
    { ...REFUND, amount: "amount", movement: "dispute_withdrawn", ignoredIf: [] },
  ],
  ["charge.dispute.funds_reinstated", { ...MONEY_BACK, movement: "dispute_reinstated", ignoredIf: [] }],

  ["payout.paid", { ...PAYOUT, status: "confirmed" }],
  // It may follow "paid" by days: "paid" only means that the bank was told.
  ["payout.failed", { ...PAYOUT, status: "reversed" }],
  ["payout.canceled", { ...PAYOUT, status: "failed" }],

  ["charge.succeeded", coveredBy("payment_intent.succeeded")],
  ["charge.captured", coveredBy("payment_intent.succeeded")],
  ["checkout.session.completed", coveredBy("payment_intent.succeeded")],
  ["checkout.session.async_payment_succeeded", coveredBy("payment_intent.succeeded")],
  ["invoice.paid", coveredBy("payment_intent.succeeded")],
  ["invoice.payment_succeeded", coveredBy("payment_intent.succeeded")],
  ["invoice.overpaid", coveredBy("payment_intent.succeeded")],
  ["charge.dispute.created", coveredBy("charge.dispute.funds_withdrawn")],
  ["charge.dispute.updated", coveredBy("charge.dispute.funds_withdrawn")],
  ["charge.dispute.closed", coveredBy("charge.dispute.funds_reinstated")],
];

const CHARGE_FAMILY: Rows = [
  ["charge.refunded", { ...REFUND, amount: "amount_refunded_change", ignoredIf: [AUTHORIZATION_RELEASED] }],
  ["refund.failed", { ...MONEY_BACK, movement: "refund_failed", ignoredIf: [] }],
  ["refund.created", coveredBy("charge.refunded")],
  ["refund.updated", coveredBy("charge.refunded")],
  ["charge.refund.updated", coveredBy("charge.refunded")],
];

const SUCCEEDED_REFUND: MoneyRow = {
  ...REFUND,
  amount: "amount",
  ignoredIf: [REFUND_NOT_SUCCEEDED, AUTHORIZATION_EXPIRED],
};

const REFUND_FAMILY: Rows = [
  // Either may be the first to say "succeeded"; when both do, the ledger knows the refund by its id.
  ["refund.created", SUCCEEDED_REFUND],
  ["refund.updated", SUCCEEDED_REFUND],
  [
    "refund.failed",
    { ...MONEY_BACK, movement: "refund_failed", ignoredIf: [REFUND_FAILED_BEFORE_IT_SUCCEEDED] },
  ],
  ["charge.refunded", coveredBy("refund.created")],
  ["charge.refund.updated", coveredBy("refund.updated")],
];

/** Maps, not objects: an event type is a stranger's text, and "constructor" must find nothing. */
export const TABLE: Readonly<Record<RefundEvents, ReadonlyMap<string, Row>>> = {
  charge: new Map([...COMMON, ...CHARGE_FAMILY]),
  refund: new Map([...COMMON, ...REFUND_FAMILY]),
};
