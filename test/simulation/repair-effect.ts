/**
 * What an operator does in the ledger's database for a settlement whose effect is in doubt, after comparing.
 */
import type { Random } from "../../scripts/lib/random.ts";
import type { NaturalKey } from "../../scripts/sandbox/ledger/contract.ts";
import { effectOf } from "../../scripts/sandbox/ledger/effect.ts";
import { thaw } from "../../src/settlement/settlement.ts";
import type { LedgerModel } from "./ledger-model.ts";

type Repair = "event added" | "effect completed" | "settlement removed" | "answer removed";

/**
 * null: there is nothing to repair, or not now: whoever writes while a request of the account runs loses one
 * of the two changes, as the ledger itself would.
 */
export function repairEffect(ledger: LedgerModel, payload: string, random: Random): Repair | null {
  const { store, context } = ledger;
  const settled = thaw(payload);
  const settlement = store.findSettlement(settled);
  if (ledger.processes.isRunning(settled.account_id)) return null;
  if (settlement === undefined) {
    removeAnswers(ledger, settled);
    return "answer removed";
  }
  const effect = effectOf(settlement);
  if (effect === null || settlement.latest_event_id !== undefined) return null;
  ledger.repaired.add(settled.external_payment_id);
  const { id: settlement_id, account_id, currency, status } = settlement;
  const isBooked = store.journal.some((entry) => entry.settlement_id === settlement_id);
  const isMissing = effect.delta_minor !== 0n && !isBooked;
  if (isMissing) {
    const { available, version } = store.balance(account_id, null);
    // Without the funds it must be as if it had never come.
    if (available + effect.delta_minor < 0n || random.chance(0.5)) {
      removeAnswers(ledger, settled);
      store.deleteSettlement(settlement_id, status);
      return "settlement removed";
    }
    store.appendEntry({ account_id, currency, settlement_id, ...effect, at: context.now() }, version);
  }
  const known = store.events.find((event) => event.settlement_id === settlement_id);
  store.setLatestEvent(settlement_id, known?.id ?? context.newId("evt"), context.now());
  return isMissing ? "effect completed" : "event added";
}

/** All that were stored for the settlement, whichever event they answered. */
function removeAnswers({ store }: LedgerModel, { external_payment_id, direction }: NaturalKey): void {
  for (const [key, { body }] of store.answers) {
    const { settlement } = body;
    if (settlement.external_payment_id !== external_payment_id || settlement.direction !== direction)
      continue;
    store.answers.delete(key);
  }
}
