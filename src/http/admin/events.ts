/** One event: look at it, retry it, close it. */
import type { z } from "zod";
import { eventIdSchema } from "../../event-id.ts";
import type { EventState } from "../../event/view.ts";
import { log } from "../../log.ts";
import { fail, json } from "../respond.ts";
import { type AdminRequest, askEvent, type Outcome } from "./admin.ts";
import { check, readJson, resolveBody, retryBody } from "./request.ts";
import { retryOne } from "./retry.ts";

/** `GET /v1/admin/events/{event_id}` */
export async function showEvent(admin: AdminRequest, eventId: string): Promise<Response> {
  const id = check(eventId, eventIdSchema);
  if (!id.ok) return fail(admin.requestId, id.failure);
  const found = await findEvent(admin, id.value);
  return found.ok ? json(admin.requestId, 200, found.value) : fail(admin.requestId, found.failure);
}

export async function findEvent(admin: AdminRequest, eventId: string): Promise<Outcome<EventState>> {
  const found = await askEvent(admin, eventId, (stub) => stub.inspect());
  if (!found.ok) return found;
  if (found.value === null) return { ok: false, failure: { kind: "event_not_found" } };
  return { ok: true, value: found.value };
}

/** `POST /v1/admin/events/{event_id}/retry`: answers the event's state after the attempt, whatever came of it. */
export async function retryEvent(admin: AdminRequest, eventId: string): Promise<Response> {
  const id = check(eventId, eventIdSchema);
  if (!id.ok) return fail(admin.requestId, id.failure);
  const body = await readJson(admin.request, retryBody);
  if (!body.ok) return fail(admin.requestId, body.failure);
  const reply = await retryOne(admin, id.value, { ...body.value, scope: "any" });
  if (!reply.ok) return fail(admin.requestId, reply.failure);
  return json(admin.requestId, 200, reply.value.event);
}

/** `POST /v1/admin/events/{event_id}/resolve` */
export async function resolveEvent(admin: AdminRequest, eventId: string): Promise<Response> {
  const id = check(eventId, eventIdSchema);
  if (!id.ok) return fail(admin.requestId, id.failure);
  const body = await readJson(admin.request, resolveBody);
  if (!body.ok) return fail(admin.requestId, body.failure);
  const resolved = await resolveOne(admin, id.value, body.value);
  return resolved.ok ? json(admin.requestId, 200, resolved.value) : fail(admin.requestId, resolved.failure);
}

export async function resolveOne(
  admin: AdminRequest,
  eventId: string,
  { actor, note }: z.infer<typeof resolveBody>,
): Promise<Outcome<EventState>> {
  const reply = await askEvent(admin, eventId, (stub) => stub.resolve(actor, note));
  if (!reply.ok) return reply;
  if (reply.value.kind !== "resolved") return { ok: false, failure: reply.value };
  log("info", { msg: "operator_resolve", event_id: eventId, request_id: admin.requestId });
  return { ok: true, value: reply.value.event };
}
