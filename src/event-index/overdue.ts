/**
 * What a shard keeps of the sweeps: which events it has handed out, how many
 * were rescued, and when the last one was.
 */
import { IS_OPEN, OPEN_EVENTS } from "./filter.ts";
import type { SweepMark } from "./sweep-age.ts";

const RESCUES_KEY = "rescues";
const SWEPT_AT_KEY = "swept_at";
const SEEN_AT_KEY = "seen_at";

export interface Overdue {
  readonly event_id: string;
  readonly next_retry_at: number;
  /** When it was handed out before; 0: never in this state. */
  readonly poked_at: number;
}

interface Rescues {
  readonly total: number;
  readonly last_sweep: string;
}

/**
 * Hands out open events whose retry was due at `dueBy`, oldest due first, and notes that they were handed
 * out: one that poking does not move goes behind the others, so that it cannot delay them.
 */
export function takeOverdue(sql: SqlStorage, dueBy: number, now: number, limit: number): Overdue[] {
  const rows = sql
    .exec<{ received_at: number; event_id: string; next_retry_at: number; poked_at: number }>(
      `SELECT received_at, event_id, next_retry_at, poked_at FROM ${OPEN_EVENTS}
      WHERE ${IS_OPEN} AND next_retry_at <= ? ORDER BY poked_at, next_retry_at LIMIT ?`,
      dueBy,
      limit,
    )
    .toArray();
  for (const { received_at, event_id } of rows) {
    sql.exec(
      "UPDATE events SET poked_at = ? WHERE received_at = ? AND event_id = ?",
      now,
      received_at,
      event_id,
    );
  }
  return rows.map(({ event_id, next_retry_at, poked_at }) => ({ event_id, next_retry_at, poked_at }));
}

/** A sweep that is counted again, because the answer was lost, counts once. */
export function addRescues(kv: SyncKvStorage, sweep: string, count: number): void {
  const before = kv.get<Rescues>(RESCUES_KEY);
  if (before?.last_sweep === sweep) return;
  kv.put<Rescues>(RESCUES_KEY, { total: (before?.total ?? 0) + count, last_sweep: sweep });
}

export function rescuesOf(kv: SyncKvStorage): number {
  return kv.get<Rescues>(RESCUES_KEY)?.total ?? 0;
}

/** As it moves to another shard. */
export function takeRescues(kv: SyncKvStorage): number {
  const total = rescuesOf(kv);
  kv.delete(RESCUES_KEY);
  return total;
}

export function noteSweep(kv: SyncKvStorage, at: number): void {
  kv.put(SWEPT_AT_KEY, at);
}

export function sweptAt(kv: SyncKvStorage): number | null {
  return kv.get<number>(SWEPT_AT_KEY) ?? null;
}

/** Notes when it is first asked, so that a cron that never runs is noticed too. */
export function sweepMark(kv: SyncKvStorage, now: number): SweepMark {
  const seenAt = kv.get<number>(SEEN_AT_KEY);
  if (seenAt === undefined) kv.put(SEEN_AT_KEY, now);
  return { swept_at: sweptAt(kv), seen_at: seenAt ?? now };
}
