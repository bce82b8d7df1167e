/** One event: look at it, retry it, close it. */
import { type Config, loadConfig } from "../../config.ts";
import type { Failure } from "../../errors.ts";
import type { RetryReply } from "../../event/engine.ts";
import { callEvent, type EventStub } from "../../event/locate.ts";
import type { Guarded } from "../../event/object.ts";
import type { OperatorRetry } from "../../event/step.ts";
import { log } from "../../log.ts";
import { mapEvent } from "../../settlement/map.ts";
import type { Mapping } from "../../settlement/settlement.ts";
import { parseEvent } from "../../stripe/event.ts";
import { fail, json } from "../respond.ts";
import { check, eventIdSchema, forwardingRetryBody, readJson, resolveBody, retryBody } from "./request.ts";

export interface AdminRequest {
  readonly request: Request;
  readonly env: Env;
  readonly requestId: string;
}

type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

/** `GET /v1/admin/events/{event_id}` */
export async function showEvent(admin: AdminRequest, eventId: string): Promise<Response> {
  const id = check(eventId, eventIdSchema);
  if (!id.ok) return fail(admin.requestId, id.failure);
  const found = await call(admin, id.value, (stub) => stub.inspect());
  if (!found.ok) return fail(admin.requestId, found.failure);
  if (found.value === null) return fail(admin.requestId, { kind: "event_not_found" });
  return json(admin.requestId, 200, found.value);
}

/** `POST /v1/admin/events/{event_id}/retry`: answers the event's state after the attempt, whatever came of it. */
export async function retryEvent(admin: AdminRequest, eventId: string): Promise<Response> {
  const id = check(eventId, eventIdSchema);
  if (!id.ok) return fail(admin.requestId, id.failure);
  const body = await readJson(admin.request, retryBody);
  if (!body.ok) return fail(admin.requestId, body.failure);
  const reply = await retry(admin, id.value, { ...body.value, scope: "any", mapping: null });
  if (!reply.ok) return fail(admin.requestId, reply.failure);
  return json(admin.requestId, 200, reply.value.event);
}

/** `POST /v1/admin/events/{event_id}/resolve` */
export async function resolveEvent(admin: AdminRequest, eventId: string): Promise<Response> {
  const id = check(eventId, eventIdSchema);
  if (!id.ok) return fail(admin.requestId, id.failure);
  const body = await readJson(admin.request, resolveBody);
  if (!body.ok) return fail(admin.requestId, body.failure);
  const { actor, note } = body.value;
  const reply = await call(admin, id.value, (stub) => stub.resolve(actor, note));
  if (!reply.ok) return fail(admin.requestId, reply.failure);
  if (reply.value.kind !== "resolved") return fail(admin.requestId, reply.value);
  log("info", { msg: "operator_resolve", event_id: id.value, request_id: admin.requestId });
  return json(admin.requestId, 200, reply.value.event);
}

/**
 * `POST /v1/stripe/forwarding/retry`: `{ ok, attempted, forwarded, failed }`. An event that is final, or (without
 * `force`) one that failed for good, is left alone and counts as attempted 0.
 */
export async function retryForwarding(admin: AdminRequest): Promise<Response> {
  const body = await readJson(admin.request, forwardingRetryBody);
  if (!body.ok) return fail(admin.requestId, body.failure);
  const { event_id, force } = body.value;
  const scope = force ? "any" : "healing";
  const reply = await retry(admin, event_id, { actor: "operator", note: null, scope, mapping: null });
  if (!reply.ok && reply.failure.kind === "invalid_state") return counted(admin, 0, 0);
  if (!reply.ok) return fail(admin.requestId, reply.failure);
  const { attempted, event } = reply.value;
  return counted(admin, attempted ? 1 : 0, attempted && event.state === "forwarded" ? 1 : 0);
}

function counted(admin: AdminRequest, attempted: number, forwarded: number): Response {
  const failed = attempted - forwarded;
  return json(admin.requestId, 200, { ok: failed === 0, attempted, forwarded, failed });
}

/** An unmappable event hands out its kept body, and is retried with what the mapper makes of it now. */
async function retry(
  admin: AdminRequest,
  eventId: string,
  request: OperatorRetry,
): Promise<Outcome<Extract<RetryReply, { kind: "retried" }>>> {
  const reply = await call(admin, eventId, (stub) => stub.retry(request));
  if (!reply.ok) return reply;
  log("info", {
    msg: "operator_retry",
    event_id: eventId,
    request_id: admin.requestId,
    outcome: reply.value.kind,
  });
  switch (reply.value.kind) {
    case "retried":
      return { ok: true, value: reply.value };
    case "needs_mapping": {
      const mapping = remap(reply.value.body, admin.env);
      // The kept body was an event when it was kept. Were it not one now, asking again would go round for ever.
      return mapping === null
        ? { ok: false, failure: { kind: "internal" } }
        : retry(admin, eventId, { ...request, mapping });
    }
    case "event_not_found":
    case "invalid_state":
      return { ok: false, failure: reply.value };
  }
}

function remap(body: Uint8Array, env: Env): Mapping | null {
  const configured = loadConfig(env);
  const parsed = parseEvent(body);
  if (!configured.ok || parsed.kind !== "event") return null;
  const { refundEvents }: Config = configured.config;
  return mapEvent(parsed.event, { refundEvents });
}

async function call<T>(
  admin: AdminRequest,
  eventId: string,
  ask: (stub: EventStub) => Promise<Guarded<T>>,
): Promise<Outcome<T>> {
  const configured = loadConfig(admin.env);
  if (!configured.ok) {
    const { missing, invalid } = configured;
    return { ok: false, failure: { kind: "dependency_not_configured", missing, invalid } };
  }
  const located = await callEvent(admin.env, eventId, ask, () =>
    log("warn", { msg: "object_unreachable", event_id: eventId, request_id: admin.requestId }),
  );
  return located.ok ? located : { ok: false, failure: { kind: "event_object_unavailable" } };
}
