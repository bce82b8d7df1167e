/**
 * `POST /v1/stripe/forwarding/retry`: `{ ok, attempted, forwarded, failed }`. One event by its id, or those that are due;
 * with `force` those that failed for good as well. An event that is final counts as attempted 0.
 */
import { findOpen } from "../../event-index/queries.ts";
import { fail, json } from "../respond.ts";
import { type AdminRequest, askIndex } from "./admin.ts";
import { forwardingRetryBody, readJson } from "./request.ts";
import { retryMany, retryOne, type RetryRequest } from "./retry.ts";

export interface Counted {
  readonly ok: boolean;
  readonly attempted: number;
  readonly forwarded: number;
  readonly failed: number;
}

export async function retryForwarding(admin: AdminRequest): Promise<Response> {
  const body = await readJson(admin.request, forwardingRetryBody);
  if (!body.ok) return fail(admin.requestId, body.failure);
  const { event_id, limit, force } = body.value;
  const request = { actor: "operator", note: null, scope: force ? "any" : "healing" } as const;
  if (event_id !== undefined) return retryById(admin, event_id, request);

  const dueBy = force ? null : Date.now();
  const found = await askIndex(admin, (index) => findOpen(index, { state: "failed" }, dueBy, limit));
  if (!found.ok) return fail(admin.requestId, found.failure);
  const { attempted, forwarded } = await retryMany(admin, found.value, request);
  return counted(admin, attempted, forwarded);
}

async function retryById(admin: AdminRequest, eventId: string, request: RetryRequest): Promise<Response> {
  const reply = await retryOne(admin, eventId, request);
  if (!reply.ok && reply.failure.kind === "invalid_state") return counted(admin, 0, 0);
  if (!reply.ok) return fail(admin.requestId, reply.failure);
  const { attempted, event } = reply.value;
  return counted(admin, attempted ? 1 : 0, attempted && event.state === "forwarded" ? 1 : 0);
}

function counted(admin: AdminRequest, attempted: number, forwarded: number): Response {
  const failed = attempted - forwarded;
  const answer: Counted = { ok: failed === 0, attempted, forwarded, failed };
  return json(admin.requestId, 200, answer);
}
