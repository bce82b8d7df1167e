/** The ledger's tables in memory, for simulations and for tests of the statements. Pure. */
import type { NaturalKey, Settlement, Status } from "./contract.ts";
import type { Account, JournalEntry, LedgerEvent, LedgerStore, StoredAnswer } from "./store.ts";

export class MemoryStore implements LedgerStore {
  readonly accounts = new Map<string, Account>();
  /** By id. */
  readonly settlements = new Map<string, Settlement>();
  readonly journal: JournalEntry[] = [];
  readonly events: LedgerEvent[] = [];
  readonly answers = new Map<string, StoredAnswer>();
  readonly #ids = new Map<string, string>();

  openAccount(account: Account): void {
    this.accounts.set(account.id, account);
  }

  findAccount(id: string): Account | undefined {
    return this.accounts.get(id);
  }

  findSettlement(key: NaturalKey): Settlement | undefined {
    return this.settlements.get(this.#ids.get(naturalKeyText(key)) ?? "");
  }

  settlement(id: string): Settlement | undefined {
    return this.settlements.get(id);
  }

  insertSettlement(settlement: Settlement): boolean {
    const key = naturalKeyText(settlement);
    if (this.#ids.has(key)) return false;
    this.#ids.set(key, settlement.id);
    this.settlements.set(settlement.id, settlement);
    return true;
  }

  updateSettlement(settlement: Settlement, from: Status): boolean {
    const current = this.settlements.get(settlement.id);
    if (current?.status !== from) return false;
    const { latest_event_id: _read, ...changed } = settlement;
    const { latest_event_id } = current;
    this.settlements.set(settlement.id, { ...changed, ...(latest_event_id && { latest_event_id }) });
    return true;
  }

  deleteSettlement(id: string, status: Status): void {
    const current = this.settlements.get(id);
    if (current?.status !== status || current.latest_event_id !== undefined) return;
    this.settlements.delete(id);
    this.#ids.delete(naturalKeyText(current));
  }

  setLatestEvent(settlementId: string, eventId: string, at: string): void {
    const current = this.settlements.get(settlementId);
    if (current === undefined) return;
    this.settlements.set(settlementId, { ...current, latest_event_id: eventId, updated_at: at });
  }

  balance(accountId: string, currency: string | null): { available: bigint; version: number } {
    const entries = this.journal.filter((entry) => entry.account_id === accountId);
    const counted = entries.filter((entry) => currency === null || entry.currency === currency);
    return {
      available: counted.reduce((sum, { delta_minor }) => sum + delta_minor, 0n),
      version: entries.length,
    };
  }

  appendEntry(entry: JournalEntry, version: number): void {
    if (this.balance(entry.account_id, null).version !== version) return;
    refuseSecond(this.journal, entry);
    this.journal.push(entry);
  }

  insertEvent(event: LedgerEvent): void {
    refuseSecond(this.events, event);
    this.events.push(event);
  }

  findAnswer(idempotencyKey: string): StoredAnswer | undefined {
    return this.answers.get(idempotencyKey);
  }

  insertAnswer(idempotencyKey: string, answer: StoredAnswer): "stored" | "settlement_gone" | StoredAnswer {
    const first = this.answers.get(idempotencyKey);
    if (first !== undefined) return first;
    if (!this.settlements.has(answer.body.settlement.id)) return "settlement_gone";
    this.answers.set(idempotencyKey, answer);
    return "stored";
  }
}

type Effect = Pick<LedgerEvent, "settlement_id" | "event_type">;

/** The primary key of the SQL tables, kept here too: "no effect twice" rests on it. */
function refuseSecond(rows: readonly Effect[], { settlement_id, event_type }: Effect): void {
  if (!rows.some((row) => row.settlement_id === settlement_id && row.event_type === event_type)) return;
  throw new Error(`UNIQUE: ${settlement_id} has its ${event_type} already`);
}

function naturalKeyText({ external_payment_id, direction }: NaturalKey): string {
  return JSON.stringify([external_payment_id, direction]);
}
