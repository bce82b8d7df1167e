import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import {
  array,
  assert,
  asyncProperty,
  constant,
  constantFrom,
  integer,
  nat,
  oneof,
  record,
  tuple,
} from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { upsert } from "../../src/event-index/events-table.ts";
import type { EventSummary } from "../../src/event-index/event-summary.ts";
import { OPEN_STATES, stateSchema } from "../../src/event-index/event-summary.ts";
import { sumByCurrency } from "../../src/event-index/sum-by-currency.ts";
import type { ShardStats, StateCount } from "../../src/event-index/shard-stats.ts";
import { emptyIndex, FAILED, meterShard, summary } from "../support/summaries.ts";
import { crash, shardStub } from "../support/worker.ts";

/**
 * A shard's statistics come from counters and the few rows that these do not
 * have: always what a scan would find.
 */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** The clock's first time: see `emptyIndex`. */
const START = Date.UTC(2031, 0, 1);

beforeEach(emptyIndex);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const stub = () => shardStub(0);

async function stats(): Promise<ShardStats> {
  const answer = await stub().stats(Date.now() - DAY);
  if (!answer.ok) throw new Error(answer.failure);
  return answer.value as ShardStats;
}

const inShard = <T>(act: (state: DurableObjectState) => T) =>
  runInDurableObject(stub(), (_, state) => act(state));
const upkeep = async () => {
  await inShard(({ storage }) => storage.setAlarm(Date.now()));
  await runDurableObjectAlarm(stub());
};
const publishAll = (rows: readonly EventSummary[]) =>
  inShard(({ storage }) =>
    storage.transactionSync(() => rows.forEach((row) => upsert(storage, row, Date.now()))),
  );
const newRows = (count: number, from: number, fields: Partial<EventSummary> = {}) =>
  Array.from({ length: count }, (_, i) =>
    summary({ event_id: `evt_new${from + i}`, received_at: from + i, updated_at: from + i, ...fields }),
  );

/** What the statistics must say, from every row. */
async function scan() {
  const rows = (await inShard(({ storage }) =>
    storage.sql.exec("SELECT * FROM events").toArray(),
  )) as unknown as EventSummary[];
  const since = Date.now() - DAY;
  const open = rows.filter(({ state }) => OPEN_STATES.some((one) => one === state));
  return {
    states: byState(rows.map(({ state, attempts }) => ({ state, count: 1, attempts }))),
    recent: byState(
      rows
        .filter(({ received_at }) => received_at >= since - (since % HOUR))
        .map(({ state, attempts }) => ({ state, count: 1, attempts })),
    ),
    open: sumByCurrency(
      open.map(({ amount_minor, currency }) => ({
        currency: amount_minor === null ? null : currency,
        count: 1,
        amount_minor,
      })),
    ),
    oldest: open.length === 0 ? null : Math.min(...open.map(({ received_at }) => received_at)),
  };
}

function byState(counts: readonly StateCount[]) {
  return stateSchema.options.flatMap((state) => {
    const its = counts.filter((one) => one.state === state);
    const sum = (of: "count" | "attempts") => its.reduce((total, one) => total + one[of], 0);
    return its.length === 0 ? [] : [{ state, count: sum("count"), attempts: sum("attempts") }];
  });
}

/** The same of what the statistics say. */
async function shown(): ReturnType<typeof scan> {
  const { states, recent, open, oldest_open_received_at } = await stats();
  return {
    states: byState(states),
    recent: byState(recent),
    open: sumByCurrency(open),
    oldest: oldest_open_received_at,
  };
}

type Step = (event: { revision: number }) => Promise<unknown>;

