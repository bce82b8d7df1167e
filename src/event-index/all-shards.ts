/**
 * Every shard that may have rows: those that events are published to and, for as long as a raised number of
 * shards has rows to move, those of the smaller number too.
 */
import type { RpcResult } from "../durable-object/rpc.ts";
import { askShard, type IndexPlace, NOTES_SHARD, type ShardStub } from "./call-shards.ts";
import { shardNames } from "./shard.ts";

/**
 * What is read of all shards, named to `read`. Meanwhile no row moves from one shard to another, so that none
 * is seen twice or not at all. null: something is out of reach.
 */
export async function readAllShards<T>(
  index: IndexPlace,
  read: (names: readonly string[]) => Promise<T | null>,
): Promise<T | null> {
  const begun = await askShard(index, NOTES_SHARD, (stub) => stub.beginRead(index.shards));
  if (!begun.ok) return null;
  const { generations, id } = begun.value;
  const value = await read(generations.flatMap(shardNames));
  if (id !== null) await askShard(index, NOTES_SHARD, (stub) => stub.endRead(id));
  return value;
}

/** All shards' answers. */
export function askAllShards<T>(
  index: IndexPlace,
  ask: (stub: ShardStub) => Promise<RpcResult<T>>,
): Promise<readonly T[] | null> {
  return readAllShards(index, (names) => askShards(index, names, ask));
}

/** Their answers, in their order, or null if one is out of reach: a list with a gap would seem complete. */
export async function askShards<T>(
  index: IndexPlace,
  names: readonly string[],
  ask: (stub: ShardStub, position: number) => Promise<RpcResult<T>>,
): Promise<readonly T[] | null> {
  const answers = await Promise.all(
    names.map((name, position) => askShard(index, name, (stub) => ask(stub, position))),
  );
  const values = answers.flatMap((answer) => (answer.ok ? [answer.value] : []));
  return values.length === answers.length ? values : null;
}

/**
 * For what may see a row twice or only the next time. `isComplete`: false
 * when nobody knows whether these are all.
 */
export async function allShardNames(
  index: IndexPlace,
): Promise<{ readonly names: readonly string[]; readonly isComplete: boolean }> {
  const known = await askShard(index, NOTES_SHARD, (stub) => stub.generations(index.shards));
  const generations = known.ok ? known.value : [index.shards];
  return { names: generations.flatMap(shardNames), isComplete: known.ok };
}
