/** One attempt for one event, whatever the backoff says. */
import type { Failure } from "../errors.ts";
import type { Result } from "../result.ts";
import type { Config } from "../config.ts";
import type { RetryReply } from "../event/operator-replies.ts";
import type { OperatorRetry } from "../event/machine-types.ts";
import { log } from "../log.ts";
import { mapOptionsOf } from "../delivery/prepare.ts";
import { mapEvent } from "../settlement/map.ts";
import type { Mapping } from "../settlement/mapping.ts";
import { parseEvent } from "../stripe/event.ts";
import { askEvent, configOf, type OperatorCall } from "./operator-call.ts";
import type { RetryEventRequest } from "./requests.ts";

export type Retried = Extract<RetryReply, { kind: "retried" }>;

/** An unmappable event hands out its kept body, and is retried with what the mapper makes of it now. */
export async function retryEvent(
  call: OperatorCall,
  eventId: string,
  { actor, note }: RetryEventRequest,
  scope: OperatorRetry["scope"] = "any",
): Promise<Result<Retried, Failure>> {
  const config = configOf(call);
  if (!config.ok) return config;
  return retryWith(call, eventId, config.value, { actor, note, scope, mapping: null });
}

async function retryWith(
  call: OperatorCall,
  eventId: string,
  config: Config,
  request: OperatorRetry,
): Promise<Result<Retried, Failure>> {
  const reply = await askEvent(call, eventId, (stub) => stub.retry(request));
  if (!reply.ok) return reply;
  const line = { msg: "operator_retry", event_id: eventId, request_id: call.requestId };
  log("info", { ...line, outcome: reply.value.kind });
  switch (reply.value.kind) {
    case "retried":
      return { ok: true, value: reply.value };
    case "needs_mapping": {
      const mapping = remap(reply.value.body, config);
      // The kept body was an event when it was kept. Were it none now, asking again would never end.
      return mapping === null
        ? { ok: false, failure: { kind: "internal" } }
        : retryWith(call, eventId, config, { ...request, mapping });
    }
    case "event_not_found":
    case "invalid_state":
      return { ok: false, failure: reply.value };
  }
}

function remap(body: Uint8Array, config: Config): Mapping | null {
  const parsed = parseEvent(body);
  return parsed.kind === "event" ? mapEvent(parsed.event, mapOptionsOf(config)) : null;
}
