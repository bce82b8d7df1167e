/** Watching an event, and watching the index, over a WebSocket. */
import { createExecutionContext, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import { shardOf } from "../../src/event-index/shard.ts";
import worker from "../../src/index.ts";
import { signIn } from "../support/console.ts";
import { accepted, refused, type ScriptedLedger, scriptLedger } from "../support/scripted-ledger.ts";
import {
  BASE,
  deliver,
  operator,
  send,
  shardStub,
  showEvent,
  stubOf,
  untilPublished,
  withOverrides,
} from "../support/worker.ts";

const ADMIN = { authorization: `Bearer ${env.SETTLE_ADMIN_KEY}` };
const READER = { authorization: "Bearer test-settle-read-key" };

let ledger: ScriptedLedger;
const sockets: WebSocket[] = [];
beforeEach(() => {
  ledger = scriptLedger();
});
afterEach(() => {
  vi.useRealTimers();
  for (const socket of sockets.splice(0)) socket.close();
  vi.restoreAllMocks();
});

const succeeded = () => paymentIntentSucceeded({ account_id: "acct_1", amount: 1234 });

async function upgrade(path: string, headers: Record<string, string>, overrides = {}): Promise<Response> {
  const request = new Request(`${BASE}${path}`, { headers: { upgrade: "websocket", ...headers } });
  return worker.fetch(
    request as Request<unknown, IncomingRequestCfProperties>,
    withOverrides(overrides),
    createExecutionContext(),
  );
}

interface Heard {
  readonly messages: Record<string, unknown>[];
  readonly socket: WebSocket;
}

async function watch(path: string, headers: Record<string, string>): Promise<Heard> {
  const { status, webSocket } = await upgrade(path, headers);
  expect(status).toBe(101);
  const messages: Record<string, unknown>[] = [];
  const socket = webSocket as WebSocket;
  socket.accept();
  socket.addEventListener("message", ({ data }) => {
    messages.push(JSON.parse(data as string));
  });
  sockets.push(socket);
  return { messages, socket };
}

const watchEvent = (id: string, headers: Record<string, string>) =>
  watch(`/v1/admin/events/${id}/watch`, headers);

describe("GET /v1/admin/events/{event_id}/watch", () => {
  it.each([
    ["the admin key", ADMIN],
    ["the read key", READER],
  ])("%s → the state now, and each change as it happens", async (_, headers) => {
    ledger.answer(() => refused(503));
    const event = succeeded();
    await deliver(event);
    const { messages } = await watchEvent(event.id, headers);
    await vi.waitFor(() => expect(messages).toHaveLength(1));
    expect(messages[0]).toEqual((await showEvent(event.id)).body);

    ledger.answer(() => accepted());
    await operator("POST", `/v1/admin/events/${event.id}/retry`, { actor: "ada" });
    await vi.waitFor(() =>
      expect(messages.map(({ state }) => state)).toEqual(["failed", "forwarding", "forwarded"]),
    );
    expect(messages[2]).toMatchObject({ attempts: 2, snapshot: { settlement_id: "stl_1" } });
    // A replay changes nothing but the count, which operators may see grow as well.
    await deliver(event);
    await vi.waitFor(() => expect(messages.at(-1)).toMatchObject({ state: "forwarded", deliveries: 2 }));
  });

  it("several watchers get the same; one that is gone does not keep it from the others", async () => {
    ledger.answer(() => refused(503));
    const event = succeeded();
    await deliver(event);
    const all = [await watchEvent(event.id, ADMIN), await watchEvent(event.id, READER)] as const;
    const gone = await watchEvent(event.id, ADMIN);
    gone.socket.close();
    ledger.answer(() => accepted());
    await operator("POST", `/v1/admin/events/${event.id}/retry`, {});
    for (const { messages } of all) {
      await vi.waitFor(() => expect(messages.at(-1)).toMatchObject({ state: "forwarded" }));
    }
  });

  it("the object was evicted from memory meanwhile → its watchers still get the next change", async () => {
    ledger.answer(() => refused(503));
    const event = succeeded();
    await deliver(event);
    const { messages } = await watchEvent(event.id, ADMIN);
    await vi.waitFor(() => expect(messages).toHaveLength(1));
    await evictDurableObject(stubOf(event.id));
    ledger.answer(() => accepted());
    await operator("POST", `/v1/admin/events/${event.id}/retry`, {});
    await vi.waitFor(() => expect(messages.at(-1)).toMatchObject({ state: "forwarded" }));
  });

  it("what a watcher sends is not read, and writes nothing", async () => {
    const event = succeeded();
    await deliver(event);
    const { messages, socket } = await watchEvent(event.id, ADMIN);
    await vi.waitFor(() => expect(messages).toHaveLength(1));
    const keys = () =>
      runInDurableObject(stubOf(event.id), (_, { storage }) => [...storage.kv.list()].map(([key]) => key));
    expect(await keys()).toEqual(["__ps_name", "event"]);
    for (const text of ["{}", "x".repeat(10_000), JSON.stringify({ kind: "operator_retry" })])
      socket.send(text);
    socket.send(new Uint8Array([1, 2, 3]));
    await operator("GET", `/v1/admin/events/${event.id}`);
    expect(await keys()).toEqual(["__ps_name", "event"]);
    expect(messages).toHaveLength(1);
  });

  it("an unknown event → 404, and its object stays empty", async () => {
    const answer = await upgrade("/v1/admin/events/evt_nobody/watch", ADMIN);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: "EVENT_NOT_FOUND" });
    const kept = await runInDurableObject(stubOf("evt_nobody"), (_, { storage }) => [...storage.kv.list()]);
    expect(kept).toEqual([]);
  });

  it.each([
    ["no event's id", "nonsense", { ...ADMIN }, 400],
    ["no key", "evt_1", {}, 401],
    ["a wrong key", "evt_1", { authorization: "Bearer nope" }, 401],
  ])("%s → refused", async (_, id, headers, status) => {
    expect((await upgrade(`/v1/admin/events/${id}/watch`, headers)).status).toBe(status);
  });

  it("no key configured → 503", async () => {
    const unset = { SETTLE_ADMIN_KEY: undefined, SETTLE_READ_KEY: undefined };
    expect((await upgrade("/v1/admin/events/evt_1/watch", ADMIN, unset)).status).toBe(503);
  });

  it("HEAD with an upgrade → 400: only GET opens a WebSocket", async () => {
    const event = succeeded();
    await deliver(event);
    const headers = { upgrade: "websocket", ...ADMIN };
    const path = `/v1/admin/events/${event.id}/watch`;
    expect((await send(new Request(`${BASE}${path}`, { method: "HEAD", headers }))).status).toBe(400);
  });

  it("no upgrade → 400; another method → 403 or 405, as for every route", async () => {
    const path = "/v1/admin/events/evt_1/watch";
    expect((await operator("GET", path)).status).toBe(400);
    expect((await operator("POST", path, {})).status).toBe(405);
    expect((await operator("POST", path, {}, { key: "test-settle-read-key" })).status).toBe(403);
  });

  it("the object fails during a connect → 503, and the client gets no stack", async () => {
    const event = succeeded();
    await deliver(event);
    await runInDurableObject(stubOf(event.id), (object) => {
      vi.spyOn(object, "getConnectionTags").mockImplementation(() => {
        throw new Error("with words that must go nowhere");
      });
    });
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const answer = await upgrade(`/v1/admin/events/${event.id}/watch`, ADMIN);
    expect(answer.status).toBe(503);
    expect(answer.webSocket).toBeNull();
    expect(await answer.text()).not.toContain("nowhere");
  });

  it("after an hour → the next change closes the connection: a client that still may watch connects again", async () => {
    const event = succeeded();
    await deliver(event);
    const { socket, messages } = await watchEvent(event.id, ADMIN);
    await vi.waitFor(() => expect(messages).toHaveLength(1));
    const closed = new Promise<CloseEvent>((settle) => socket.addEventListener("close", settle));
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_001 });
    await deliver(event);
    expect((await closed).code).toBe(1008);
    expect(messages).toHaveLength(1);
  });

  it("sending to a watcher fails → the delivery does not, and the watcher stays connected", async () => {
    const event = succeeded();
    await deliver(event);
    const { socket, messages } = await watchEvent(event.id, ADMIN);
    await vi.waitFor(() => expect(messages).toHaveLength(1));
    await runInDurableObject(stubOf(event.id), (object) => {
      vi.spyOn(object, "getConnections").mockImplementation(() => {
        throw new Error("with words that must go nowhere");
      });
    });
    // Sending fails, and the delivery does not.
    expect((await deliver(event)).status).toBe(200);
    expect(socket.readyState).toBe(WebSocket.OPEN);
  });
});

