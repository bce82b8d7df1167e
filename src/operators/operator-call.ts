/** What each act of an operator needs, and the three kinds of objects that it asks. */
import type { Config } from "../config.ts";
import type { RpcResult } from "../durable-object/rpc.ts";
import type { Failure } from "../errors.ts";
import { callEvent, type EventStub } from "../event/call-event.ts";
import type { IndexPlace } from "../event-index/call-shards.ts";
import type { LedgerRefusal } from "../ledger/port.ts";
import * as reconciler from "../reconciler/call-reconciler.ts";
import type { Result } from "../result.ts";
import { type AcceptedConfig, acceptedConfig } from "../stored-settings/accepted-config.ts";

type Refused = Extract<AcceptedConfig, { ok: false }>;

export interface OperatorCall {
  readonly env: Env;
  /** For the log. */
  readonly requestId: string;
  /** Goes on after the answer, also when nobody waits for that any more. The work handles its own errors. */
  readonly background: (work: Promise<void>) => void;
}

export async function configOf({ env }: OperatorCall): Promise<Result<Config, Failure>> {
  const accepted = await acceptedConfig(env);
  return accepted.ok ? { ok: true, value: accepted.config } : { ok: false, failure: notConfigured(accepted) };
}

/** `refused`: for operators alone. */
export function notConfigured({ missing, invalid, refused }: Omit<Refused, "ok">): Failure {
  const failure = { kind: "dependency_not_configured", missing, invalid } as const;
  return refused.length === 0 ? failure : { ...failure, refused };
}

export function ledgerUnavailable(refusal: LedgerRefusal): Failure {
  const { ledger_status } = refusal;
  const ledger_code = refusal.kind === "unknown" ? null : refusal.ledger_code;
  return { kind: "ledger_unavailable", ledger_status, ledger_code };
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
  const config = await configOf(call);
  if (!config.ok) return config;
  const answer = await question(config.value);
  return answer.ok ? answer : { ok: false, failure: { kind: "event_object_unavailable" } };
}
