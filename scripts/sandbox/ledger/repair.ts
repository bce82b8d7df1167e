/**
 * What an operator does who can write the ledger's database, for one settlement whose effect is not complete.
 * Each act runs in one transaction, and looks first at what was really done: that is what makes it safe to do
 * it twice.
 */
import { hasBalanceChange } from "./audit.ts";
import type { NaturalKey, Settlement } from "./contract.ts";
import { effectOf } from "./effect.ts";
import type { IngestContext } from "./ingest.ts";
import type { SqlStore } from "./sql-store.ts";

export type Repaired = Settlement | "not_found" | "insufficient_funds" | "has_effect";

/**
 * Makes what is missing of the effect: the change of the balance, the ledger event, its id on the settlement.
 */
export function completeEffect(
  store: SqlStore,
  key: NaturalKey,
  { now, newId, newHash, oneBucket }: IngestContext,
): Repaired {
  const settlement = store.findSettlement(key);
  if (settlement === undefined) return "not_found";
  const effect = effectOf(settlement);
  if (effect === null) return settlement;
  const { id: settlement_id, account_id, currency } = settlement;
  const { event_type } = effect;
  if (!hasBalanceChange(store, settlement, effect)) {
    const { available } = store.balance(account_id, oneBucket ? null : currency);
    if (effect.delta_minor < 0n && available + effect.delta_minor < 0n) return "insufficient_funds";
    const { version } = store.balance(account_id, null);
    store.appendEntry({ account_id, currency, settlement_id, ...effect, at: now() }, version);
  }
  let event = store.findEvent(settlement_id, event_type);
  if (event === undefined) {
    event = { id: newId("evt"), settlement_id, event_type, event_hash: newHash(), created_at: now() };
    store.insertEvent(event);
  }
  store.setLatestEvent(settlement_id, event.id, now());
  return store.findSettlement(key) ?? settlement;
}

/**
 * Removes a settlement without an effect, and the answers that were stored for
 * it, so that it can be ingested anew.
 */
export function removeSettlement(store: SqlStore, key: NaturalKey): Repaired {
  const settlement = store.findSettlement(key);
  if (settlement === undefined) return "not_found";
  const effect = effectOf(settlement);
  if (effect !== null && hasBalanceChange(store, settlement, effect)) return "has_effect";
  store.removeSettlement(settlement.id);
  return settlement;
}
