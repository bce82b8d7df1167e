import { expect, it } from "vitest";
import type { ShardStats } from "../../../../src/event-index/shard-stats.ts";
import { combineStats } from "../../../../src/event-index/stats.ts";

const shard = (fields: Partial<ShardStats>): ShardStats => ({
  states: [],
  recent: [],
  open: [],
  oldest_open_received_at: null,
  rescues: 0,
  ...fields,
});

it("shards → their sums, every state, and the age of the oldest open event", () => {
  const usd = (count: number, amount_minor: string) => [{ currency: "USD", count, amount_minor }];
  const stats = combineStats(
    [
      shard({
        states: [
          { state: "forwarded", count: 5, attempts: 6 },
          { state: "failed", count: 1, attempts: 9 },
        ],
        recent: [
          { state: "forwarded", count: 2, attempts: 3 },
          { state: "failed", count: 1, attempts: 9 },
          { state: "received", count: 4, attempts: 0 },
        ],
        open: usd(1, "10"),
        oldest_open_received_at: 7_000,
        rescues: 2,
      }),
      shard({
        states: [{ state: "forwarded", count: 7, attempts: 7 }],
        recent: [
          { state: "ignored", count: 8, attempts: 0 },
          { state: "resolved", count: 16, attempts: 1 },
        ],
        open: usd(2, "5"),
        oldest_open_received_at: 5_001,
        rescues: 1,
      }),
      shard({}),
    ],
    10_000,
  );
  expect(stats).toEqual({
    states: { received: 0, forwarding: 0, failed: 1, forwarded: 12, resolved: 0, ignored: 0 },
    open: usd(3, "15"),
    oldest_open_age_seconds: 4,
    rescues: 3,
    attempts: 22,
    last_24h: { received: 31, forwarded: 2, failed: 1, ignored: 8, resolved: 16, attempts: 13 },
  });
});

it("nothing open → no age; an event that a shard's clock puts in the future → none yet", () => {
  expect(combineStats([shard({})], 10_000).oldest_open_age_seconds).toBeNull();
  expect(combineStats([shard({ oldest_open_received_at: 12_000 })], 10_000).oldest_open_age_seconds).toBe(0);
});
