import { describe, expect, it } from "vitest";
import type { ShardStats } from "../../../../src/event-index/shard-stats.ts";
import { combineStats } from "../../../../src/event-index/stats.ts";

const shard = (fields: Partial<ShardStats>): ShardStats => ({
  states: [],
  recent: [],
  open: [],
  oldest_open_received_at: null,
  rescues: 0,
  unlisted: [],
  refused: [],
  swept_at: null,
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
        swept_at: 7_000,
        refused: [{ reason: "livemode_mismatch", last_24h: 1, total: 3, last_at: 9_000 }],
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
    last_sweep_age_seconds: 3,
    rescues: 3,
    attempts: 22,
    last_24h: { received: 31, forwarded: 2, failed: 1, ignored: 8, resolved: 16, attempts: 13 },
    refused_deliveries: [
      { reason: "livemode_mismatch", last_24h: 1, total: 3, last_at: new Date(9_000).toISOString() },
    ],
    unlisted_accounts: [],
  });
});

it("no sweep yet → no age", () => {
  expect(combineStats([shard({})], 10_000).last_sweep_age_seconds).toBeNull();
});

it("nothing open → no age; an event that a shard's clock puts in the future → none yet", () => {
  expect(combineStats([shard({})], 10_000).oldest_open_age_seconds).toBeNull();
  expect(combineStats([shard({ oldest_open_received_at: 12_000 })], 10_000).oldest_open_age_seconds).toBe(0);
});

describe("connected accounts that are not listed", () => {
  const unlisted = (account: string | null, events: number, first_at = 5, last_at = 9) => ({
    account,
    events,
    first_at,
    last_at,
  });
  const ranked = (...shards: ReturnType<typeof unlisted>[][]) =>
    combineStats(
      shards.map((its) => shard({ unlisted: its })),
      10_000,
    ).unlisted_accounts;
  const at = (ms: number) => new Date(ms).toISOString();

  it("most events first, over all shards; of as many, by id", () => {
    const all = ranked([unlisted("acct_b", 2), unlisted("acct_a", 2)], [unlisted("acct_c", 3, 1, 7)]);
    expect(all).toEqual([
      { account: "acct_c", events: 3, first_at: at(1), last_at: at(7) },
      { account: "acct_a", events: 2, first_at: at(5), last_at: at(9) },
      { account: "acct_b", events: 2, first_at: at(5), last_at: at(9) },
    ]);
  });

  it("20 by name, and all others as one, last, however many events that is", () => {
    const many = Array.from({ length: 22 }, (_, n) => unlisted(`acct_${n}`, 100 - n, n, 50 + n));
    const all = ranked(many, [unlisted(null, 1_000, 3, 4)]);
    expect(all).toHaveLength(21);
    expect(all[19]).toMatchObject({ account: "acct_19", events: 81 });
    expect(all[20]).toEqual({ account: null, events: 1_000 + 80 + 79, first_at: at(3), last_at: at(71) });
  });
});
