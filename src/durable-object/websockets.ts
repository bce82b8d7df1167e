/**
 * Operators who watch a Durable Object over partyserver's hibernating WebSockets. They only listen: an object
 * tells them what has changed, and nothing that a client sends is read.
 */
import type { Connection, Server } from "partyserver";
import { errorName } from "../error-name.ts";
import { log } from "../log.ts";

/**
 * What the Worker sends to an object. The caller's own request stays outside:
 * partyserver reads its query and headers.
 */
const UPGRADE = { headers: { upgrade: "websocket" } };

/** Connects to an object. Null when there is no connection, whatever the object said instead. */
export async function connect(stub: { fetch: Fetcher["fetch"] }): Promise<Response | null> {
  const { status, webSocket } = await stub.fetch("https://object/watch", UPGRADE);
  return status === 101 && webSocket !== null ? new Response(null, { status, webSocket }) : null;
}

/**
 * The object's side of {@link connect}, around partyserver's `fetch`. When an upgrade fails, that one sends
 * the stack to the client: over the new socket if the header says "websocket" in small letters, else as a
 * 500. So it is spelled otherwise here, and the 500's body is left out.
 */
export async function accept(upgrade: (request: Request) => Promise<Response>): Promise<Response> {
  const response = await upgrade(new Request("https://object/watch", { headers: { upgrade: "WebSocket" } }));
  return response.status === 101 ? response : new Response(null, { status: 500 });
}

/**
 * How long one connection is served. Then its client connects again, and shows
 * again that it may: keys and sessions end.
 */
const WATCH_MS = 3_600_000;

interface Watch {
  /** Epoch milliseconds. */
  readonly until: number;
}

/** For each new connection. What is kept with it survives hibernation, and is no row. */
export function begin(connection: Connection): void {
  (connection as Connection<Watch>).setState({ until: Date.now() + WATCH_MS });
}

/** Nobody watches, nearly always: then this costs one look, and the message is never made. */
export function isWatched(ctx: DurableObjectState): boolean {
  return ctx.getWebSockets().length > 0;
}

/** Watching is never in the way of a settlement: what fails here is logged, and goes no further. */
export async function tell(
  server: Pick<Server, "getConnections">,
  message: () => unknown | Promise<unknown>,
): Promise<void> {
  try {
    const text = JSON.stringify(await message());
    for (const connection of server.getConnections<Watch>()) {
      if ((connection.state?.until ?? 0) > Date.now()) connection.send(text);
      else connection.close(1008, "connect again");
    }
  } catch (error) {
    log("warn", { msg: "watchers_not_told", error: errorName(error) });
  }
}
