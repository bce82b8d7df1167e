import { expect, it } from "vitest";
import { shardName, shardOf } from "../../../../src/event-index/shard.ts";

const ALL = 2 ** 32;

/** From the FNV authors' own test vectors (32 bits, 1a). A changed hash would lose every row. */
it.each([
  ["", 0x811c9dc5],
  ["a", 0xe40c292c],
  ["foobar", 0xbf9cf968],
])("%j hashes to %i", (text, hash) => {
  expect(shardOf(text, ALL)).toBe(hash);
});

it.each([1, 2, 8, 64])("%i shards → all are used, and none by far the most", (shards) => {
  const counts = new Map<number, number>();
  for (let i = 0; i < 10_000; i++) {
    const shard = shardOf(`evt_1${i.toString(36)}`, shards);
    counts.set(shard, (counts.get(shard) ?? 0) + 1);
  }
  expect(counts.size).toBe(shards);
  expect(Math.max(...counts.values())).toBeLessThan((10_000 / shards) * 1.5);
});

it("another number of shards → other objects", () => {
  expect(shardName(3, 8)).toBe("shard-3-of-8");
  expect(shardName(3, 4)).not.toBe(shardName(3, 8));
});
