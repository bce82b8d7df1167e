/** The books in memory, for simulations and for the tests of the rules. Pure. */
import type { Settlement } from "./contract.ts";
import type { JournalEntry, LedgerStore, NaturalKey, Remembered } from "./rules.ts";

export class MemoryStore implements LedgerStore {
  readonly accounts = new Set<string>();
  readonly settlements = new Map<string, Settlement>();
  readonly journal: JournalEntry[] = [];
  readonly answers = new Map<string, Remembered>();
  readonly #effects = new Set<string>();

  hasAccount(accountId: string): boolean {
    return this.accounts.has(accountId);
  }

  findSettlement(key: NaturalKey): Settlement | undefined {
    return this.settlements.get(naturalKeyText(key));
  }

  putSettlement(settlement: Settlement): void {
    this.settlements.set(naturalKeyText(settlement), settlement);
  }

  balance(accountId: string, currency: string): bigint {
    let sum = 0n;
    for (const entry of this.journal) {
      if (entry.account_id === accountId && entry.currency === currency) sum += entry.delta_minor;
    }
    return sum;
  }

  appendEntry(entry: JournalEntry): void {
    // The primary key of the SQL journal, kept here too: it is what "no effect twice" rests on.
    const effect = `${entry.cause} of ${entry.settlement_id}`;
    if (this.#effects.has(effect)) throw new Error(`${effect} is in the journal already`);
    this.#effects.add(effect);
    this.journal.push(entry);
  }

  findAnswer(idempotencyKey: string): Remembered | undefined {
    return this.answers.get(idempotencyKey);
  }

  rememberAnswer(idempotencyKey: string, answer: Remembered): void {
    this.answers.set(idempotencyKey, answer);
  }
}

function naturalKeyText(key: NaturalKey): string {
  return JSON.stringify([key.provider, key.external_payment_id, key.direction]);
}
