/** What a settlement does to its account. Pure. */
import type { IngestBody, LedgerEventType } from "./contract.ts";

export interface Effect {
  readonly event_type: LedgerEventType;
  /** Signed, in minor units. */
  readonly delta_minor: bigint;
}

/**
 * What reaching this status makes; null where the ledger only records.
 *
 * A reversed payin debits whether or not it was ever confirmed: the ledger makes no exception for one that
 * went from pending, or came reversed. A reversed refund does not pay back. A payout makes an event and
 * leaves the balance alone.
 */
export function effectOf(body: Pick<IngestBody, "direction" | "status" | "amount_minor">): Effect | null {
  const amount = BigInt(body.amount_minor);
  switch (`${body.direction} ${body.status}` as const) {
    case "payin confirmed":
      return { event_type: "payin_settle", delta_minor: amount };
    case "payin reversed":
    case "refund confirmed":
      return { event_type: "payin_reverse", delta_minor: -amount };
    case "payout confirmed":
      return { event_type: "payout_settle", delta_minor: 0n };
    default:
      return null;
  }
}
