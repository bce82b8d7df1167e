/** Contradictions between Stripe's event and our record, and between our record and the ledger. Pure. */
import type { LedgerSettlement } from "../ledger/port.ts";
import type { Mapping } from "../settlement/mapping.ts";
import { moneyRows } from "../settlement/mapping-table.ts";
import { conflicts, type KnownSettlement, type Settlement } from "../settlement/settlement.ts";

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
export function moneyOf(mapping: Mapping): KnownSettlement | null {
  if (mapping.kind === "settlement") return mapping.settlement;
  return mapping.kind === "question" ? mapping.draft : null;
}

/**
 * Field by field what `conflicts` decides for the settlement as a whole: accounts count where both are known.
 */
export function againstStripe(recorded: KnownSettlement, listed: KnownSettlement): Contradiction[] {
  if (!conflicts(recorded, listed)) return [];
  return FIELDS.flatMap((field) => {
    const [ours, theirs] = [recorded[field], listed[field]];
    return ours === undefined || theirs === undefined || ours === theirs ? [] : { field, ours, theirs };
  });
}

/** As much of the ledger's settlement as is compared. */
export type HeldSettlement = Pick<LedgerSettlement, "account_id" | "amount_minor" | "currency" | "status">;

export function againstLedger(recorded: KnownSettlement, held: HeldSettlement): Contradiction[] {
  const found: Contradiction[] = (["account_id", "amount_minor", "currency"] as const).flatMap((field) =>
    recorded[field] === held[field] ? [] : { field, ours: recorded[field] ?? null, theirs: held[field] },
  );
  if (isStatusInOrder(recorded, held.status)) return found;
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

/**
 * The same status, or a later one that some event of this direction brings: a
 * payout that was paid, and came back.
 */
export function isStatusInOrder(
  { direction, status }: Pick<KnownSettlement, "direction" | "status">,
  held: string,
): boolean {
  if (held === status) return true;
  if (!MAY_BECOME[status].some((later) => later === held)) return false;
  return moneyRows().some(([, row]) => row.direction === direction && row.status === held);
}
