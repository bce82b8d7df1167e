/** Which rows a shard no longer keeps. */
import { recount, type Stored } from "./counters.ts";
import { type EventSummary, RESENDABLE_MS } from "./event-summary.ts";
import { IS_FINAL, type Position } from "./filter.ts";

/**
 * Rows that one step reads at most, and so deletes at most. Some milliseconds, in which no event publishes.
 */
const ROWS_PER_STEP = 1_000;

export interface PurgeStep {
  readonly purged: number;
  /** Where the next step goes on. null: this one came to the newest row that may go. */
  readonly next: Position | null;
}

/**
 * Final events that changed last at `cutoff` or before, each as long as its object is kept: see `keptUntil`.
 * Unresolved failures are never purged. A step reads the rows from a position on, whether they may go or not,
 * so that those that stay are read once in each walk, and not once in each step.
 */
export function purgeStep(stored: Stored, from: Position, cutoff: number, now: number): PurgeStep {
  const { sql } = stored;
  // An event cannot have changed before it came, so only the oldest part of the table is read.
  const next =
    sql
      .exec<{ received_at: number; event_id: string }>(
        `SELECT received_at, event_id FROM events WHERE (received_at, event_id) >= (?, ?) AND received_at <= ?
        ORDER BY received_at, event_id LIMIT 1 OFFSET ?`,
        from.received_at,
        from.event_id,
        cutoff,
        ROWS_PER_STEP,
      )
      .toArray()[0] ?? null;
  const end = next ?? { received_at: cutoff + 1, event_id: "" };
  const gone = sql
    .exec(
      `DELETE FROM events WHERE (received_at, event_id) >= (?, ?) AND (received_at, event_id) < (?, ?)
      AND updated_at <= ? AND ${IS_FINAL} AND (state = 'forwarded' OR received_at <= ?)
      RETURNING received_at, event_id, state, attempts, amount_minor, currency`,
      from.received_at,
      from.event_id,
      end.received_at,
      end.event_id,
      cutoff,
      now - RESENDABLE_MS,
    )
    .toArray() as unknown as EventSummary[];
  recount(stored, gone, [], now);
  return { purged: gone.length, next };
}
