/**
 * Compares what settlements claim with what was really done. A control of
 * the sandbox: the real ledger has none.
 */
import { sums, type Sums } from "./account.ts";
import type { Settlement } from "./contract.ts";
import { effectOf, type Effect } from "./effect.ts";
import type { SqlStore } from "./sql-store.ts";

export interface Audit {
  readonly accounts: readonly {
    readonly account_id: string;
    /** What the balance really is: the sum of the changes that were made to it. */
    readonly held: Sums;
    /** What it would be if the effect of each settlement had been made once. */
    readonly claimed: Sums;
  }[];
  readonly incomplete: readonly IncompleteSettlement[];
}

/** A settlement whose status has an effect, and not all of it is there. */
interface IncompleteSettlement extends Pick<
  Settlement,
  "id" | "external_payment_id" | "direction" | "account_id"
> {
  /** False where the ledger lost the effect, or was cut off before it. */
  readonly balance_changed: boolean;
  readonly has_ledger_event: boolean;
  readonly latest_event_id: string | null;
}

export function audit(store: SqlStore): Audit {
  const settlements = store.allSettlements();
  const ofAccount = Map.groupBy(settlements, ({ account_id }) => account_id);
  return {
    accounts: store.accounts().map(({ id }) => ({
      account_id: id,
      held: sums(store.journal(id)),
      claimed: sums((ofAccount.get(id) ?? []).flatMap(claims)),
    })),
    incomplete: settlements.flatMap((settlement) => incomplete(store, settlement)),
  };
}

/** A reversed payin claims nothing: its debit undoes its own credit. */
function claims(settlement: Settlement): { currency: string; delta_minor: bigint }[] {
  const delta_minor = effectOf(settlement)?.delta_minor ?? 0n;
  if (delta_minor === 0n || (settlement.direction === "payin" && settlement.status === "reversed")) return [];
  return [{ currency: settlement.currency, delta_minor }];
}

function incomplete(store: SqlStore, settlement: Settlement): IncompleteSettlement[] {
  const effect = effectOf(settlement);
  if (effect === null) return [];
  const balance_changed = hasBalanceChange(store, settlement, effect);
  const has_ledger_event = store.findEvent(settlement.id, effect.event_type) !== undefined;
  const { id, external_payment_id, direction, account_id, latest_event_id = null } = settlement;
  if (balance_changed && has_ledger_event && latest_event_id !== null) return [];
  return [
    { id, external_payment_id, direction, account_id, balance_changed, has_ledger_event, latest_event_id },
  ];
}

export function hasBalanceChange(store: SqlStore, { id }: Settlement, effect: Effect): boolean {
  return effect.delta_minor === 0n || store.hasEntry(id, effect.event_type);
}
