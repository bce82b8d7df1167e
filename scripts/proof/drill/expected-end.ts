import type { HistoryEvent } from "../histories/history.ts";

/** What must become of an event when all is over. */
export type ExpectedEnd =
  | "forwarded"
  | "ignored"
  | "unmappable"
  /** Its payment can be settled nowhere, so nobody can say whose money it takes. Operators see it wait. */
  | "without_payment"
  /** The ledger may refuse it for good, since a later event of the same payout came first. */
  | "forwarded_or_overtaken";

export function expectedEnd({ expected, movement, mayBeOvertaken }: HistoryEvent): ExpectedEnd {
  if (expected !== "money") return expected;
  if (movement !== null && movement.account === null) return "without_payment";
  return mayBeOvertaken ? "forwarded_or_overtaken" : "forwarded";
}

/** The error with which an event may rightly end as failed; null: it may not fail. */
export function rightfulError(event: HistoryEvent) {
  return RIGHTFUL_ERRORS[expectedEnd(event)];
}

const RIGHTFUL_ERRORS = {
  unmappable: { code: "EVENT_UNMAPPABLE", ledgerCode: null },
  without_payment: { code: "LEDGER_INGEST_FAILED", ledgerCode: "ACCOUNT_NOT_RESOLVED" },
  forwarded_or_overtaken: { code: "LEDGER_INGEST_FAILED", ledgerCode: "INVALID_STATUS_TRANSITION" },
  forwarded: null,
  ignored: null,
};
