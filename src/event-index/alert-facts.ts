/**
 * What a shard knows of alerts: which of its events somebody should hear of, and of which they have heard.
 *
 * Told events stand in a table of their own, which only permanent failures get a row in: a settled event pays nothing for
 * alerts, and a row of the index is what its event published, and nothing else.
 */
import type { EventSummary } from "./event-summary.ts";
import { IS_OPEN } from "./filter.ts";
import type { Money } from "./sum-by-currency.ts";
import { openMoney } from "./shard-stats.ts";
import { OPEN_EVENTS } from "./events-table.ts";

const NOTES_KEY = "alert:";

/** Which revision of an event was told. A later failure of the same event has a later one, and is told again. */
const TOLD_SCHEMA = `CREATE TABLE IF NOT EXISTS told (
  received_at INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  PRIMARY KEY (received_at, event_id)
) STRICT, WITHOUT ROWID`;

/** Which events were told as open for too long. */
const LONG_OPEN_SCHEMA = `CREATE TABLE IF NOT EXISTS told_open (
  received_at INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  PRIMARY KEY (received_at, event_id)
) STRICT, WITHOUT ROWID`;

/** Only an operator moves such an event: no retry is scheduled. */
const IS_PERMANENT = "events.state = 'failed' AND events.next_retry_at IS NULL";

export type ToldEvent = Pick<EventSummary, "received_at" | "event_id" | "revision">;
export type PermanentFailure = ToldEvent &
  Pick<EventSummary, "event_type" | "reason" | "amount_minor" | "currency">;

/** Events that were received at a time or before, and are still open. */
export interface LongOpen {
  readonly money: readonly Money[];
  /** When the first of them was received. Null: there are none. */
  readonly oldest: number | null;
  /** How many of them nobody was told of. By event, since rows do not come in the order in which events were received. */
  readonly untold: number;
}

export interface AlertFacts {
  readonly failures: readonly PermanentFailure[];
  readonly longOpen: LongOpen;
}

export function createToldTable(sql: SqlStorage): void {
  sql.exec(TOLD_SCHEMA);
  sql.exec(LONG_OPEN_SCHEMA);
}

/** Oldest change first, at most `limit` failures. */
export function alertFacts(sql: SqlStorage, receivedBy: number, limit: number): AlertFacts {
  const failures = sql
    .exec(
      `SELECT events.received_at, events.event_id, events.revision, event_type, reason, amount_minor, currency
      FROM ${OPEN_EVENTS} LEFT JOIN told USING (received_at, event_id)
      WHERE ${IS_OPEN} AND ${IS_PERMANENT} AND events.revision > coalesce(told.revision, 0)
      ORDER BY updated_at, events.event_id LIMIT ?`,
      limit,
    )
    .toArray() as unknown as PermanentFailure[];
  const { oldest, untold } = sql
    .exec<{ oldest: number | null; untold: number }>(
      `SELECT min(events.received_at) AS oldest, count(*) - count(told_open.event_id) AS untold
      FROM ${OPEN_EVENTS} LEFT JOIN told_open USING (received_at, event_id)
      WHERE ${IS_OPEN} AND events.received_at <= ?`,
      receivedBy,
    )
    .one();
  return { failures, longOpen: { money: openMoney(sql, { received_to: receivedBy + 1 }), oldest, untold } };
}

/** All that is open and was received by then. What is open no longer is forgotten. */
export function markLongOpenTold(sql: SqlStorage, receivedBy: number): void {
  sql.exec(
    `DELETE FROM told_open WHERE (received_at, event_id) NOT IN (
      SELECT received_at, event_id FROM ${OPEN_EVENTS} WHERE ${IS_OPEN}
    )`,
  );
  sql.exec(
    `INSERT OR IGNORE INTO told_open
    SELECT received_at, event_id FROM ${OPEN_EVENTS} WHERE ${IS_OPEN} AND received_at <= ?`,
    receivedBy,
  );
}

/** And forgets those that are no longer failed for good: as many at most, so that this stays a small step. */
export function markTold(sql: SqlStorage, events: readonly ToldEvent[]): void {
  for (const { received_at, event_id, revision } of events) {
    sql.exec(
      `INSERT INTO told VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET revision = excluded.revision WHERE excluded.revision > told.revision`,
      received_at,
      event_id,
      revision,
    );
  }
  sql.exec(
    `DELETE FROM told WHERE (received_at, event_id) IN (
      SELECT received_at, event_id FROM told LEFT JOIN events USING (received_at, event_id)
      WHERE NOT coalesce(${IS_PERMANENT}, FALSE) LIMIT ?
    )`,
    events.length,
  );
}

/** Something small to remember between sweeps, for cases that are no single event's. */
export function alertNote(kv: SyncKvStorage, name: string): unknown {
  return kv.get(NOTES_KEY + name) ?? null;
}

export function setAlertNote(kv: SyncKvStorage, name: string, note: unknown): void {
  if (note === null) kv.delete(NOTES_KEY + name);
  else kv.put(NOTES_KEY + name, note);
}
