/**
 * The rows of one shard: one per event, and nothing that its event's own object does not know better. Queries
 * are about the open events, or a page's neighbourhood, or (rare types, one payment) read the whole shard.
 */
import { isCounted, recount, type Stored } from "./counters.ts";
import type { EventSummary } from "./event-summary.ts";
import { type EventFilter, IS_OPEN, isOpenState, OPEN_EVENTS, type Position, whereOf } from "./filter.ts";

export const COLUMNS = [
  "received_at",
  "event_id",
  "revision",
  "event_type",
  "state",
  "reason",
  "error_code",
  "account_id",
  "payment_id",
  "source_payment_id",
  "amount_minor",
  "currency",
  "attempts",
  "updated_at",
  "next_retry_at",
] as const satisfies readonly (keyof EventSummary)[];

const SELECTED = COLUMNS.join(", ");
const OPEN_EVENTS_BY_PAYMENT = "events INDEXED BY open_payments";

const UPSERT = `
  INSERT INTO events (${SELECTED}) VALUES (${COLUMNS.map(() => "?").join(", ")})
  ON CONFLICT (received_at, event_id) DO UPDATE SET
    ${COLUMNS.slice(2)
      .map((column) => `${column} = excluded.${column}`)
      .join(", ")},
    poked_at = 0
  WHERE excluded.revision > events.revision`;

/** Again and late is harmless: a row is only ever replaced by a newer revision of its event. */
export function upsert(stored: Stored, summary: EventSummary, now: number): void {
  upsertAll(stored, [summary], now);
}

/** At once, so that the counters are written once. */
export function upsertAll(stored: Stored, summaries: readonly EventSummary[], now: number): void {
  const { sql, kv } = stored;
  const before: EventSummary[] = [];
  const after: EventSummary[] = [];
  for (const summary of summaries) {
    const known = isCounted(kv, summary) ? selectRow(sql, summary) : [];
    const { rowsWritten } = sql.exec(UPSERT, ...COLUMNS.map((column) => summary[column]));
    if (rowsWritten === 0) continue;
    before.push(...known);
    after.push(summary);
  }
  recount(stored, before, after, now);
}

/** Whether there is a row of the event, of whatever revision. */
export function hasRow(sql: SqlStorage, position: Position): boolean {
  return selectRow(sql, position).length > 0;
}

function selectRow(sql: SqlStorage, { received_at, event_id }: Position): EventSummary[] {
  return summariesOf(
    sql.exec(`SELECT ${SELECTED} FROM events WHERE received_at = ? AND event_id = ?`, received_at, event_id),
  );
}

/** Newest first. */
export function selectPage(
  sql: SqlStorage,
  filter: EventFilter,
  before: Position | null,
  limit: number,
): EventSummary[] {
  const from = isOpenState(filter.state) ? OPEN_EVENTS : "events";
  const where = whereOf(filter, before);
  return summariesOf(
    sql.exec(
      `SELECT ${SELECTED} FROM ${from} WHERE ${where.sql} ORDER BY received_at DESC, event_id DESC LIMIT ?`,
      ...where.params,
      limit,
    ),
  );
}

/**
 * Open events to try again, the longest unchanged first. An attempt changes its event, so asking again and
 * again comes round to all of them, whatever keeps failing at the head.
 */
export function selectOpen(
  sql: SqlStorage,
  filter: EventFilter,
  dueBy: number | null,
  limit: number,
): EventSummary[] {
  const where = whereOf(filter);
  const from = filter.source_payment_ids === undefined ? OPEN_EVENTS : OPEN_EVENTS_BY_PAYMENT;
  return summariesOf(
    sql.exec(
      `SELECT ${SELECTED} FROM ${from}
      WHERE ${IS_OPEN} AND ${where.sql}${dueBy === null ? "" : " AND next_retry_at <= ?"}
      ORDER BY updated_at, event_id LIMIT ?`,
      ...where.params,
      ...(dueBy === null ? [] : [dueBy]),
      limit,
    ),
  );
}

/** The columns are a summary's fields, and only `upsert` writes them. */
function summariesOf(rows: SqlStorageCursor<Record<string, SqlStorageValue>>): EventSummary[] {
  return rows.toArray() as unknown as EventSummary[];
}
