/**
 * How many deliveries were refused although Stripe signed them, or were too large for that to be checked, by
 * hour and reason. One shard keeps them for the whole deployment: nothing else is kept of such a delivery,
 * and Stripe gives it up after three days.
 */
export interface RefusedDeliveries {
  readonly reason: string;
  readonly last_24h: number;
  /** Of all hours that are kept. */
  readonly total: number;
  /** Epoch milliseconds. */
  readonly last_at: number;
}

const HOUR_MS = 3_600_000;

/** A call that is repeated, because its answer was lost, counts twice: it is a number to look at. */
export function countRefused(sql: SqlStorage, counts: Readonly<Record<string, number>>, now: number): void {
  for (const [reason, deliveries] of Object.entries(counts)) {
    sql.exec(
      `INSERT INTO refused_deliveries VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET deliveries = deliveries + excluded.deliveries, last_at = max(last_at, excluded.last_at)`,
      now - (now % HOUR_MS),
      reason,
      deliveries,
      now,
    );
  }
}

/** By reason. `recentSince` counts from the full hour that it is in. */
export function refusedDeliveries(sql: SqlStorage, recentSince: number): RefusedDeliveries[] {
  const rows = sql.exec(
    `SELECT reason, coalesce(sum(deliveries) FILTER (WHERE hour > ?), 0) AS last_24h,
      sum(deliveries) AS total, max(last_at) AS last_at
    FROM refused_deliveries GROUP BY reason ORDER BY reason`,
    recentSince - HOUR_MS,
  );
  return rows.toArray() as unknown as RefusedDeliveries[];
}

export function purgeRefused(sql: SqlStorage, cutoff: number): void {
  sql.exec("DELETE FROM refused_deliveries WHERE last_at <= ?", cutoff);
}
