/** The ledger's tables in SQLite. */
import type { Changes, Direction, NaturalKey, Settlement, Status } from "./contract.ts";
import type { Position, SettlementFilter } from "./settlement-list.ts";
import { SCHEMA } from "./sql-schema.ts";
import type { Account, JournalEntry, LedgerEvent, LedgerStore, StoredAnswer } from "./store.ts";

const BY_NATURAL_KEY = "external_payment_id = ? AND direction = ?";

type Value = string | number | null;

export class SqlStore implements LedgerStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(SCHEMA);
  }

  /** Empties the tables. Dropping them is the only way: the journal lets no row go. */
  reset(): void {
    for (const table of ["accounts", "settlements", "journal", "events", "answers"]) {
      this.#sql.exec(`DROP TABLE ${table}`);
    }
    this.#sql.exec(SCHEMA);
  }

  /** False when the id or the did is taken. */
  openAccount({ id, did, created_at }: Account): boolean {
    return this.#changes("INSERT INTO accounts VALUES (?, ?, ?) ON CONFLICT DO NOTHING", id, did, created_at);
  }

  findAccount(id: string): Account | undefined {
    const rows = this.#sql.exec("SELECT id, did, created_at FROM accounts WHERE id = ?", id).toArray();
    return rows[0] as unknown as Account | undefined;
  }

  accounts(): Account[] {
    return this.#sql.exec("SELECT id, did, created_at FROM accounts").toArray() as unknown as Account[];
  }

  findSettlement({ external_payment_id, direction }: NaturalKey): Settlement | undefined {
    return this.#settlements(`WHERE ${BY_NATURAL_KEY}`, external_payment_id, direction)[0];
  }

  settlement(id: string): Settlement | undefined {
    return this.#settlements("WHERE id = ?", id)[0];
  }

  /** Of one payment, newest first; of all directions when none is given. */
  settlementsOf(externalPaymentId: string, direction: Direction | null): Settlement[] {
    return this.#settlements(
      "WHERE external_payment_id = ?1 AND (?2 IS NULL OR direction = ?2) ORDER BY created_at DESC, id DESC",
      externalPaymentId,
      direction,
    );
  }

  /** Newest first, those that come after the given position. */
  listSettlements(filter: SettlementFilter, after: Position | null, limit: number): Settlement[] {
    const { direction, status, account_id } = filter;
    return this.#settlements(
      `WHERE (?1 IS NULL OR direction = ?1) AND (?2 IS NULL OR status = ?2) AND (?3 IS NULL OR account_id = ?3)
         AND (?4 IS NULL OR (created_at, id) < (?4, ?5)) ORDER BY created_at DESC, id DESC LIMIT ?6`,
      direction ?? null,
      status ?? null,
      account_id ?? null,
      after?.created_at ?? null,
      after?.id ?? null,
      limit,
    );
  }

  allSettlements(): Settlement[] {
    return this.#settlements("ORDER BY created_at, id");
  }

  insertSettlement(settlement: Settlement): boolean {
    return this.#changes(
      "INSERT INTO settlements (document) VALUES (?) ON CONFLICT DO NOTHING",
      JSON.stringify(settlement),
    );
  }

  updateSettlement({ latest_event_id: _kept, ...document }: Settlement, from: Status): boolean {
    return this.#changes(
      "UPDATE settlements SET document = ? WHERE id = ? AND status = ?",
      JSON.stringify(document),
      document.id,
      from,
    );
  }

  deleteSettlement(id: string, status: Status): void {
    this.#sql.exec(
      "DELETE FROM settlements WHERE id = ? AND status = ? AND latest_event_id IS NULL",
      id,
      status,
    );
  }

  /** With the answers that were stored for it. */
  removeSettlement(id: string): void {
    this.#sql.exec("DELETE FROM answers WHERE body ->> '$.settlement.id' = ?", id);
    this.#sql.exec("DELETE FROM settlements WHERE id = ?", id);
  }

  setLatestEvent(settlementId: string, eventId: string, at: string): void {
    this.#sql.exec(
      "UPDATE settlements SET latest_event_id = ?, document = json_set(document, '$.updated_at', ?) WHERE id = ?",
      eventId,
      at,
      settlementId,
    );
  }

  /** As nobody may. Balances stay as they were. False when there is no such settlement. */
  alter({ external_payment_id, direction }: NaturalKey, { latest_event_id, ...changes }: Changes): boolean {
    return this.#changes(
      `UPDATE settlements SET document = json_patch(document, ?), latest_event_id = IIF(?, ?, latest_event_id)
      WHERE ${BY_NATURAL_KEY}`,
      JSON.stringify(changes),
      Number(latest_event_id !== undefined),
      latest_event_id ?? null,
      external_payment_id,
      direction,
    );
  }

  /** Sums leave SQLite as text: a JavaScript number would round them above 2⁵³. */
  balance(accountId: string, currency: string | null): { available: bigint; version: number } {
    const row = this.#sql
      .exec(
        `SELECT CAST(COALESCE(SUM(delta_minor) FILTER (WHERE ?2 IS NULL OR currency = ?2), 0) AS TEXT) AS available,
           COUNT(*) AS version FROM journal WHERE account_id = ?1`,
        accountId,
        currency,
      )
      .one();
    return { available: BigInt(String(row["available"])), version: Number(row["version"]) };
  }

  journal(accountId: string): JournalEntry[] {
    return this.#sql
      .exec(
        `SELECT account_id, currency, settlement_id, event_type, CAST(delta_minor AS TEXT) AS delta_minor, at
           FROM journal WHERE account_id = ?`,
        accountId,
      )
      .toArray()
      .map((row) =>
        Object.assign(row, { delta_minor: BigInt(String(row["delta_minor"])) }),
      ) as unknown as JournalEntry[];
  }

  /** The amount goes in as text for the same reason; the column's type makes it an integer. */
  appendEntry(entry: JournalEntry, version: number): void {
    this.#sql.exec(
      `INSERT INTO journal SELECT ?1, ?2, ?3, ?4, ?5, ?6
         WHERE (SELECT COUNT(*) FROM journal WHERE account_id = ?1) = ?7`,
      entry.account_id,
      entry.currency,
      entry.settlement_id,
      entry.event_type,
      entry.delta_minor.toString(),
      entry.at,
      version,
    );
  }

  hasEntry(settlementId: string, eventType: string): boolean {
    const query = "SELECT 1 FROM journal WHERE settlement_id = ? AND event_type = ?";
    return this.#sql.exec(query, settlementId, eventType).toArray().length > 0;
  }

  insertEvent({ settlement_id, event_type, id, event_hash, created_at }: LedgerEvent): void {
    const values = [settlement_id, event_type, id, event_hash, created_at];
    this.#sql.exec("INSERT INTO events VALUES (?, ?, ?, ?, ?)", ...values);
  }

  findEvent(settlementId: string, eventType: string): LedgerEvent | undefined {
    return this.#sql
      .exec("SELECT * FROM events WHERE settlement_id = ? AND event_type = ?", settlementId, eventType)
      .toArray()[0] as unknown as LedgerEvent | undefined;
  }

  findAnswer(idempotencyKey: string): StoredAnswer | undefined {
    const row = this.#sql
      .exec("SELECT fingerprint, body FROM answers WHERE idempotency_key = ?", idempotencyKey)
      .toArray()[0];
    if (row === undefined) return undefined;
    return { fingerprint: String(row["fingerprint"]), body: JSON.parse(String(row["body"])) };
  }

  insertAnswer(
    idempotencyKey: string,
    { fingerprint, body }: StoredAnswer,
  ): "stored" | "settlement_gone" | StoredAnswer {
    const first = this.findAnswer(idempotencyKey);
    if (first !== undefined) return first;
    if (this.settlement(body.settlement.id) === undefined) return "settlement_gone";
    this.#sql.exec("INSERT INTO answers VALUES (?, ?, ?)", idempotencyKey, fingerprint, JSON.stringify(body));
    return "stored";
  }

  #changes(query: string, ...params: Value[]): boolean {
    return this.#sql.exec(query, ...params).rowsWritten > 0;
  }

  #settlements(clauses: string, ...params: Value[]): Settlement[] {
    return this.#sql
      .exec(`SELECT document, latest_event_id FROM settlements ${clauses}`, ...params)
      .toArray()
      .map(({ document, latest_event_id }) => {
        const settlement = JSON.parse(String(document)) as Settlement;
        return latest_event_id === null ? settlement : Object.assign(settlement, { latest_event_id });
      }) as Settlement[];
  }
}
