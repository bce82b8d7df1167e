/** The only place that makes a stub of the index's objects. */
import { jurisdictionOf } from "../config.ts";
import { callObject, type RpcResult, withTimeout } from "../durable-object/rpc.ts";
import { stubByName } from "../durable-object/stub-by-name.ts";
import type { EventSummary } from "./event-summary.ts";
import { connect } from "../durable-object/websockets.ts";
import type { EventIndex } from "./event-index.ts";
import { shardName, shardNameOf } from "./shard.ts";

/**
 * A shard that has not answered by then, all tries together, counts as out of
 * reach. Its answers take milliseconds.
 */
const CALL_TIMEOUT_MS = 10_000;

export type ShardStub = DurableObjectStub<EventIndex>;

/**
 * Keeps what belongs to no single shard. Its name is fixed, so that it is
 * the same whatever the number of shards.
 */
export const NOTES_SHARD = "notes";

/** Where the index is: the binding, and how many shards this deployment publishes to. */
export interface IndexPlace {
  readonly env: Env;
  readonly shards: number;
}

/** Rejects when the shard did not accept the row: the event's alarm publishes again. */
export async function publish(index: IndexPlace, summary: EventSummary): Promise<void> {
  const answer = await askShard(index, shardNameOf(summary.event_id, index.shards), (stub) =>
    stub.publish(summary),
  );
  if (!answer.ok) throw new IndexUnavailable();
}

/**
 * One event more of a connected account that is not listed. Never rejects: the log has it, should that fail.
 */
export async function countUnlisted(index: IndexPlace, account: string, now: number): Promise<void> {
  await askShard(index, shardNameOf(account, index.shards), (stub) => stub.countUnlisted(account, now));
}

/** `counts`: by reason. Never rejects either. */
export async function countRefused(
  index: IndexPlace,
  counts: Readonly<Record<string, number>>,
  now: number,
): Promise<void> {
  await askShard(index, NOTES_SHARD, (stub) => stub.countRefused(counts, now));
}

/** A WebSocket on which the shard reports each row that is published to it; null when it is out of reach. */
export async function watchShard(index: IndexPlace, shard: number): Promise<Response | null> {
  const answer = await askShard(index, shardName(shard, index.shards), async (stub) => ({
    ok: true,
    value: await connect(stub),
  }));
  return answer.ok ? answer.value : null;
}

/** Never throws. `ask` must be safe to repeat. */
export async function askShard<T>(
  { env }: Pick<IndexPlace, "env">,
  name: string,
  ask: (stub: ShardStub) => Promise<RpcResult<T>>,
): Promise<RpcResult<T>> {
  const stub = () => stubByName(env.EVENT_INDEX, name, jurisdictionOf(env));
  return withTimeout(CALL_TIMEOUT_MS, callObject({ object: "event_index", name, stub, call: ask }));
}

class IndexUnavailable extends Error {
  override readonly name = "IndexUnavailable";
}
