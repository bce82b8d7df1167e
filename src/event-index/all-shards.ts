/**
 * Every shard that may have rows: those that events are published to and, for as long as a raised number of shards has rows
 * to move, those of the smaller number too.
 */
import type { RpcResult } from "../durable-object/rpc.ts";
import { askShard, type IndexPlace, NOTES_SHARD, type ShardStub } from "./call-shards.ts";
import { shardNames } from "./shard.ts";

/**
 * All shards' answers, or null if one is out of reach: a list with a gap would seem complete. Meanwhile no row moves from
 * one shard to another, so that none is seen twice or not at all.
 */
export async function askAllShards<T>(
  index: IndexPlace,
  ask: (stub: ShardStub) => Promise<RpcResult<T>>,
): Promise<readonly T[] | null> {
  const read = await askShard(index, NOTES_SHARD, (stub) => stub.beginRead(index.shards));
  if (!read.ok) return null;
  const { generations, id } = read.value;
  const names = generations.flatMap(shardNames);
  const answers = await Promise.all(names.map((name) => askShard(index, name, ask)));
  if (id !== null) await askShard(index, NOTES_SHARD, (stub) => stub.endRead(id));
  const values = answers.flatMap((answer) => (answer.ok ? [answer.value] : []));
  return values.length === answers.length ? values : null;
}

/** For what may see a row twice or only the next time. `isComplete`: false when nobody knows whether these are all. */
export async function allShardNames(
  index: IndexPlace,
): Promise<{ readonly names: readonly string[]; readonly isComplete: boolean }> {
  const known = await askShard(index, NOTES_SHARD, (stub) => stub.generations(index.shards));
  const generations = known.ok ? known.value : [index.shards];
  return { names: generations.flatMap(shardNames), isComplete: known.ok };
}
