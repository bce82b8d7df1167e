/**
 * The books in SQLite. Each table is the tree of its primary key (`WITHOUT ROWID`) and has no other index,
 * so an ingest costs three or four row writes.
 */
import type { Account, CurrencyTotal } from "./account.ts";
import type { Changes, Direction, Settlement } from "./contract.ts";
import type { JournalEntry, LedgerStore, NaturalKey, Remembered } from "./rules.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS accounts (
    id TEXT PRIMARY KEY, did TEXT NOT NULL, created_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS settlements (
    provider TEXT, external_payment_id TEXT, direction TEXT, document TEXT NOT NULL,
    PRIMARY KEY (provider, external_payment_id, direction)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS journal (
    account_id TEXT, currency TEXT, settlement_id TEXT, cause TEXT,
    delta_minor INTEGER NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (account_id, currency, settlement_id, cause)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS answers (
    idempotency_key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, body TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER IF NOT EXISTS journal_keeps_entries BEFORE DELETE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
  CREATE TRIGGER IF NOT EXISTS journal_changes_no_entry BEFORE UPDATE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
`;

export class SqlStore implements LedgerStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(SCHEMA);
  }

  /** Empties the books. Dropping the tables is the only way: the journal lets no row go. */
  reset(): void {
    for (const table of ["accounts", "settlements", "journal", "answers"]) {
      this.#sql.exec(`DROP TABLE ${table}`);
    }
    this.#sql.exec(SCHEMA);
  }

  /** False when the account was there already. */
  openAccount(account: Account): boolean {
    const { id, did, created_at } = account;
    return (
      this.#sql.exec("INSERT INTO accounts VALUES (?, ?, ?) ON CONFLICT DO NOTHING", id, did, created_at)
        .rowsWritten > 0
    );
  }

  findAccount(id: string): Account | undefined {
    const rows = this.#sql.exec("SELECT id, did, created_at FROM accounts WHERE id = ?", id).toArray();
    return rows[0] as unknown as Account | undefined;
  }

  hasAccount(accountId: string): boolean {
    return this.#sql.exec("SELECT 1 FROM accounts WHERE id = ?", accountId).toArray().length > 0;
  }

  findSettlement(key: NaturalKey): Settlement | undefined {
    return documents(
      this.#sql.exec(
        "SELECT document FROM settlements WHERE provider = ? AND external_payment_id = ? AND direction = ?",
        key.provider,
        key.external_payment_id,
        key.direction,
      ),
    )[0];
  }

  /** The settlements of one Stripe payment; of all directions when none is given. */
  settlementsOf(externalPaymentId: string, direction: Direction | null): Settlement[] {
    return documents(
      this.#sql.exec(
        `SELECT document FROM settlements WHERE provider = 'stripe' AND external_payment_id = ?1
           AND (?2 IS NULL OR direction = ?2) ORDER BY direction`,
        externalPaymentId,
        direction,
      ),
    );
  }

  /** As nobody may: what a reconciliation must notice. Balances stay as they were. False: there is no such settlement. */
  alter(key: NaturalKey, changes: Changes): boolean {
    const found = this.findSettlement(key);
    if (found === undefined) return false;
    this.#sql.exec(
      "UPDATE settlements SET document = ? WHERE provider = ? AND external_payment_id = ? AND direction = ?",
      JSON.stringify({ ...found, ...changes }),
      key.provider,
      key.external_payment_id,
      key.direction,
    );
    return true;
  }

  /** All settlements in the order of their natural key, after the given one. */
  settlementsAfter(externalPaymentId: string, direction: string, limit: number): Settlement[] {
    return documents(
      this.#sql.exec(
        `SELECT document FROM settlements
           WHERE (provider, external_payment_id, direction) > ('stripe', ?, ?)
           ORDER BY provider, external_payment_id, direction LIMIT ?`,
        externalPaymentId,
        direction,
        limit,
      ),
    );
  }

  putSettlement(settlement: Settlement): void {
    const { provider, external_payment_id, direction } = settlement;
    this.#sql.exec(
      "INSERT INTO settlements VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET document = excluded.document",
      provider,
      external_payment_id,
      direction,
      JSON.stringify(settlement),
    );
  }

  balance(accountId: string, currency: string): bigint {
    return this.totals(accountId).find((total) => total.currency === currency)?.total ?? 0n;
  }

  /** Sums leave SQLite as text: a JavaScript number would round them above 2⁵³. */
  totals(accountId: string): CurrencyTotal[] {
    return this.#sql
      .exec(
        `SELECT currency, CAST(SUM(delta_minor) AS TEXT) AS total FROM journal
           WHERE account_id = ? GROUP BY currency`,
        accountId,
      )
      .toArray()
      .map((row) => ({ currency: String(row["currency"]), total: BigInt(String(row["total"])) }));
  }

  /** The amount goes in as text for the same reason; the column's type makes it an integer. */
  appendEntry(entry: JournalEntry): void {
    this.#sql.exec(
      "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)",
      entry.account_id,
      entry.currency,
      entry.settlement_id,
      entry.cause,
      entry.delta_minor.toString(),
      entry.at,
    );
  }

  findAnswer(idempotencyKey: string): Remembered | undefined {
    const row = this.#sql
      .exec("SELECT fingerprint, body FROM answers WHERE idempotency_key = ?", idempotencyKey)
      .toArray()[0];
    if (row === undefined) return undefined;
    return { fingerprint: String(row["fingerprint"]), body: JSON.parse(String(row["body"])) };
  }

  rememberAnswer(idempotencyKey: string, answer: Remembered): void {
    this.#sql.exec(
      "INSERT INTO answers VALUES (?, ?, ?)",
      idempotencyKey,
      answer.fingerprint,
      JSON.stringify(answer.body),
    );
  }
}

function documents(cursor: SqlStorageCursor<Record<string, SqlStorageValue>>): Settlement[] {
  return cursor.toArray().map((row) => JSON.parse(String(row["document"])) as Settlement);
}
