import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { NOTES_SHARD, publish } from "../../src/event-index/call-shards.ts";
import { type EventSummary, OPEN_STATES, type State } from "../../src/event-index/event-summary.ts";
import { findOpen, listEvents, readStats, sumOpen } from "../../src/event-index/queries.ts";
import { shardName, shardNames, shardOf } from "../../src/event-index/shard.ts";
import { sumByCurrency } from "../../src/event-index/sum-by-currency.ts";
import { emptyIndex, FAILED, fill, summary, T0 } from "../support/summaries.ts";
import { shardStub, withOverrides } from "../support/worker.ts";

/** `EVENT_INDEX_SHARDS` 8 → 12 on a living deployment: each event is seen exactly once, all the time. */

const OLD = { env, shards: 8 };
const NEW = { env, shards: 12 };
const HOUR = 3_600_000;
const EVENTS = 9_000;
const STATES: readonly State[] = ["forwarded", "failed", "resolved", "ignored", "forwarded", "received"];

/** What each event published last. */
let truth: Map<string, EventSummary>;

beforeEach(async () => {
  await emptyIndex();
  await inEach(shardNames(12), (_, { storage }) => {
    storage.sql.exec("DELETE FROM events");
    for (const [key] of storage.kv.list()) if (key !== "schema") storage.kv.delete(key);
  });
  // The notes know of the first generation, as they do once anybody has asked.
  await listEvents(OLD, {}, null, 1);
  const rows = Array.from({ length: EVENTS }, (_, i) => event(i, 1));
  await fill(rows);
  truth = new Map(rows.map((row) => [row.event_id, row]));
});
afterEach(async () => {
  await deploy(8);
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function event(i: number, revision: number, state = STATES[(i + revision) % STATES.length] ?? "failed") {
  const received_at = T0 + i * 60_000;
  const fields = state === "failed" ? FAILED : {};
  const amounts = { amount_minor: String(i + revision), currency: i % 3 === 0 ? "EUR" : "USD" };
  return summary({
    event_id: `evt_r${i}`,
    revision,
    received_at,
    updated_at: T0,
    ...fields,
    state,
    ...amounts,
  });
}

const stub = (name: string) => env.EVENT_INDEX.getByName(name);
const inEach = (names: readonly string[], act: (object: object, state: DurableObjectState) => unknown) =>
  Promise.all(names.map((name) => runInDurableObject(stub(name), act)));

/** The shards of the smaller number run with this one from now on. */
async function deploy(shards: number, overrides: Record<string, unknown> = {}): Promise<void> {
  const value = withOverrides({ EVENT_INDEX_SHARDS: `${shards}`, ...overrides });
  await inEach(shardNames(8), (object) =>
    Object.defineProperty(object, "env", { configurable: true, value }),
  );
}

const runMove = async () => {
  await runInDurableObject(shardStub(NOTES_SHARD), (_, { storage }) => storage.setAlarm(Date.now()));
  return runDurableObjectAlarm(shardStub(NOTES_SHARD));
};

const rowsIn = async (shards: number) => {
  const counts = await inEach(
    shardNames(shards),
    (_, { storage }) => storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM events").one().n,
  );
  return (counts as number[]).reduce((total, n) => total + n, 0);
};

/** Publishes it by a Worker of that deployment. */
async function change(place: typeof OLD, row: EventSummary): Promise<void> {
  await publish(place, row);
  const before = truth.get(row.event_id);
  if (before === undefined || before.revision < row.revision) truth.set(row.event_id, row);
}

const newestFirst = (a: EventSummary, b: EventSummary) => b.received_at - a.received_at;

/** What the truth says of lists, sums and statistics. */
function expected() {
  const rows = [...truth.values()].toSorted(newestFirst);
  const open = rows.filter(({ state }) => OPEN_STATES.some((one) => one === state));
  const money = sumByCurrency(
    open.map(({ currency, amount_minor }) => ({ currency, amount_minor, count: 1 })),
  );
  const states = Object.fromEntries(
    [...OPEN_STATES, "forwarded", "resolved", "ignored"].map((state) => [
      state,
      rows.filter((row) => row.state === state).length,
    ]),
  );
  const failed = rows.filter(({ state }) => state === "failed").map(({ event_id }) => event_id);
  return { rows, failed: failed.toSorted(), money, states, openInStats: money };
}

async function shown(place: typeof OLD) {
  const [list, failed, money, stats] = await Promise.all([
    listEvents(place, {}, null, EVENTS * 2),
    findOpen(place, { state: "failed" }, null, EVENTS * 2),
    sumOpen(place, {}),
    readStats(place, Date.now()),
  ]);
  return {
    rows: list?.events,
    failed: failed?.map(({ event_id }) => event_id).toSorted(),
    money,
    states: stats?.states,
    openInStats: stats?.open,
  };
}

it("8 → 12 under load: lists, sums and statistics are true at every moment, and the old generation ends empty", async () => {
  expect(await shown(OLD)).toEqual(expected());
  // The first Workers of the deploy ask, before any shard runs with the new number.
  expect(await shown(NEW)).toEqual(expected());
  await runMove();
  expect(await rowsIn(8)).toBe(EVENTS);
  await deploy(12);
  let revision = 1;
  for (let round = 0; (await rowsIn(8)) > 0; round++) {
    expect(round).toBeLessThan(10);
    revision++;
    const move = runMove();
    for (let i = 0; i < 40; i++) {
      const place = i % 4 === 0 ? OLD : NEW;
      const n = (i * 997 + round * 131) % EVENTS;
      await change(place, event(n, revision));
      if (i % 5 === 0) await change(place, event(n, revision - 1));
      if (i % 8 === 0) await change(place, event(EVENTS + round * 100 + i, 1));
    }
    expect(await shown(round % 2 === 0 ? NEW : OLD)).toEqual(expected());
    await move;
    expect(await shown(NEW)).toEqual(expected());
  }
  expect(await rowsIn(12)).toBe(truth.size);

  // Nobody asks the old generation any more, and what an old Worker publishes there is still seen.
  await runMove();
  vi.setSystemTime(Date.now() + 25 * HOUR);
  await runMove();
  const asked: string[] = [];
  const EVENT_INDEX = {
    getByName: (name: string) => {
      asked.push(name);
      return stub(name);
    },
  };
  const place = { env: withOverrides({ EVENT_INDEX }), shards: 12 };
  expect((await shown(place)).rows).toEqual(expected().rows);
  expect(asked.filter((name) => name.endsWith("-of-8"))).toEqual([]);
  await change(OLD, event(EVENTS * 2, 1));
  expect((await shown(NEW)).rows).toEqual(expected().rows);
}, 120_000);

/** Rows that were received are not deleted before `open` is called. */
function gate() {
  const state = { reached: 0, isOpen: false };
  const receiveMoved = async (name: string, rows: never[]) => {
    const answer = await stub(name).receiveMoved(rows);
    state.reached++;
    while (!state.isOpen) await scheduler.wait(5);
    return answer;
  };
  const EVENT_INDEX = {
    getByName: (name: string) => ({ receiveMoved: (rows: never[]) => receiveMoved(name, rows) }),
  };
  const untilReached = () => vi.waitFor(() => expect(state.reached).toBeGreaterThan(0));
  return { EVENT_INDEX, untilReached, open: () => (state.isOpen = true) };
}

it("rows are in two places for a moment → who reads waits for it", async () => {
  const { EVENT_INDEX, untilReached, open } = gate();
  await shown(NEW);
  await deploy(12, { EVENT_INDEX });
  const move = runMove();
  await untilReached();
  const reading = shown(NEW);
  await scheduler.wait(100);
  open();
  expect(await reading).toEqual(expected());
  await move;
});

it("a row changes while it moves → the change is not lost, and the row is in one place", async () => {
  const { EVENT_INDEX, untilReached, open } = gate();
  await shown(NEW);
  await deploy(12, { EVENT_INDEX });
  const move = runMove();
  await untilReached();
  const changing = Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((i) => change(NEW, event(i, 2))));
  await scheduler.wait(100);
  open();
  await Promise.all([move, changing]);
  expect(await shown(NEW)).toEqual(expected());
  expect((await rowsIn(8)) + (await rowsIn(12))).toBe(EVENTS);
});

it("rows are purged while they move → the counters of their old shard end at nothing", async () => {
  const { EVENT_INDEX, untilReached, open } = gate();
  await shown(NEW);
  await deploy(12, { EVENT_INDEX });
  const move = runMove();
  await untilReached();
  await inEach(shardNames(8), (_, { storage }) => storage.setAlarm(Date.now()));
  for (const name of shardNames(8)) expect(await runDurableObjectAlarm(stub(name))).toBe(true);
  expect(await rowsIn(8)).toBeLessThan(EVENTS);
  open();
  await move;
  while ((await rowsIn(8)) > 0) await runMove();
  const left = await Promise.all(shardNames(8).map(async (name) => await stub(name).stats(0)));
  expect(left.map((stats) => stats.ok && stats.value.states)).toEqual(shardNames(8).map(() => []));
});

it.each<[string, (id: string) => unknown]>([
  ["says that it is done", (id) => shardStub(NOTES_SHARD).endRead(id)],
  ["is gone for 15 s", () => vi.setSystemTime(Date.now() + 15_000)],
])("somebody reads → nothing moves until who reads %s", async (_, end) => {
  await shown(NEW);
  await deploy(12);
  const read = await shardStub(NOTES_SHARD).beginRead(12);
  const move = runMove();
  await scheduler.wait(200);
  expect(await rowsIn(8)).toBe(EVENTS);
  await end((read.ok && read.value.id) || "");
  await move;
  expect(await rowsIn(8)).toBeLessThan(EVENTS);
});

it("the answer of a shard that received rows is lost → the rows are seen once, by whoever asks first", async () => {
  let lost = 0;
  const EVENT_INDEX = {
    getByName: (name: string) => ({
      receiveMoved: async (rows: never[]) => {
        const answer = await stub(name).receiveMoved(rows);
        if (++lost > 3) return answer;
        throw new Error("lost");
      },
    }),
  };
  await shown(NEW);
  await deploy(12, { EVENT_INDEX });
  await runMove();
  expect(lost).toBeGreaterThan(0);
  expect((await rowsIn(8)) + (await rowsIn(12))).toBeGreaterThan(EVENTS);
  expect(await shown(NEW)).toEqual(expected());
  expect((await rowsIn(8)) + (await rowsIn(12))).toBe(EVENTS);
});

it("a shard that is to receive rows is out of reach → 503 rather than a row twice, until it is back", async () => {
  const broken = { receiveMoved: () => Promise.reject(new Error("out of reach")) };
  const EVENT_INDEX = {
    getByName: (name: string) => (name === shardName(3, 12) ? broken : stub(name)),
  };
  await shown(NEW);
  await deploy(12, { EVENT_INDEX });
  await runMove();
  expect((await shown(NEW)).rows).toBeUndefined();
  await deploy(12);
  expect(await shown(NEW)).toEqual(expected());
});

it("what was reported stays reported, and what was counted stays counted", async () => {
  const failed = [...truth.values()].find(({ state }) => state === "failed");
  if (failed === undefined) throw new Error("there is one");
  const old = stub(shardName(shardOf(failed.event_id, 8), 8));
  await old.markReported([failed]);
  await old.markLongOpenReported(failed.received_at);
  await stub(shardName(2, 8)).addRescues("sweep", 5);
  await stub(shardName(2, 8)).countUnlisted("acct_1", 7);
  await shown(NEW);
  await deploy(12);
  while ((await rowsIn(8)) > 0) await runMove();
  await runMove();
  const name = shardName(shardOf(failed.event_id, 12), 12);
  const told = await runInDurableObject(stub(name), (_, { storage: { sql } }) =>
    ["told", "told_open"].map((table) => sql.exec(`SELECT event_id FROM ${table}`).toArray()),
  );
  expect(told).toEqual([[{ event_id: failed.event_id }], [{ event_id: failed.event_id }]]);
  expect(await readStats(NEW, Date.now())).toMatchObject({
    rescues: 5,
    unlisted_accounts: [{ account: "acct_1", events: 1 }],
  });
});

it("without an older generation → publishing asks one object, and that asks none", async () => {
  const name = shardName(shardOf("evt_cost", 8), 8);
  await publish(OLD, summary({ event_id: "evt_cost" }));
  const asked = vi.spyOn(Object.getPrototypeOf(env.EVENT_INDEX), "getByName");
  await publish(OLD, summary({ event_id: "evt_cost", revision: 2 }));
  expect(asked.mock.calls).toEqual([[name]]);
});
