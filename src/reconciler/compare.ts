/** Contradictions between Stripe's event and our record, and between our record and the ledger. Pure. */
import type { LedgerSettlement } from "../ledger/port.ts";
import type { Mapping, Settlement, SettlementDraft } from "../settlement/settlement.ts";
import { type RefundEvents, TABLE } from "../settlement/mapping-table.ts";

/** A settlement of which the account may not be known yet. */
export type Known = SettlementDraft & { readonly account_id?: string | undefined };

export interface Contradiction {
  readonly field: string;
  /** What clawsettle has. */
  readonly ours: string | null;
  /** What Stripe lists, or the ledger holds. */
  readonly theirs: string | null;
}

const FIELDS = [
  "external_payment_id",
  "direction",
  "status",
  "amount_minor",
  "currency",
  "account_id",
] as const;

/** The settlement that a mapping means; null when it means none. */
export function moneyOf(mapping: Mapping): Known | null {
  if (mapping.kind === "settlement") return mapping.settlement;
  return mapping.kind === "account_lookup" ? mapping.draft : null;
}

/** Field by field what `conflicts` decides for the settlement as a whole: accounts count where both are known. */
export function againstStripe(recorded: Known, listed: Known): Contradiction[] {
  return FIELDS.flatMap((field) => {
    const [ours, theirs] = [recorded[field], listed[field]];
    return ours === undefined || theirs === undefined || ours === theirs ? [] : { field, ours, theirs };
  });
}

export function againstLedger(
  recorded: Known,
  held: LedgerSettlement,
  refundEvents: RefundEvents,
): Contradiction[] {
  const found: Contradiction[] = (["account_id", "amount_minor", "currency"] as const).flatMap((field) =>
    recorded[field] === held[field] ? [] : { field, ours: recorded[field] ?? null, theirs: held[field] },
  );
  if (isStatusInOrder(recorded, held.status, refundEvents)) return found;
  return [...found, { field: "status", ours: recorded.status, theirs: held.status }];
}

type Status = Settlement["status"];

/** The ledger's own rule (docs/contracts.md). */
const MAY_BECOME: Readonly<Record<Status, readonly Status[]>> = {
  pending: ["confirmed", "failed", "reversed"],
  confirmed: ["reversed"],
  failed: [],
  reversed: [],
};

/** The same status, or a later one that some event of this direction brings: a payout that was paid, and came back. */
export function isStatusInOrder(
  { direction, status }: Pick<Known, "direction" | "status">,
  held: string,
  refundEvents: RefundEvents,
): boolean {
  if (held === status) return true;
  if (!MAY_BECOME[status].some((later) => later === held)) return false;
  return [...TABLE[refundEvents].values()].some(
    (row) => row.kind === "money" && row.direction === direction && row.status === held,
  );
}
