/** One attempt for one event and no other, whatever the backoff says. */
import type { Config } from "../config.ts";
import type { Failure } from "../errors.ts";
import type { Result } from "../result.ts";
import type { RetryReply } from "../event/operator-replies.ts";
import type { OperatorRetry } from "../event/machine-types.ts";
import { log } from "../log.ts";
import { mapKeptBody } from "./map-kept-body.ts";
import { askEvent, configOf, type OperatorCall } from "./operator-call.ts";
import type { RetryEventRequest } from "./requests.ts";

/** A ledger that is just coming back should not be overrun by its own operators. */
export const RETRIES_AT_ONCE = 6;

export type Retried = Extract<RetryReply, { kind: "retried" }>;

/** An unmappable event hands out its kept body, and is retried with what the mapper makes of it now. */
export async function retryOne(
  call: OperatorCall,
  eventId: string,
  { actor, note }: RetryEventRequest,
  scope: OperatorRetry["scope"],
): Promise<Result<Retried, Failure>> {
  const config = await configOf(call);
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
      const mapping = mapKeptBody(reply.value.body, config);
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