const change = record({
  state: constantFrom(...stateSchema.options),
  attempts: nat(5),
  amount_minor: constantFrom("1", "9007199254740991", null),
  currency: constantFrom("USD", "EUR", null),
});
/** A few events that change again and again, now and then by a revision that is older. */
const publishOne = tuple(nat(6), integer({ min: -2, max: 2 }), change).map(
  ([event, ahead, fields]): [string, Step] => [
    `event ${event} becomes ${fields.state}, ${ahead} ahead`,
    (at) => {
      const revision = (at.revision += 2) + ahead;
      const received_at = START - 20 * HOUR + event * 5 * HOUR;
      const updated_at = received_at;
      return stub().publish(
        summary({ event_id: `evt_${event}`, received_at, updated_at, revision, ...fields }),
      );
    },
  ],
);
const publishMany = change.map((fields): [string, Step] => [
  `600 come, ${fields.state}`,
  () => publishAll(newRows(600, Date.now(), fields)),
]);
const passTime = constantFrom(1, 12, 24 * 20).map((hours): [string, Step] => [
  `${hours} h pass`,
  async () => vi.setSystemTime(Date.now() + hours * HOUR),
]);
const runAlarm = constant<[string, Step]>(["alarm", upkeep]);
const restart = constant<[string, Step]>(["restart", () => crash(stub())]);

it("any sequence of changes, hours, alarms, purges and restarts → the statistics are what a scan finds", async () => {
  const step = oneof({ weight: 4, arbitrary: publishOne }, publishMany, passTime, runAlarm, restart);
  await assert(
    asyncProperty(array(step, { maxLength: 14 }), async (steps) => {
      await emptyIndex();
      const at = { revision: 10 };
      for (const [, run] of steps) {
        await run(at);
        expect(await shown()).toEqual(await scan());
      }
    }),
    { numRuns: 25, examples: [[[]]] },
  );
});

describe("a shard that an earlier version filled", () => {
  it("→ exact from the first request on, and counted by a few alarms", async () => {
    await inShard(({ storage }) => {
      const rows = [...newRows(12_000, START - 40 * HOUR), ...newRows(30, START - HOUR, FAILED)];
      storage.transactionSync(() => rows.forEach((row) => upsert(storage, row, Date.now())));
      storage.kv.delete("counters");
      storage.kv.delete("counted_to");
    });
    const { read } = await meterShard(0);
    expect(await shown()).toEqual(await scan());
    expect(read()).toBeGreaterThan(12_000);
    for (let alarms = 0; alarms < 3; alarms++) {
      await upkeep();
      expect(await shown()).toEqual(await scan());
    }
    const before = read();
    await stats();
    expect(read() - before).toBeLessThan(10);
  });
});

describe("what counting costs", () => {
  it("2,000 settled events, one after the other → a row each, and 2 for every 250", async () => {
    const { rows } = await meterShard(0);
    for (const row of newRows(2_000, START)) await stub().publish(row);
    expect(rows()).toBe(2_000 + 2 * 7);
    expect(await shown()).toEqual(await scan());
  });

  it.each<[string, Partial<EventSummary>, number]>([
    ["a settled event whose row comes late: 1 row more", {}, 2],
    ["a failed one: 1 row more", FAILED, 4],
  ])("%s", async (_, fields, cost) => {
    await publishAll(newRows(1_000, START - HOUR));
    await upkeep();
    const { rows } = await meterShard(0);
    await stub().publish(summary({ received_at: START - 2 * HOUR, ...fields }));
    expect(rows()).toBe(cost);
    await stub().publish(summary({ received_at: START - 2 * HOUR, ...fields }));
    expect(rows()).toBe(cost);
    expect(await shown()).toEqual(await scan());
  });

  it("20,000 stored, an hour later → the statistics read as many rows as of 250: next to none", async () => {
    const readsOf = async (count: number) => {
      await emptyIndex();
      await publishAll(newRows(count, START - HOUR));
      for (let alarms = 0; alarms < 5; alarms++) await upkeep();
      const { read } = await meterShard(0);
      await stats();
      return read();
    };
    const few = await readsOf(250);
    expect(await readsOf(20_000)).toBe(few);
    expect(few).toBeLessThan(10);
  });
});
