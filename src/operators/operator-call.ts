/** What each act of an operator needs, and the three kinds of objects that it asks. */
import { type Config, loadConfig } from "../config.ts";
import type { RpcResult } from "../durable-object/rpc.ts";
import type { Failure } from "../errors.ts";
import { callEvent, type EventStub } from "../event/call-event.ts";
import type { IndexPlace } from "../event-index/call-shards.ts";
import * as reconciler from "../reconciler/call-reconciler.ts";
import type { Result } from "../result.ts";

export interface OperatorCall {
  readonly env: Env;
  /** For the log. */
  readonly requestId: string;
  /** Goes on after the answer, also when nobody waits for that any more. The work handles its own errors. */
  readonly background: (work: Promise<void>) => void;
}

export function configOf({ env }: OperatorCall): Result<Config, Failure> {
  const configured = loadConfig(env);
  if (configured.ok) return { ok: true, value: configured.config };
  const { missing, invalid } = configured;
  return { ok: false, failure: { kind: "dependency_not_configured", missing, invalid } };
}

/** `question` must be safe to repeat. */
export function askEvent<T>(
  call: OperatorCall,
  eventId: string,
  question: (stub: EventStub) => Promise<RpcResult<T>>,
): Promise<Result<T, Failure>> {
  const context = { request_id: call.requestId };
  return ask(call, () => callEvent(call.env, eventId, question, context));
}

/** `question` answers null when a shard is out of reach. */
export function askIndex<T>(
  call: OperatorCall,
  question: (index: IndexPlace) => Promise<T | null>,
): Promise<Result<T, Failure>> {
  return ask(call, async ({ indexShards }) => {
    const value = await question({ env: call.env, shards: indexShards });
    return value === null ? { ok: false, failure: "unreachable" } : { ok: true, value };
  });
}

/** `question` must be safe to repeat. */
export function askReconciler<T>(
  call: OperatorCall,
  question: (stub: reconciler.ReconcilerStub) => Promise<RpcResult<T>>,
): Promise<Result<T, Failure>> {
  return ask(call, () => reconciler.askReconciler(call.env, question));
}

/** Whether an object failed or cannot be reached makes no difference to an operator; the log has it. */
export async function ask<T>(
  call: OperatorCall,
  question: (config: Config) => Promise<RpcResult<T>>,
): Promise<Result<T, Failure>> {
  const config = configOf(call);
  if (!config.ok) return config;
  const answer = await question(config.value);
  return answer.ok ? answer : { ok: false, failure: { kind: "event_object_unavailable" } };
}
