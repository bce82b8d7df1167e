/**
 * What a shard keeps for alerts: which of its events must be reported, and which were.
 *
 * Reported events are in tables of their own, where only failures and long-open events get a row: a settled
 * event costs nothing for alerts, and a row of the index is what its event published, and nothing else. The
 * tables' names, `told` and `told_open`, are stored and older than the code's word for it, "reported".
 */
import type { EventSummary } from "./event-summary.ts";
import { IS_OPEN, OPEN_EVENTS, whereOf } from "./filter.ts";
import { openMoney } from "./open-money.ts";
import type { Money } from "./sum-by-currency.ts";

const NOTES_KEY = "alert:";

/** Only an operator moves such an event: no retry is scheduled. */
const IS_PERMANENT = "events.state = 'failed' AND events.next_retry_at IS NULL";

export type ReportedEvent = Pick<EventSummary, "received_at" | "event_id" | "revision">;
export type PermanentFailure = ReportedEvent &
  Pick<EventSummary, "event_type" | "reason" | "amount_minor" | "currency">;

/** Events that were received at a time or before, and are still open. */
export interface LongOpen {
  readonly money: readonly Money[];
  /** When the first of them was received. Null: there are none. */
  readonly oldest: number | null;
  /**
   * How many of them were not reported. By event, since rows do not come in the
   * order in which events were received.
   */
  readonly unreported: number;
}

export interface AlertFacts {
  readonly failures: readonly PermanentFailure[];
  readonly longOpen: LongOpen;
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
  const { oldest, unreported } = sql
    .exec<{ oldest: number | null; unreported: number }>(
      `SELECT min(events.received_at) AS oldest, count(*) - count(told_open.event_id) AS unreported
      FROM ${OPEN_EVENTS} LEFT JOIN told_open USING (received_at, event_id)
      WHERE ${IS_OPEN} AND events.received_at <= ?`,
      receivedBy,
    )
    .one();
  return {
    failures,
    longOpen: { money: openMoney(sql, whereOf({ received_to: receivedBy + 1 })), oldest, unreported },
  };
}

/** All that is open and was received by then. What is open no longer is forgotten. */
export function markLongOpenReported(sql: SqlStorage, receivedBy: number): void {
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

/**
 * Also forgets events that are no longer failed for good: at most as many, so that this stays a small step.
 */
export function markReported(sql: SqlStorage, events: readonly ReportedEvent[]): void {
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

/** Something small to keep between sweeps, for cases that belong to no single event. */
export function alertNote(kv: SyncKvStorage, name: string): unknown {
  return kv.get(NOTES_KEY + name) ?? null;
}

export function setAlertNote(kv: SyncKvStorage, name: string, note: unknown): void {
  if (note === null) kv.delete(NOTES_KEY + name);
  else kv.put(NOTES_KEY + name, note);
}
