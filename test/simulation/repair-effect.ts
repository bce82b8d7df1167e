/** What an operator does in the ledger's database for a settlement whose effect is in doubt, after comparing. */
import type { Random } from "../../scripts/lib/random.ts";
import { thaw } from "../../src/settlement/settlement.ts";
import type { LedgerModel } from "./ledger-model.ts";
import { effectOf } from "./ledger-statements.ts";

type Repair = "event added" | "effect completed" | "row removed" | "idempotency record removed";

/**
 * null: there is nothing to repair, or not now: whoever writes while a request of the account runs loses one of the two
 * changes, as the ledger itself would.
 */
export function repairEffect(ledger: LedgerModel, payload: string, random: Random): Repair | null {
  const { database } = ledger;
  const settled = thaw(payload);
  const settlement = database.findSettlement(settled.external_payment_id, settled.direction);
  if (ledger.isRunning(settled.account_id)) return null;
  if (settlement === undefined) {
    database.deleteIdempotencyRecords(settled.external_payment_id, settled.direction);
    return "idempotency record removed";
  }
  if (settlement.latest_event_id !== undefined) return null;
  ledger.repaired.add(settled.external_payment_id);
  const { stripe_event_id } = settlement.metadata;
  const effect = effectOf(settlement) ?? 0n;
  const isBooked = database.changes.some((change) => change.stripeEventId === stripe_event_id);
  const balance = database.balance(settlement.account_id);
  if (effect !== 0n && !isBooked && balance !== undefined) {
    // Without the funds it must be as if it had never come.
    if (balance.minor + effect < 0n || random.chance(0.5)) {
      database.deleteIdempotencyRecords(settled.external_payment_id, settled.direction);
      database.deleteSettlement(settlement.id, settlement.status);
      return "row removed";
    }
    database.updateBalance(settlement, balance, effect);
  }
  database.updateLatestEventId(settlement.id, database.freshId("lev"));
  return effect === 0n || isBooked ? "event added" : "effect completed";
}
