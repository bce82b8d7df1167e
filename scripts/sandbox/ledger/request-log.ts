/** Every ingest request as it arrived, so that a test can prove "one request" and "same key, same bytes". */

/** Older rows give way: a load test must not fill the disk. */
const MAX_ROWS = 10_000;

export interface LoggedRequest {
  /** Counts arrivals from 1; goes on after the log was cleared. */
  readonly seq: number;
  /** Empty when the header was missing. */
  readonly idempotency_key: string;
  /** Of the bytes as received. */
  readonly body_sha256: string;
  readonly received_at: string;
  /** The kind of fault that met it. */
  readonly fault: string | null;
  /** Null when no answer was given: broken off, or still held back. */
  readonly status: number | null;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS requests (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, idempotency_key TEXT NOT NULL, body_sha256 TEXT NOT NULL,
    received_at TEXT NOT NULL, fault TEXT, status INTEGER
  ) STRICT;
  CREATE INDEX IF NOT EXISTS requests_by_key ON requests (idempotency_key);
`;

export class RequestLog {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(SCHEMA);
  }

  /** Logs an arrival, still without an answer. Returns its number. */
  append(entry: Omit<LoggedRequest, "seq" | "status">): number {
    const row = this.#sql
      .exec(
        `INSERT INTO requests (idempotency_key, body_sha256, received_at, fault)
           VALUES (?, ?, ?, ?) RETURNING seq`,
        entry.idempotency_key,
        entry.body_sha256,
        entry.received_at,
        entry.fault,
      )
      .one();
    const seq = Number(row["seq"]);
    this.#sql.exec("DELETE FROM requests WHERE seq <= ?", seq - MAX_ROWS);
    return seq;
  }

  answered(seq: number, status: number): void {
    this.#sql.exec("UPDATE requests SET status = ? WHERE seq = ?", status, seq);
  }

  /** In the order of arrival, after the one of this number; of one key, or of all. */
  list(idempotencyKey: string | null, after = 0): LoggedRequest[] {
    return this.#sql
      .exec(
        idempotencyKey === null
          ? "SELECT * FROM requests WHERE seq > ? ORDER BY seq"
          : "SELECT * FROM requests WHERE seq > ? AND idempotency_key = ? ORDER BY seq",
        after,
        ...(idempotencyKey === null ? [] : [idempotencyKey]),
      )
      .toArray() as unknown as LoggedRequest[];
  }

  clear(): void {
    this.#sql.exec("DELETE FROM requests");
  }
}
