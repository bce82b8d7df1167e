import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { askAllShards } from "../../../../src/event-index/all-shards.ts";
import { askShard, publish } from "../../../../src/event-index/call-shards.ts";
import { shardName, shardOf } from "../../../../src/event-index/shard.ts";
import type { EventSummary } from "../../../../src/event-index/event-summary.ts";

/** A shard that fails or is silent. What a real one answers is for the integration tests. */

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "warn").mockReturnValue();
  vi.stubGlobal("scheduler", { wait: async () => {} });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

type Shard = (name: string, call: number) => Promise<unknown>;

function indexOf(shards: number, shard: Shard) {
  const calls = new Map<string, number>();
  const getByName = (name: string) => ({
    page: () => {
      const call = (calls.get(name) ?? 0) + 1;
      calls.set(name, call);
      return shard(name, call);
    },
    publish: () => shard(name, 1),
    beginRead: async () => ({ ok: true, value: { generations: [shards], id: null } }),
  });
  return { calls, index: { env: { EVENT_INDEX: { getByName } } as unknown as Env, shards } };
}

const page = (stub: { page: (filter: object, before: null, limit: number) => unknown }) =>
  stub.page({}, null, 1) as Promise<{ ok: true; value: never[] }>;
const lost = () =>
  Promise.reject(Object.assign(new Error("words that must go nowhere"), { retryable: true }));
const found = () => Promise.resolve({ ok: true, value: [] });

it("lost once → asked again", async () => {
  const { index } = indexOf(1, (_, call) => (call === 1 ? lost() : found()));
  expect(await askShard(index, shardName(0, 1), page)).toEqual({ ok: true, value: [] });
});

it("lost three times → out of reach", async () => {
  const { index, calls } = indexOf(1, lost);
  expect(await askShard(index, shardName(0, 1), page)).toEqual({ ok: false, failure: "unreachable" });
  expect(calls.get("shard-0-of-1")).toBe(3);
});

it("silent for 10 s → out of reach", async () => {
  const { index } = indexOf(1, () => new Promise(() => undefined));
  const asked = askShard(index, shardName(0, 1), page);
  await vi.advanceTimersByTimeAsync(9_999);
  await vi.advanceTimersByTimeAsync(1);
  expect(await asked).toEqual({ ok: false, failure: "unreachable" });
});

it("answered → no timer is left behind", async () => {
  const { index } = indexOf(1, found);
  await askShard(index, shardName(0, 1), page);
  expect(vi.getTimerCount()).toBe(0);
});

it("all shards are asked, and one out of reach makes the whole answer null", async () => {
  const sound = indexOf(3, found);
  expect(await askAllShards(sound.index, page)).toEqual([[], [], []]);
  expect([...sound.calls.keys()]).toEqual([0, 1, 2].map((shard) => shardName(shard, 3)));
  const holed = indexOf(3, (name) =>
    name === shardName(1, 3) ? Promise.resolve({ ok: false, failure: "unreachable" }) : found(),
  );
  expect(await askAllShards(holed.index, page)).toBeNull();
});

it("a row goes to its event's shard; not taken → rejects, so that the event publishes again", async () => {
  const asked: string[] = [];
  const { index } = indexOf(8, async (name) => {
    asked.push(name);
    return { ok: false, failure: "unreachable" };
  });
  await expect(publish(index, { event_id: "evt_1" } as EventSummary)).rejects.toMatchObject({
    name: "IndexUnavailable",
  });
  expect(asked).toEqual([shardName(shardOf("evt_1", 8), 8)]);
});