describe("a page of the console", () => {
  const ours = { origin: BASE };

  it("its session and its own origin → it may watch", async () => {
    const event = succeeded();
    await deliver(event);
    const { cookie } = await signIn();
    const { messages } = await watchEvent(event.id, { cookie, ...ours });
    await vi.waitFor(() => expect(messages).toHaveLength(1));
  });

  it.each<[string, Record<string, string>]>([
    ["another site, with the cookie", { origin: "https://evil.test" }],
    ["a neighbour on the same site", { origin: BASE, "sec-fetch-site": "same-site" }],
    ["no origin", {}],
    ["the origin in plain HTTP", { origin: "http://clawsettle.test" }],
  ])("%s → 401 for an event, 403 for the index", async (_, headers) => {
    const event = succeeded();
    await deliver(event);
    const { cookie } = await signIn();
    const answer = await upgrade(`/v1/admin/events/${event.id}/watch`, { cookie, ...headers });
    expect([answer.status, answer.webSocket]).toEqual([401, null]);
    expect((await upgrade("/console/live/0", { cookie, ...headers })).status).toBe(403);
  });

  it("a wrong key with a good cookie → 401: who names a key is judged by it", async () => {
    const { cookie } = await signIn();
    const headers = { cookie, ...ours, authorization: "Bearer nope" };
    expect((await upgrade("/v1/admin/events/evt_1/watch", headers)).status).toBe(401);
  });

  it("a forged cookie → 401, and the index is not asked", async () => {
    const headers = { cookie: "__Host-clawsettle=x.y", ...ours };
    expect((await upgrade("/v1/admin/events/evt_1/watch", headers)).status).toBe(401);
    expect((await upgrade("/console/live/0", headers)).status).toBe(303);
  });

  it("a cookie does not open the other operators' routes", async () => {
    const { cookie } = await signIn();
    const answer = await upgrade("/v1/admin/stats", { cookie, ...ours });
    expect(answer.status).toBe(401);
  });
});

