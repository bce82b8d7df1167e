/** The shards' numbers put together. Pure. */
import { z } from "zod";
import { stateSchema } from "./event-summary.ts";
import { moneySchema, sumByCurrency } from "./sum-by-currency.ts";
import { countSchema } from "../wire-schemas.ts";
import type { ShardStats, StateCount } from "./shard-stats.ts";

export const LAST_24H_MS = 86_400_000;

export const statsSchema = z.strictObject({
  /** Every state, with a zero where there is none. */
  states: z.record(z.string(), countSchema),
  open: z.array(moneySchema).readonly(),
  oldest_open_age_seconds: countSchema.nullable(),
  rescues: countSchema,
  /** Requests to the ledger that the kept events took. */
  attempts: countSchema,
  /** `received`: the events that came in the last 24 hours. The rest: where these stand now, and what they took. */
  last_24h: z.strictObject({
    received: countSchema,
    forwarded: countSchema,
    failed: countSchema,
    ignored: countSchema,
    resolved: countSchema,
    attempts: countSchema,
  }),
});
export type Stats = z.infer<typeof statsSchema>;

export function combineStats(shards: readonly ShardStats[], now: number): Stats {
  const all = shards.flatMap((shard) => shard.states);
  const recent = shards.flatMap((shard) => shard.recent);
  const oldest = shards.flatMap((shard) => shard.oldest_open_received_at ?? []);
  return {
    states: Object.fromEntries(stateSchema.options.map((state) => [state, countOf(all, state)])),
    open: sumByCurrency(shards.flatMap((shard) => shard.open)),
    oldest_open_age_seconds:
      oldest.length === 0 ? null : Math.max(0, Math.floor((now - Math.min(...oldest)) / 1_000)),
    rescues: sum(shards.map((shard) => shard.rescues)),
    attempts: sum(all.map((count) => count.attempts)),
    last_24h: {
      received: sum(recent.map((count) => count.count)),
      forwarded: countOf(recent, "forwarded"),
      failed: countOf(recent, "failed"),
      ignored: countOf(recent, "ignored"),
      resolved: countOf(recent, "resolved"),
      attempts: sum(recent.map((count) => count.attempts)),
    },
  };
}

function countOf(counts: readonly StateCount[], state: StateCount["state"]): number {
  return sum(counts.flatMap((count) => (count.state === state ? count.count : [])));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
