/** WebSockets that notify operators of changes. Nothing is read from them. */
import { connect } from "../durable-object/websockets.ts";
import type { Failure } from "../errors.ts";
import { watchShard } from "../event-index/call-shards.ts";
import { refusedOperator, refuseOperator } from "../http/auth.ts";
import { check } from "../http/input.ts";
import { ROUTES } from "../http/routes.ts";
import { showEvent } from "../operators/events.ts";
import { askEvent, askIndex, configOf, type OperatorCall } from "../operators/operator-call.ts";
import type { Result } from "../result.ts";
import { type ConsoleContext, consoleCall } from "./guard.ts";
import { isSameOrigin } from "./same-origin.ts";
import { readSession, type SessionContext } from "./session.ts";

/** The connection, or why there is none. */
type Connected = Promise<Response | Result<never, Failure>>;

/**
 * `GET /v1/admin/events/{event_id}/watch`: the event's state now, and after each change. With an operator's
 * key, or from a page of the console, which cannot send one: browsers cannot set a header on a WebSocket.
 */
export async function watchEvent(c: SessionContext, call: OperatorCall, id: string | undefined): Connected {
  const stranger = await refuseWatcher(c);
  if (stranger !== null) return refusedOperator(call.requestId, stranger);
  const eventId = check(id, ROUTES.watchEvent.id);
  if (!eventId.ok) return eventId;
  const failure = refuseWithoutUpgrade(c.req.raw);
  if (failure !== null) return { ok: false, failure };
  // Asked first: a connection would leave a row in an object that no event has made.
  const found = await showEvent(call, eventId.value);
  if (!found.ok) return found;
  const connected = await askEvent(call, eventId.value, async (stub) => {
    const socket = await connect(stub);
    return socket === null ? { ok: false, failure: "unreachable" } : { ok: true, value: socket };
  });
  return connected.ok ? connected.value : connected;
}

/**
 * `GET /console/live/{shard}`: a message for each row that the index takes. The page then reloads its
 * regions.
 */
export async function watchIndex(c: ConsoleContext): Connected {
  const call = consoleCall(c);
  const config = await configOf(call);
  if (!config.ok) return config;
  const shard = Number(/^\d{1,3}$/.exec(c.req.param("shard") ?? "")?.[0] ?? NaN);
  if (!(shard < config.value.indexShards)) return { ok: false, failure: { kind: "route_not_found" } };
  if (!isSameOrigin(c.req.raw)) return { ok: false, failure: { kind: "forbidden" } };
  const failure = refuseWithoutUpgrade(c.req.raw);
  if (failure !== null) return { ok: false, failure };
  const connected = await askIndex(call, (place) => watchShard(place, shard));
  return connected.ok ? connected.value : connected;
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
