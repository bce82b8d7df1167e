/**
 * How a shard's rows get to the shards of a greater number: with what was
 * reported of them, since that stays true.
 */
import type { Position } from "./filter.ts";
import { recount, type Stored } from "./counters.ts";
import type { EventSummary } from "./event-summary.ts";
import { COLUMNS, upsertAll } from "./events-table.ts";

const BATCH_END_KEY = "move_up_to";
/** Some tens of milliseconds, in which nobody reads the index. */
const BATCH_ROWS = 500;

export interface MovedRow extends EventSummary {
  /** Which revision was reported as failed for good. */
  readonly reported_revision: number | null;
  /** 1: it was reported as open for too long. */
  readonly long_open_reported: 0 | 1;
}

/**
 * The oldest rows; after a crash exactly those that may have been received
 * already. Stored until they are deleted.
 */
export function beginMove({ sql, kv }: Stored): MovedRow[] {
  const end = kv.get<Position>(BATCH_END_KEY) ?? null;
  const columns = COLUMNS.map((column) => `events.${column}`).join(", ");
  const rows = sql
    .exec(
      `SELECT ${columns}, told.revision AS reported_revision, told_open.event_id IS NOT NULL AS long_open_reported
      FROM events LEFT JOIN told USING (received_at, event_id) LEFT JOIN told_open USING (received_at, event_id)
      WHERE (events.received_at, events.event_id) <= (?, ?)
      ORDER BY events.received_at, events.event_id LIMIT ?`,
      end?.received_at ?? Number.MAX_SAFE_INTEGER,
      end?.event_id ?? "",
      end === null ? BATCH_ROWS : -1,
    )
    .toArray() as unknown as MovedRow[];
  const last = rows.at(-1);
  if (end === null && last !== undefined) {
    kv.put<Position>(BATCH_END_KEY, { received_at: last.received_at, event_id: last.event_id });
  }
  return rows;
}

/** Once they were received. None has changed since: see `publishHeld`. Returns whether there are more. */
export function endMove(stored: Stored, rows: readonly MovedRow[], now: number): boolean {
  const { sql, kv } = stored;
  const remove = (table: string, { received_at, event_id }: Position) =>
    sql.exec(`DELETE FROM ${table} WHERE received_at = ? AND event_id = ?`, received_at, event_id)
      .rowsWritten;
  for (const table of ["told", "told_open"]) for (const row of rows) remove(table, row);
  // A purge may have been faster, and has counted what it took.
  const gone = rows.filter((row) => remove("events", row) > 0);
  recount(stored, gone, [], now);
  kv.delete(BATCH_END_KEY);
  return sql.exec("SELECT 1 FROM events LIMIT 1").toArray().length > 0;
}

/** Again is harmless, and a newer revision wins. */
export function receiveMoved(stored: Stored, rows: readonly MovedRow[], now: number): void {
  upsertAll(stored, rows, now);
  for (const { received_at, event_id, reported_revision, long_open_reported } of rows) {
    const key = [received_at, event_id];
    if (reported_revision !== null) {
      stored.sql.exec("INSERT OR IGNORE INTO told VALUES (?, ?, ?)", ...key, reported_revision);
    }
    if (long_open_reported === 1) stored.sql.exec("INSERT OR IGNORE INTO told_open VALUES (?, ?)", ...key);
  }
}
