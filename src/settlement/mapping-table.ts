/**
 * The mapping table: event type → what it means for the ledger. docs/mapping.md
 * shows it, and a test keeps the two alike.
 *
 * Pure data. A type that is not here moves no money for the ledger: "not_a_settlement_event".
 */
import {
  AUTHORIZATION_EXPIRED,
  AUTOMATIC_PAYOUT,
  BEFORE_REFUND_EVENTS,
  CANCELED_WITHOUT_ACCOUNT,
  CAPTURE_UNKNOWN,
  type Case,
  type Condition,
  DISPUTE_MOVED_NOTHING,
  HAS_INTENT,
  NOT_CAPTURED,
  REFUND_ENDED,
  REFUND_NOT_MOVED,
  REFUND_WITHOUT_PAYMENT,
  STATUS_UNKNOWN,
} from "./conditions.ts";
import type { IgnoredReason, UnmappableReason } from "./reasons.ts";
import type { Settlement } from "./settlement.ts";

export interface MoneyRow {
  readonly kind: "money";
  readonly direction: Settlement["direction"];
  readonly status: Settlement["status"];
  /** The field that has the amount; or the dispute's latest balance transaction of that kind. */
  readonly amount: "amount" | "amount_received" | "amount_captured" | "withdrawal" | "return";
  /**
   * Whose money it is. `own`: the object's metadata names the account. `own_or_stripe`: else Stripe's API is
   * asked. `payin`: the payment's, as the ledger has it. `debit`: that of the debit which this undoes, in the
   * ledger.
   */
  readonly account: "own" | "own_or_stripe" | "payin" | "debit";
  /** Goes into the metadata where direction and status alone do not say what happened. */
  readonly movement?: "refund_returned" | "dispute_withdrawn" | "dispute_reinstated";
  readonly ignoredIf: readonly Condition[];
  readonly unmappableIf: readonly Condition<UnmappableReason>[];
}

export type Row = (
  | MoneyRow
  | { readonly kind: "ignored"; readonly reason: IgnoredReason }
  | { readonly kind: "unmappable"; readonly reason: UnmappableReason }
) & {
  /** Without one: for all that no row before it is for. */
  readonly when?: Case;
};

const ignored = (reason: IgnoredReason) => [{ kind: "ignored", reason }] as const;
const coveredBy = (type: string) => ({ kind: "ignored", reason: `covered_by:${type}` }) as const;

const PAYIN = {
  kind: "money",
  direction: "payin",
  status: "confirmed",
  ignoredIf: [],
  unmappableIf: [],
} as const;
const DEBIT = { kind: "money", direction: "refund", status: "confirmed", account: "payin" } as const;

const PAYMENT: MoneyRow = { ...PAYIN, amount: "amount_received", account: "own_or_stripe" };

/** Of a charge that no intent made. */
const CHARGE: MoneyRow = {
  ...PAYIN,
  amount: "amount_captured",
  account: "own_or_stripe",
  unmappableIf: [CAPTURE_UNKNOWN],
};

const REFUND: MoneyRow = {
  ...DEBIT,
  amount: "amount",
  ignoredIf: [REFUND_NOT_MOVED, AUTHORIZATION_EXPIRED],
  unmappableIf: [STATUS_UNKNOWN, REFUND_WITHOUT_PAYMENT],
};

/**
 * Money that had left comes back as a payin of its own. As a reversal of the refund it would have no effect
 * in the ledger, and it would contradict a refund that is confirmed there.
 */
const REFUND_RETURNED: MoneyRow = {
  ...PAYIN,
  amount: "amount",
  account: "debit",
  movement: "refund_returned",
};

/** Each of the dispute's events shows its balance transactions, so whichever comes first books the latest. */
const DISPUTE_WITHDRAWN: MoneyRow = {
  ...DEBIT,
  amount: "withdrawal",
  movement: "dispute_withdrawn",
  ignoredIf: [DISPUTE_MOVED_NOTHING],
  unmappableIf: [],
};

const DISPUTE_REINSTATED: MoneyRow = {
  ...PAYIN,
  amount: "return",
  account: "debit",
  movement: "dispute_reinstated",
};

const PAYOUT = {
  kind: "money",
  direction: "payout",
  amount: "amount",
  account: "own",
  ignoredIf: [AUTOMATIC_PAYOUT],
  unmappableIf: [],
} as const;

const CHARGE_ROWS: readonly Row[] = [
  // An intent that is only authorized may be canceled: then no event of it covers the charge.
  { kind: "ignored", reason: "charge_not_captured", when: NOT_CAPTURED },
  { ...coveredBy("payment_intent.succeeded"), when: HAS_INTENT },
  CHARGE,
];
const ENDPOINT_TOO_OLD: Row = {
  kind: "unmappable",
  reason: "endpoint_version_too_old",
  when: BEFORE_REFUND_EVENTS,
};
const REFUND_ROWS: readonly Row[] = [{ ...REFUND_RETURNED, when: REFUND_ENDED }, REFUND];
const DISPUTE_ROWS: readonly Row[] = [DISPUTE_WITHDRAWN];

/** A Map, not an object: an event type is a stranger's text, and "constructor" must find nothing. */
export const TABLE: ReadonlyMap<string, readonly Row[]> = new Map<string, readonly Row[]>([
  ["payment_intent.succeeded", [PAYMENT]],
  [
    "payment_intent.canceled",
    [{ ...PAYIN, status: "failed", amount: "amount", account: "own", ignoredIf: [CANCELED_WITHOUT_ACCOUNT] }],
  ],
  // Customers try again. In the ledger "failed" is final, so the payment
  // that follows could never be credited.
  ["payment_intent.payment_failed", ignored("attempt_not_final")],
  ["charge.succeeded", CHARGE_ROWS],
  ["charge.captured", CHARGE_ROWS],

  ["refund.created", REFUND_ROWS],
  ["refund.updated", REFUND_ROWS],
  ["refund.failed", [REFUND_RETURNED]],
  // It knows no refund, only the charge's running total, and counts released authorizations too.
  ["charge.refunded", [ENDPOINT_TOO_OLD, coveredBy("refund.created")]],
  ["charge.refund.updated", [ENDPOINT_TOO_OLD, coveredBy("refund.updated")]],

  ["charge.dispute.created", DISPUTE_ROWS],
  ["charge.dispute.updated", DISPUTE_ROWS],
  ["charge.dispute.closed", DISPUTE_ROWS],
  // Its name says that money was taken: none to be seen is no reason to ignore it.
  ["charge.dispute.funds_withdrawn", [{ ...DISPUTE_WITHDRAWN, ignoredIf: [] }]],
  ["charge.dispute.funds_reinstated", [DISPUTE_REINSTATED]],

  ["payout.paid", [{ ...PAYOUT, status: "confirmed" }]],
  // It may follow "paid" by days: "paid" only means that the bank was told.
  ["payout.failed", [{ ...PAYOUT, status: "reversed" }]],
  ["payout.canceled", [{ ...PAYOUT, status: "failed" }]],

  ...[
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice.overpaid",
    "invoice_payment.paid",
  ].map((type) => [type, ignored("reported_by_its_payments")] as const),
  ...["transfer.created", "transfer.updated", "transfer.reversed"].map(
    (type) => [type, ignored("transfer_between_balances")] as const,
  ),
]);

export function moneyRows(): readonly (readonly [type: string, row: MoneyRow])[] {
  return [...TABLE].flatMap(([type, rows]) =>
    rows.flatMap((row) => (row.kind === "money" ? [[type, row] as const] : [])),
  );
}
