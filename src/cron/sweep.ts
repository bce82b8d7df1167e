/**
 * Wakes overdue events, and purges the index. An event is woken by its own alarm; should the platform lose one, nothing
 * in the event's object would ever notice. So this checks from outside when each event was to be woken.
 *
 * An event that is not in the index cannot be checked: one whose very first attempt was cut off, and whose alarm was lost
 * besides. Stripe got no answer then, and delivers again.
 */
import { concurrently } from "../concurrently.ts";
import type { Config } from "../config.ts";
import { callEvent } from "../event/call-event.ts";
import { log } from "../log.ts";
import { askShard, type IndexPlace, shardNumbers } from "../event-index/call-shards.ts";
import { shardOf } from "../event-index/shard.ts";
import type { Overdue } from "../event-index/overdue.ts";

/** Alarms may be a little late. */
const OVERDUE_MS = 60_000;
/** Together with the purge well under the 1,000 requests that one run may make. */
const POKES_PER_SWEEP = 400;
const PURGES_PER_SWEEP = 160;
const PURGE_BATCH = 1_000;
/** The ledger may just be coming back: this is not the moment to overrun it. */
const POKES_AT_ONCE = 6;
/** Starts nothing after this, so that it is over when the next one starts, which takes what is left. */
const SWEEP_BUDGET_MS = 240_000;

/** Never throws: what fails is logged, and does not stop the rest. */
export async function sweep(env: Env, config: Config): Promise<void> {
  const index = { env, shards: config.indexShards };
  const startedAt = Date.now();
  const [rescue, purged] = await Promise.all([
    rescueOverdue(index, startedAt),
    purgeExpired(index, startedAt - config.retentionMs),
  ]);
  const { overdue, rescued, failed } = rescue;
  log(overdue === 0 ? "info" : "warn", {
    msg: "sweep",
    overdue,
    rescued,
    failed,
    purged,
    duration_ms: Date.now() - startedAt,
  });
}

type PokeOutcome = "rescued" | "not_needed" | "failed" | "out_of_time";

async function rescueOverdue(index: IndexPlace, startedAt: number) {
  const overdue = await collectOverdue(index, startedAt);
  const outcomes = await concurrently(overdue, POKES_AT_ONCE, async ({ event_id }) => ({
    event_id,
    outcome: await poke(index.env, event_id, startedAt),
  }));
  await countRescues(
    index,
    outcomes.flatMap(({ event_id, outcome }) => (outcome === "rescued" ? event_id : [])),
  );
  const count = (wanted: PokeOutcome) => outcomes.filter(({ outcome }) => outcome === wanted).length;
  return { overdue: overdue.length, rescued: count("rescued"), failed: count("failed") };
}

/** Events that were not poked before come first, then the oldest due: within a shard, and over all of them. */
async function collectOverdue(index: IndexPlace, now: number): Promise<Overdue[]> {
  const limit = Math.ceil(POKES_PER_SWEEP / index.shards);
  const answers = await Promise.all(
    shardNumbers(index).map((shard) =>
      askShard(index, shard, (stub) => stub.takeOverdue(now - OVERDUE_MS, now, limit)),
    ),
  );
  return answers
    .flatMap((answer) => (answer.ok ? answer.value : []))
    .sort((a, b) => a.poked_at - b.poked_at || a.next_retry_at - b.next_retry_at);
}

async function poke(env: Env, eventId: string, startedAt: number): Promise<PokeOutcome> {
  if (Date.now() - startedAt > SWEEP_BUDGET_MS) return "out_of_time";
  const poked = await callEvent(env, eventId, (stub) => stub.poke());
  if (!poked.ok) {
    log("error", { msg: "poke_failed", event_id: eventId });
    return "failed";
  }
  if (!poked.value) return "not_needed";
  log("warn", { msg: "event_rescued", event_id: eventId });
  return "rescued";
}

async function countRescues(index: IndexPlace, eventIds: readonly string[]): Promise<void> {
  const sweepId = crypto.randomUUID();
  const byShard = Map.groupBy(eventIds, (eventId) => shardOf(eventId, index.shards));
  await Promise.all(
    [...byShard].map(([shard, { length }]) =>
      askShard(index, shard, (stub) => stub.addRescues(sweepId, length)),
    ),
  );
}

/** In batches, so that no shard delays its events' rows for long. */
async function purgeExpired(index: IndexPlace, cutoff: number): Promise<number> {
  const batches = Math.ceil(PURGES_PER_SWEEP / index.shards);
  const purged = await Promise.all(
    shardNumbers(index).map(async (shard) => {
      let rows = 0;
      for (let batch = 0; batch < batches; batch++) {
        const gone = await askShard(index, shard, (stub) => stub.purge(cutoff, PURGE_BATCH));
        rows += gone.ok ? gone.value : 0;
        if (!gone.ok || gone.value < PURGE_BATCH) break;
      }
      return rows;
    }),
  );
  return purged.reduce((total, rows) => total + rows, 0);
}
