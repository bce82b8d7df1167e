import type { HistoryEvent } from "../histories/history.ts";

/** What must become of an event when all is over. */
export type ExpectedEnd =
  | "forwarded"
  | "ignored"
  | "unmappable"
  /** Its payment can be settled nowhere, so nobody can say whose money it takes. Operators see it wait. */
  | "without_payment"
  /** It gives back what was not taken, since that had no payment. */
  | "without_debit"
  /** A later event of the same payout may have come first: then the ledger is right already. */
  | "forwarded_or_overtaken";

export function expectedEnd({ movement, heldFor, mayBeOvertaken }: HistoryEvent): ExpectedEnd {
  if (heldFor !== null) return "unmappable";
  if (movement === null) return "ignored";
  if (movement.account === null) return movement.debit === null ? "without_payment" : "without_debit";
  return mayBeOvertaken ? "forwarded_or_overtaken" : "forwarded";
}

/** The error with which an event may rightly end as failed; null: it may not fail. */
export function rightfulError(event: HistoryEvent) {
  return RIGHTFUL_ERRORS[expectedEnd(event)];
}

const RIGHTFUL_ERRORS = {
  unmappable: { code: "EVENT_UNMAPPABLE", ledgerCode: null },
  without_payment: { code: "LEDGER_INGEST_FAILED", ledgerCode: "ACCOUNT_NOT_RESOLVED" },
  without_debit: { code: "LEDGER_INGEST_FAILED", ledgerCode: "COUNTERPART_NOT_FOUND" },
  forwarded_or_overtaken: null,
  forwarded: null,
  ignored: null,
};
