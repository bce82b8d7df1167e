/** The shards' numbers put together. Pure. */
import { z } from "zod";
import { stateSchema } from "./event-summary.ts";
import { moneySchema, sumByCurrency } from "./sum-by-currency.ts";
import { countSchema, isoTimeSchema } from "../wire-schemas.ts";
import type { ShardStats, StateCount } from "./shard-stats.ts";
import type { UnlistedAccount } from "./unlisted-accounts.ts";
import { sweepAgeSeconds } from "./sweep-age.ts";

export const LAST_24H_MS = 86_400_000;
/** A list to read, not to page through. */
const UNLISTED_NAMED_MAX = 20;

/** `account`: null for all that are not named. */
const unlistedAccountSchema = z.strictObject({
  account: z.string().nullable(),
  events: countSchema,
  first_at: isoTimeSchema,
  last_at: isoTimeSchema,
});

const refusedDeliveriesSchema = z.strictObject({
  reason: z.string(),
  last_24h: countSchema,
  total: countSchema.meta({ description: "Of the time that is kept." }),
  last_at: isoTimeSchema,
});

export const statsSchema = z.strictObject({
  /** Every state, with a zero where there is none. */
  states: z.record(z.string(), countSchema),
  open: z.array(moneySchema).readonly(),
  oldest_open_age_seconds: countSchema.nullable(),
  rescues: countSchema,
  last_sweep_age_seconds: countSchema.nullable().meta({
    description: "Since the cron last woke what was overdue; null: it has not run yet. Usually under 300.",
  }),
  /** Requests to the ledger that the kept events took. */
  attempts: countSchema,
  /**
   * `received`: the events that came in the last 24 hours, from the full hour on in which these began. The
   * rest: where they stand now, and what they took.
   */
  last_24h: z.strictObject({
    received: countSchema,
    forwarded: countSchema,
    failed: countSchema,
    ignored: countSchema,
    resolved: countSchema,
    attempts: countSchema,
  }),
  unlisted_accounts: z.array(unlistedAccountSchema).readonly().meta({
    description: "Connected accounts that are not listed, by events: 20 at most, then all others as one.",
  }),
  refused_deliveries: z.array(refusedDeliveriesSchema).readonly().meta({
    description: "Refused although Stripe signed them, or too large for the signature to be checked.",
  }),
});
export type Stats = z.infer<typeof statsSchema>;

export function combineStats(shards: readonly ShardStats[], now: number): Stats {
  const all = shards.flatMap((shard) => shard.states);
  const recent = shards.flatMap((shard) => shard.recent);
  const swept = shards.flatMap((shard) => shard.swept_at ?? []);
  const oldest = shards.flatMap((shard) => shard.oldest_open_received_at ?? []);
  return {
    states: Object.fromEntries(stateSchema.options.map((state) => [state, countOf(all, state)])),
    open: sumByCurrency(shards.flatMap((shard) => shard.open)),
    oldest_open_age_seconds:
      oldest.length === 0 ? null : Math.max(0, Math.floor((now - Math.min(...oldest)) / 1_000)),
    last_sweep_age_seconds: sweepAgeSeconds(swept.length === 0 ? null : Math.max(...swept), now),
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
    refused_deliveries: shards.flatMap(({ refused }) =>
      refused.map((one) => ({ ...one, last_at: new Date(one.last_at).toISOString() })),
    ),
    unlisted_accounts: rankUnlisted(shards.flatMap((shard) => shard.unlisted)),
  };
}

function rankUnlisted(all: readonly UnlistedAccount[]): Stats["unlisted_accounts"] {
  const named = all
    .filter(({ account }) => account !== null)
    .sort((a, b) => b.events - a.events || ((a.account ?? "") < (b.account ?? "") ? -1 : 1));
  const top = named.slice(0, UNLISTED_NAMED_MAX);
  const others = all.filter((one) => !top.includes(one));
  const together = {
    account: null,
    events: sum(others.map(({ events }) => events)),
    first_at: Math.min(...others.map(({ first_at }) => first_at)),
    last_at: Math.max(...others.map(({ last_at }) => last_at)),
  };
  return [...top, ...(others.length > 0 ? [together] : [])].map(({ account, events, first_at, last_at }) => ({
    account,
    events,
    first_at: new Date(first_at).toISOString(),
    last_at: new Date(last_at).toISOString(),
  }));
}

function countOf(counts: readonly StateCount[], state: StateCount["state"]): number {
  return sum(counts.flatMap((count) => (count.state === state ? count.count : [])));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