describe("GET /console/live/{shard}", () => {
  it("each row that the shard takes is sent to its watchers, and to no others", async () => {
    const { cookie } = await signIn();
    const event = succeeded();
    const shard = shardOf(event.id, 8);
    const here = await watch(`/console/live/${shard}`, { cookie, origin: BASE });
    const there = await watch(`/console/live/${(shard + 1) % 8}`, { cookie, origin: BASE });
    ledger.answer(() => refused(503));
    await deliver(event);
    await untilPublished(event.id);
    await vi.waitFor(() => expect(here.messages).toEqual([{ event_id: event.id, state: "failed" }]));
    expect(there.messages).toEqual([]);
  });

  it.each(["8", "99", "-1", "x", "1.5"])("shard %s → 404", async (shard) => {
    const { cookie } = await signIn();
    expect((await upgrade(`/console/live/${shard}`, { cookie, origin: BASE })).status).toBe(404);
  });

  it("sending fails → the row is written all the same", async () => {
    const { cookie } = await signIn();
    const event = succeeded();
    const shard = shardOf(event.id, 8);
    await watch(`/console/live/${shard}`, { cookie, origin: BASE });
    await runInDurableObject(shardStub(shard), (object) => {
      vi.spyOn(object, "getConnections").mockImplementation(() => {
        throw new Error("broken");
      });
    });
    await deliver(event);
    const { body } = await operator("GET", `/v1/admin/events?payment_id=${event.id}`);
    expect(body.events).toMatchObject([{ event_id: event.id, state: "forwarded" }]);
  });
});
