/** One event: look at it, retry it, close it. */
import { log } from "../../log.ts";
import { fail, json } from "../respond.ts";
import { type AdminRequest, askEvent } from "./admin.ts";
import { check, eventIdSchema, readJson, resolveBody, retryBody } from "./request.ts";
import { retryOne } from "./retry.ts";

/** `GET /v1/admin/events/{event_id}` */
export async function showEvent(admin: AdminRequest, eventId: string): Promise<Response> {
  const id = check(eventId, eventIdSchema);
  if (!id.ok) return fail(admin.requestId, id.failure);
  const found = await askEvent(admin, id.value, (stub) => stub.inspect());
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
  const { actor, note } = body.value;
  const reply = await askEvent(admin, id.value, (stub) => stub.resolve(actor, note));
  if (!reply.ok) return fail(admin.requestId, reply.failure);
  if (reply.value.kind !== "resolved") return fail(admin.requestId, reply.value);
  log("info", { msg: "operator_resolve", event_id: id.value, request_id: admin.requestId });
  return json(admin.requestId, 200, reply.value.event);
}
