/** The only place that makes a stub of the index's objects. */
import { jurisdictionOf } from "../config.ts";
import { callObject, type RpcResult, withTimeout } from "../durable-object/rpc.ts";
import { stubByName } from "../durable-object/stub-by-name.ts";
import type { EventSummary } from "./event-summary.ts";
import { connect } from "../durable-object/websockets.ts";
import type { EventIndex } from "./event-index.ts";
import { shardName, shardOf } from "./shard.ts";

/** A shard that has not answered by then, all tries together, counts as out of reach. Its answers take milliseconds. */
const CALL_TIMEOUT_MS = 10_000;

export type ShardStub = DurableObjectStub<EventIndex>;

/** Keeps what belongs to no single shard. */
export const NOTES_SHARD = 0;

/** Where the index is: the binding, and how many shards this deployment has. */
export interface IndexPlace {
  readonly env: Env;
  readonly shards: number;
}

/** Rejects when the shard did not accept the row: the event's alarm publishes again. */
export async function publish({ env, shards }: IndexPlace, summary: EventSummary): Promise<void> {
  const shard = shardOf(summary.event_id, shards);
  const answer = await askShard({ env, shards }, shard, (stub) => stub.publish(summary));
  if (!answer.ok) throw new IndexUnavailable();
}

/** One event more of a connected account that is not listed. Never rejects: the log has it, should that fail. */
export async function countUnlisted(index: IndexPlace, account: string, now: number): Promise<void> {
  await askShard(index, shardOf(account, index.shards), (stub) => stub.countUnlisted(account, now));
}

/** `counts`: by reason. Never rejects either. */
export async function countRefused(
  index: IndexPlace,
  counts: Readonly<Record<string, number>>,
  now: number,
): Promise<void> {
  await askShard(index, NOTES_SHARD, (stub) => stub.countRefused(counts, now));
}

/** All shards' answers, in their order, or null if one is out of reach: a list with a gap would seem complete. */
export async function askAllShards<T>(
  index: IndexPlace,
  ask: (stub: ShardStub) => Promise<RpcResult<T>>,
): Promise<readonly T[] | null> {
  const answers = await Promise.all(shardNumbers(index).map((shard) => askShard(index, shard, ask)));
  const values = answers.flatMap((answer) => (answer.ok ? [answer.value] : []));
  return values.length === answers.length ? values : null;
}

export function shardNumbers({ shards }: IndexPlace): number[] {
  return Array.from({ length: shards }, (_, shard) => shard);
}

/** A WebSocket on which the shard reports each row that is published to it; null when it is out of reach. */
export async function watchShard(index: IndexPlace, shard: number): Promise<Response | null> {
  const answer = await askShard(index, shard, async (stub) => ({ ok: true, value: await connect(stub) }));
  return answer.ok ? answer.value : null;
}

/** Never throws. `ask` must be safe to repeat. */
export async function askShard<T>(
  { env, shards }: IndexPlace,
  shard: number,
  ask: (stub: ShardStub) => Promise<RpcResult<T>>,
): Promise<RpcResult<T>> {
  const name = shardName(shard, shards);
  const stub = () => stubByName(env.EVENT_INDEX, name, jurisdictionOf(env));
  return withTimeout(CALL_TIMEOUT_MS, callObject({ object: "event_index", name, stub, call: ask }));
}

class IndexUnavailable extends Error {
  override readonly name = "IndexUnavailable";
}
