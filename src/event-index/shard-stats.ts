/** One shard's numbers. */
import type { EventSummary } from "./event-summary.ts";
import { type EventFilter, IS_OPEN, whereOf } from "./filter.ts";
import type { Money } from "./sum-by-currency.ts";
import { OPEN_EVENTS } from "./events-table.ts";
import { type RefusedDeliveries, refusedDeliveries } from "./refused-deliveries.ts";
import { type UnlistedAccount, unlistedAccounts } from "./unlisted-accounts.ts";

export interface StateCount {
  readonly state: EventSummary["state"];
  readonly count: number;
  /** Requests to the ledger that these events took. */
  readonly attempts: number;
}

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

/** Reads the whole shard once. Counters kept with each event would cost every event a row. */
export function shardStats(
  sql: SqlStorage,
  ofSweeps: Pick<ShardStats, "rescues" | "swept_at">,
  recentSince: number,
): ShardStats {
  return {
    states: countStates(sql, 0),
    recent: countStates(sql, recentSince),
    open: openMoney(sql, {}),
    oldest_open_received_at: oldestOpen(sql),
    unlisted: unlistedAccounts(sql),
    refused: refusedDeliveries(sql, recentSince),
    ...ofSweeps,
  };
}

const MILLION = 1_000_000;

/**
 * Open events that the filter matches. Where the amount or its currency could not be read, the sum has neither. SQLite's integers end at 2⁶³, which a thousand of the largest amounts exceed:
 * so millions and the rest are summed apart, and come out as text, since a number that leaves SQLite is a double.
 */
export function openMoney(sql: SqlStorage, filter: EventFilter): Money[] {
  const where = whereOf(filter);
  const rows = sql.exec<{ currency: string | null; count: number; millions: string; rest: string }>(
    `SELECT CASE WHEN amount_minor IS NOT NULL THEN currency END AS currency, count(*) AS count,
      CAST(sum(CAST(amount_minor AS INTEGER) / ${MILLION}) AS TEXT) AS millions,
      CAST(sum(CAST(amount_minor AS INTEGER) % ${MILLION}) AS TEXT) AS rest
    FROM ${OPEN_EVENTS} WHERE ${IS_OPEN} AND ${where.sql} GROUP BY 1`,
    ...where.params,
  );
  return rows.toArray().map(({ currency, count, millions, rest }) => ({
    currency,
    count,
    amount_minor: currency === null ? null : String(BigInt(millions) * BigInt(MILLION) + BigInt(rest)),
  }));
}

function countStates(sql: SqlStorage, since: number): StateCount[] {
  return sql
    .exec<{ state: EventSummary["state"]; count: number; attempts: number }>(
      `SELECT state, count(*) AS count, sum(attempts) AS attempts
      FROM events WHERE received_at >= ? GROUP BY state`,
      since,
    )
    .toArray();
}

function oldestOpen(sql: SqlStorage): number | null {
  return sql
    .exec<{ oldest: number | null }>(`SELECT min(received_at) AS oldest FROM ${OPEN_EVENTS} WHERE ${IS_OPEN}`)
    .one().oldest;
}
