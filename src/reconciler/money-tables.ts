/**
 * What a run has walked of the index, of the ledger and of Stripe, until all
 * is compared. The rows go when it ends.
 */
import type { ListedSettlement } from "../ledger/port.ts";
import type { EventName } from "./event-names.ts";
import type { FinalSummary } from "./evidence.ts";
import type { Key } from "./expected-settlement.ts";
import type { Money } from "./judge-money.ts";

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS walked_summaries (
    run_id TEXT NOT NULL, event_id TEXT NOT NULL, summary TEXT NOT NULL, PRIMARY KEY (run_id, event_id)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS walked_events (
    run_id TEXT NOT NULL, name TEXT NOT NULL, event_id TEXT NOT NULL, PRIMARY KEY (run_id, name, event_id)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS walked_transactions (
    run_id TEXT NOT NULL, id TEXT NOT NULL, money TEXT NOT NULL, PRIMARY KEY (run_id, id)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS walked_settlements (
    run_id TEXT NOT NULL, external_payment_id TEXT NOT NULL, direction TEXT NOT NULL, transaction_id TEXT,
    in_window INTEGER NOT NULL, is_backed INTEGER NOT NULL DEFAULT 0, settlement TEXT NOT NULL,
    PRIMARY KEY (run_id, external_payment_id, direction)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX IF NOT EXISTS walked_settlements_by_transaction
    ON walked_settlements (run_id, transaction_id) WHERE transaction_id IS NOT NULL`,
];
const TABLES = ["walked_summaries", "walked_events", "walked_transactions", "walked_settlements"];

export interface KeptSettlement {
  readonly settlement: ListedSettlement;
  readonly is_backed: boolean;
}

export class MoneyTables {
  readonly #sql: SqlStorage;
  readonly #run: string;

  constructor(sql: SqlStorage, run: string) {
    this.#sql = sql;
    this.#run = run;
  }

  /** Writes nothing when they are there already. */
  static create(sql: SqlStorage): void {
    for (const statement of SCHEMA) sql.exec(statement);
  }

  addSummaries(summaries: readonly FinalSummary[]): void {
    const insert =
      "INSERT INTO walked_summaries (run_id, event_id, summary) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
    for (const summary of summaries) {
      this.#sql.exec(insert, this.#run, summary.event_id, JSON.stringify(summary));
    }
  }

  summary(eventId: string): FinalSummary | null {
    const select = "SELECT summary FROM walked_summaries WHERE run_id = ? AND event_id = ?";
    const [row] = this.#sql.exec<{ summary: string }>(select, this.#run, eventId).toArray();
    return row === undefined ? null : (JSON.parse(row.summary) as FinalSummary);
  }

  addEvents(names: readonly EventName[]): void {
    const insert =
      "INSERT INTO walked_events (run_id, name, event_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
    for (const { name, event_id } of names) this.#sql.exec(insert, this.#run, name, event_id);
  }

  addTransactions(transactions: readonly Money[]): void {
    const insert =
      "INSERT INTO walked_transactions (run_id, id, money) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
    for (const money of transactions) this.#sql.exec(insert, this.#run, money.id, JSON.stringify(money));
  }

  addSettlements(settlements: readonly { settlement: ListedSettlement; in_window: boolean }[]): void {
    const insert = `INSERT INTO walked_settlements
      (run_id, external_payment_id, direction, transaction_id, in_window, settlement) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO NOTHING`;
    for (const { settlement, in_window } of settlements) {
      const { external_payment_id, direction, stripe_balance_transaction } = settlement;
      const values = [external_payment_id, direction, stripe_balance_transaction, Number(in_window)];
      this.#sql.exec(insert, this.#run, ...values, JSON.stringify(settlement));
    }
  }

  /** By id, after this one. */
  transactionsAfter(id: string, limit: number): Money[] {
    const select = "SELECT money FROM walked_transactions WHERE run_id = ? AND id > ? ORDER BY id LIMIT ?";
    return this.#sql
      .exec<{ money: string }>(select, this.#run, id, limit)
      .toArray()
      .map(({ money }) => JSON.parse(money) as Money);
  }

  settlement({ external_payment_id, direction }: Key): ListedSettlement | null {
    const where = "external_payment_id = ? AND direction = ?";
    return this.#settlements(where, external_payment_id, direction)[0] ?? null;
  }

  settlementsNaming(transactionId: string): ListedSettlement[] {
    return this.#settlements("transaction_id = ?", transactionId);
  }

  markBacked({ external_payment_id, direction }: Pick<ListedSettlement, keyof Key>): void {
    const update = `UPDATE walked_settlements SET is_backed = 1
      WHERE run_id = ? AND external_payment_id = ? AND direction = ? AND is_backed = 0`;
    this.#sql.exec(update, this.#run, external_payment_id, direction);
  }

  /** Those of the window, by key, after this one. */
  settlementsAfter(
    [external_payment_id, direction]: readonly [string, string],
    limit: number,
  ): KeptSettlement[] {
    const select = `SELECT settlement, is_backed FROM walked_settlements
      WHERE run_id = ? AND in_window = 1 AND (external_payment_id, direction) > (?, ?)
      ORDER BY external_payment_id, direction LIMIT ?`;
    return this.#sql
      .exec<{ settlement: string; is_backed: number }>(
        select,
        this.#run,
        external_payment_id,
        direction,
        limit,
      )
      .toArray()
      .map((row) => ({
        settlement: JSON.parse(row.settlement) as ListedSettlement,
        is_backed: row.is_backed === 1,
      }));
  }

  eventsNamed(name: string, limit: number): string[] {
    const select =
      "SELECT event_id FROM walked_events WHERE run_id = ? AND name = ? ORDER BY event_id LIMIT ?";
    return this.#sql
      .exec<{ event_id: string }>(select, this.#run, name, limit)
      .toArray()
      .map(({ event_id }) => event_id);
  }

  clear(): void {
    for (const table of TABLES) this.#sql.exec(`DELETE FROM ${table} WHERE run_id = ?`, this.#run);
  }

  #settlements(where: string, ...params: string[]): ListedSettlement[] {
    return this.#sql
      .exec<{ settlement: string }>(
        `SELECT settlement FROM walked_settlements WHERE run_id = ? AND ${where}`,
        this.#run,
        ...params,
      )
      .toArray()
      .map(({ settlement }) => JSON.parse(settlement) as ListedSettlement);
  }
}
