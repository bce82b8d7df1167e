/**
 * Wakes overdue events. An event is woken by its own alarm; should the platform lose one, nothing
 * in the event's object would ever notice. So this checks from outside when each event was to be woken.
 *
 * An event that is not in the index cannot be checked: one whose very first attempt was cut off, and whose
 * alarm was lost besides. Stripe got no answer then, and delivers again.
 */
import { concurrently } from "../concurrently.ts";
import type { Config } from "../config.ts";
import { callEvent } from "../event/call-event.ts";
import { log } from "../log.ts";
import { allShardNames } from "../event-index/all-shards.ts";
import { askShard, type IndexPlace, NOTES_SHARD } from "../event-index/call-shards.ts";
import { shardNameOf } from "../event-index/shard.ts";
import type { Overdue } from "../event-index/overdue.ts";

/** Alarms may be a little late. */
const OVERDUE_MS = 60_000;
/**
 * One run may make 10,000 requests. With 600 shards, the most there can be, a question to all of them is 600.
 * At worst these pokes and five such questions (overdue, rescues, and three for the alerts) are 5,000, and
 * 8,000 while rows move from nearly as many older shards. The rest is for second tries; what a run cannot ask
 * any more, the next one does.
 */
const POKES_PER_SWEEP = 2_000;
/** The ledger may just be coming back: this is not the moment to overrun it. */
const POKES_AT_ONCE = 6;
/**
 * Starts nothing after this, so that it is over when the next one starts, which takes what is left. Measured
 * in the local runtime: 2,000 objects that need nothing are woken in 5 s, and with a ledger that answers in
 * 100 ms a poke takes 142 ms, so that 2,000 take 47 s. It is too short for all of them only once a poke takes
 * more than 720 ms.
 */
const SWEEP_BUDGET_MS = 240_000;

/**
 * Never throws: what fails is logged, and does not stop the rest. True when it
 * reached every shard, and noted that.
 */
export async function sweep(env: Env, config: Config): Promise<boolean> {
  const index = { env, shards: config.indexShards };
  const startedAt = Date.now();
  const { overdue, rescued, failed, reachedAll } = await rescueOverdue(index, startedAt);
  const wentThrough = reachedAll && (await noteSweep(index));
  log(overdue === 0 && wentThrough ? "info" : "warn", {
    msg: "sweep",
    went_through: wentThrough,
    overdue,
    rescued,
    failed,
    duration_ms: Date.now() - startedAt,
  });
  return wentThrough;
}

async function noteSweep(index: IndexPlace): Promise<boolean> {
  const noted = await askShard(index, NOTES_SHARD, (stub) => stub.noteSweep(Date.now()));
  return noted.ok;
}

type PokeOutcome = "rescued" | "not_needed" | "failed" | "out_of_time";

async function rescueOverdue(index: IndexPlace, startedAt: number) {
  const { overdue, reachedAll } = await collectOverdue(index, startedAt);
  const outcomes = await concurrently(overdue, POKES_AT_ONCE, async ({ event_id }) => ({
    event_id,
    outcome: await poke(index.env, event_id, startedAt),
  }));
  await countRescues(
    index,
    outcomes.flatMap(({ event_id, outcome }) => (outcome === "rescued" ? event_id : [])),
  );
  const count = (wanted: PokeOutcome) => outcomes.filter(({ outcome }) => outcome === wanted).length;
  return { overdue: overdue.length, rescued: count("rescued"), failed: count("failed"), reachedAll };
}

/**
 * Events that were not poked before come first, then the oldest due: within a shard, and over all of them.
 */
async function collectOverdue(
  index: IndexPlace,
  now: number,
): Promise<{ readonly overdue: readonly Overdue[]; readonly reachedAll: boolean }> {
  const { names, isComplete } = await allShardNames(index);
  const limit = Math.ceil(POKES_PER_SWEEP / names.length);
  const answers = await Promise.all(
    names.map((name) => askShard(index, name, (stub) => stub.takeOverdue(now - OVERDUE_MS, now, limit))),
  );
  const overdue = answers
    .flatMap((answer) => (answer.ok ? answer.value : []))
    .sort((a, b) => a.poked_at - b.poked_at || a.next_retry_at - b.next_retry_at);
  return { overdue, reachedAll: isComplete && answers.every(({ ok }) => ok) };
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
  const byShard = Map.groupBy(eventIds, (eventId) => shardNameOf(eventId, index.shards));
  await Promise.all(
    [...byShard].map(([name, { length }]) =>
      askShard(index, name, (stub) => stub.addRescues(sweepId, length)),
    ),
  );
}
