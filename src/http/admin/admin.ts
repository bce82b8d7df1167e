/** What the operators' routes share: the request, its configuration, and one event's object. */
import { type Config, loadConfig } from "../../config.ts";
import type { Failure } from "../../errors.ts";
import type { IndexPlace } from "../../event-index/call-shards.ts";
import type { RpcResult } from "../../durable-object/rpc.ts";
import { callEvent, type EventStub } from "../../event/call-event.ts";

export interface AdminRequest {
  readonly request: Request;
  readonly env: Env;
  readonly requestId: string;
}

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

export const UNAVAILABLE = { ok: false, failure: { kind: "event_object_unavailable" } } as const;

export function configOf({ env }: AdminRequest): Outcome<Config> {
  const configured = loadConfig(env);
  if (configured.ok) return { ok: true, value: configured.config };
  const { missing, invalid } = configured;
  return { ok: false, failure: { kind: "dependency_not_configured", missing, invalid } };
}

/** Asks one event's object. */
export async function askEvent<T>(
  admin: AdminRequest,
  eventId: string,
  ask: (stub: EventStub) => Promise<RpcResult<T>>,
): Promise<Outcome<T>> {
  const config = configOf(admin);
  if (!config.ok) return config;
  const answer = await callEvent(admin.env, eventId, ask, { request_id: admin.requestId });
  return answer.ok ? answer : UNAVAILABLE;
}

/** Asks the index; `ask` answers null when a shard is out of reach. */
export async function askIndex<T>(
  admin: AdminRequest,
  ask: (index: IndexPlace) => Promise<T | null>,
): Promise<Outcome<T>> {
  const config = configOf(admin);
  if (!config.ok) return config;
  const answer = await ask({ env: admin.env, shards: config.value.indexShards });
  return answer === null ? UNAVAILABLE : { ok: true, value: answer };
}
