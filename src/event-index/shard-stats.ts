/** One shard's numbers. */
import { type Stored, tallyAll } from "./counters.ts";
import { IS_OPEN, OPEN_EVENTS } from "./filter.ts";
import { type Money, sumByCurrency } from "./sum-by-currency.ts";
import { HOUR_MS, type HourCount } from "./tally.ts";
import { type RefusedDeliveries, refusedDeliveries } from "./refused-deliveries.ts";
import { type UnlistedAccount, unlistedAccounts } from "./unlisted-accounts.ts";

export type StateCount = Omit<HourCount, "hour">;

export interface ShardStats {
  readonly states: readonly StateCount[];
  /** Of the events received since the given time. */
  readonly recent: readonly StateCount[];
  readonly open: readonly Money[];
  readonly oldest_open_received_at: number | null;
  readonly rescues: number;
  readonly unlisted: readonly UnlistedAccount[];
  /** This and `swept_at` are kept by one shard for all. */
  readonly refused: readonly RefusedDeliveries[];
  readonly swept_at: number | null;
}

/**
 * Reads a few hundred rows, however many there are. `recentSince` counts from the full hour that it is in.
 */
export function shardStats(
  stored: Stored,
  ofSweeps: Pick<ShardStats, "rescues" | "swept_at">,
  recentSince: number,
): ShardStats {
  const { sql } = stored;
  const parts = tallyAll(stored);
  const counts = parts.flatMap((part) => part.counts);
  return {
    states: byState(counts),
    recent: byState(counts.filter(({ hour }) => hour > recentSince - HOUR_MS)),
    open: sumByCurrency(parts.flatMap((part) => part.open)),
    oldest_open_received_at: oldestOpen(sql),
    unlisted: unlistedAccounts(sql),
    refused: refusedDeliveries(sql, recentSince),
    ...ofSweeps,
  };
}

function byState(counts: readonly HourCount[]): StateCount[] {
  const totals = new Map<StateCount["state"], StateCount>();
  for (const { state, count, attempts } of counts) {
    const total = totals.get(state) ?? { count: 0, attempts: 0 };
    totals.set(state, { state, count: total.count + count, attempts: total.attempts + attempts });
  }
  return [...totals.values()];
}

function oldestOpen(sql: SqlStorage): number | null {
  return sql
    .exec<{ oldest: number | null }>(`SELECT min(received_at) AS oldest FROM ${OPEN_EVENTS} WHERE ${IS_OPEN}`)
    .one().oldest;
}
