/** WebSockets on which operators hear of changes. Nothing is read from them. */
import { eventIdSchema } from "../event-id.ts";
import { findEvent } from "../http/admin/events.ts";
import { type AdminRequest, askEvent, askIndex, configOf, UNAVAILABLE } from "../http/admin/admin.ts";
import { check } from "../http/admin/request.ts";
import { refusedOperator, refuseOperator } from "../http/auth.ts";
import { fail } from "../http/respond.ts";
import type { Failure } from "../errors.ts";
import { watchShard } from "../event-index/call-shards.ts";
import { connect } from "../durable-object/websockets.ts";
import type { ConsoleContext } from "./guard.ts";
import { isSameOrigin } from "./same-origin.ts";
import { readSession, type SessionContext } from "./session.ts";

/**
 * `GET /v1/admin/events/{event_id}/watch`: the event's state now, and after each change. With an operator's key, or from a
 * page of the console, which cannot send one: browsers let nobody set a header on a WebSocket.
 */
export async function watchEvent(c: SessionContext, requestId: string, eventId: string): Promise<Response> {
  const admin = { request: c.req.raw, env: c.env, requestId };
  const id = check(eventId, eventIdSchema);
  const stranger = await refuseWatcher(c);
  if (stranger !== null) return refusedOperator(requestId, stranger);
  if (!id.ok) return fail(requestId, id.failure);
  const refusal = refuseWithoutUpgrade(c.req.raw);
  if (refusal !== null) return fail(requestId, refusal);
  // Asked first: a connection would leave a row in an object that no event has made.
  const found = await findEvent(admin, id.value);
  if (!found.ok) return fail(requestId, found.failure);
  const connected = await askEvent(admin, id.value, async (stub) => ({
    ok: true,
    value: await connect(stub),
  }));
  return connectedOr(admin, connected.ok ? connected.value : null);
}

/** `GET /console/live/{shard}`: that the index took a row. The page then asks for itself again. */
export async function watchIndex(c: ConsoleContext): Promise<Response> {
  const admin = { request: c.req.raw, env: c.env, requestId: c.var.requestId };
  const config = configOf(admin);
  if (!config.ok) return fail(admin.requestId, config.failure);
  const shard = Number(/^\d{1,2}$/.exec(c.req.param("shard") ?? "")?.[0] ?? NaN);
  if (!(shard < config.value.indexShards)) return fail(admin.requestId, { kind: "route_not_found" });
  const refusal = isSameOrigin(c.req.raw)
    ? refuseWithoutUpgrade(c.req.raw)
    : ({ kind: "forbidden" } as const);
  if (refusal !== null) return fail(admin.requestId, refusal);
  const connected = await askIndex(admin, (index) => watchShard(index, shard));
  return connectedOr(admin, connected.ok ? connected.value : null);
}

async function refuseWatcher(c: SessionContext): Promise<Failure | null> {
  const refusal = await refuseOperator(c.req.raw, c.env);
  if (refusal?.kind !== "unauthorized" || c.req.header("authorization") !== undefined) return refusal;
  const isOurPage = isSameOrigin(c.req.raw) && (await readSession(c, Date.now())) !== null;
  return isOurPage ? null : refusal;
}

function refuseWithoutUpgrade(request: Request): Failure | null {
  // Not HEAD, which the router takes for GET: its answer would be an open socket.
  if (request.method === "GET" && request.headers.get("upgrade")?.toLowerCase() === "websocket") return null;
  return { kind: "invalid_request", problems: ["this route is a WebSocket: an Upgrade is needed"] };
}

function connectedOr(admin: AdminRequest, connected: Response | null): Response {
  return connected ?? fail(admin.requestId, UNAVAILABLE.failure);
}
