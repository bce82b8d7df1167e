import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NOTES_SHARD } from "../../src/event-index/call-shards.ts";
import { getPage, signIn } from "../support/console.ts";
import { emptyIndex, withoutShard } from "../support/summaries.ts";
import { operator, runCron, shardStub } from "../support/worker.ts";

/** A cron that stops is noticed: from outside by `GET /health`, or because its heartbeat is missing. */

const MINUTE = 60_000;
const READ_KEY = "test-settle-read-key";
const BEAT = "https://beat.example/ping/a-secret-path";

beforeEach(emptyIndex);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const later = (ms: number) => vi.setSystemTime(Date.now() + ms);
/** Without a key for Stripe's API, which it would ask otherwise. */
const health = (key: string | null = READ_KEY, overrides = {}) =>
  operator("GET", "/health", undefined, { key, env: { STRIPE_API_KEY: undefined, ...overrides } });

describe("GET /health with an operator's key", () => {
  it.each([env.SETTLE_ADMIN_KEY, READ_KEY])("→ the age of the last sweep", async (key) => {
    await runCron();
    later(90_500);
    const { status, body } = await health(key);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: "ok", last_sweep_age_seconds: 90 });
  });

  it("past 20 minutes → 503 as its other failures are; the next sweep heals it", async () => {
    await runCron();
    later(20 * MINUTE);
    expect((await health()).body.last_sweep_age_seconds).toBe(1_200);
    later(1_000);
    const { status, body, headers } = await health();
    expect(status).toBe(503);
    expect(body).toEqual({
      error: expect.any(String),
      code: "DEPENDENCY_NOT_CONFIGURED",
      details: { missing: ["cron"], last_sweep_age_seconds: 1_201 },
      request_id: headers.get("x-request-id"),
    });
    await runCron();
    expect((await health()).body.last_sweep_age_seconds).toBe(0);
  });

  it("before the first sweep → 200 for 20 minutes from the first such request on, then 503", async () => {
    expect((await health()).body).toMatchObject({ status: "ok", last_sweep_age_seconds: null });
    later(20 * MINUTE);
    expect((await health()).status).toBe(200);
    later(1_000);
    const { status, body } = await health();
    expect([status, body.details]).toEqual([503, { missing: ["cron"], last_sweep_age_seconds: null }]);
    await runCron();
    expect((await health()).status).toBe(200);
  });

  it("the shard that keeps it is out of reach → 503", async () => {
    const { status, body } = await health(READ_KEY, withoutShard(NOTES_SHARD));
    expect([status, body.code]).toEqual([503, "EVENT_OBJECT_UNAVAILABLE"]);
  });
});

describe("GET /health without an operator's key", () => {
  it.each([null, "nope"])("%s → as ever, and no shard is asked", async (key) => {
    await runCron();
    later(60 * MINUTE);
    const { status, body } = await health(key, withoutShard(NOTES_SHARD));
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(["status", "service", "version", "settle_env"]);
  });
});

describe("which sweep counts", () => {
  it.each([NOTES_SHARD, 5] as const)(
    "shard %s out of reach → none, since its events are not seen to",
    async (shard) => {
      await runCron();
      later(10 * MINUTE);
      await runCron(withoutShard(shard));
      expect((await health()).body.last_sweep_age_seconds).toBe(600);
    },
  );

  it("not configured → none", async () => {
    await runCron({ LEDGER_ADMIN_KEY: undefined });
    expect((await health()).body.last_sweep_age_seconds).toBeNull();
  });

  it("survives a crash of the shard", async () => {
    await runCron();
    later(MINUTE);
    const stub = shardStub(NOTES_SHARD);
    await runInDurableObject(stub, (_, state) => state.abort("Instance dispose")).catch(() => undefined);
    expect((await health()).body.last_sweep_age_seconds).toBe(60);
  });
});

describe("where else it is shown", () => {
  const overview = async () => {
    const { cookie } = await signIn(env.SETTLE_ADMIN_KEY);
    return (await getPage("/console", { cookie })).body;
  };

  it("in the statistics and the metrics", async () => {
    expect((await operator("GET", "/metrics")).body).not.toContain("last_sweep");
    await runCron();
    later(30 * MINUTE);
    expect((await operator("GET", "/v1/admin/stats")).body.last_sweep_age_seconds).toBe(1_800);
    expect((await operator("GET", "/metrics")).body).toContain("clawsettle_last_sweep_age_seconds 1800\n");
  });

  it("on the overview, which says when it stands still", async () => {
    expect(await overview()).toContain("<dt>Last sweep</dt><dd>none yet</dd>");
    await runCron();
    later(3 * MINUTE);
    expect(await overview()).toContain("<dt>Last sweep</dt><dd>3 min ago</dd>");
    later(18 * MINUTE);
    expect(await overview()).toContain("<strong>21 min ago: the cron stands still</strong>");
  });
});

describe("HEARTBEAT_URL", () => {
  type Respond = () => Promise<Response>;

  function listen(respond: Respond = async () => new Response("OK")) {
    const asked: { url: string; method: string; redirect: string | undefined }[] = [];
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      asked.push({ url: String(input), method: init?.method ?? "GET", redirect: init?.redirect });
      return respond();
    });
    return asked;
  }

  const logged = () => {
    const spies = (["info", "warn", "error"] as const).map((level) => vi.spyOn(console, level));
    return () => spies.flatMap((spy) => spy.mock.calls.flat()).join("\n");
  };

  it("is asked once after each sweep, and nothing is logged of it", async () => {
    const asked = listen();
    const lines = logged();
    await runCron({ HEARTBEAT_URL: BEAT });
    await runCron({ HEARTBEAT_URL: BEAT });
    const beat = { url: BEAT, method: "GET", redirect: "manual" };
    expect(asked).toEqual([beat, beat]);
    expect(lines()).not.toContain("heartbeat");
  });

  it("not configured → nobody is asked", async () => {
    const asked = listen();
    await runCron();
    expect(asked).toEqual([]);
  });

  it("a sweep that did not go through → not asked", async () => {
    const asked = listen();
    await runCron({ HEARTBEAT_URL: BEAT, ...withoutShard(5) });
    await runCron({ HEARTBEAT_URL: BEAT, LEDGER_ADMIN_KEY: undefined });
    expect(asked).toEqual([]);
  });

  it.each<[string, Respond, string]>([
    ["refuses", async () => new Response(null, { status: 404 }), '"status":404'],
    ["redirects", async () => Response.redirect("https://elsewhere.example/", 302), '"status":302'],
    ["is out of reach", () => Promise.reject(new TypeError(`no route to ${BEAT}`)), '"error":"TypeError"'],
  ])("%s → logged without the URL, and the sweep counts", async (_, respond, line) => {
    listen(respond);
    const lines = logged();
    await runCron({ HEARTBEAT_URL: BEAT });
    expect(lines()).toContain(`"level":"warn","msg":"heartbeat_failed"`);
    expect(lines()).toContain(line);
    expect(lines()).not.toContain("beat.example");
    expect((await health()).body.last_sweep_age_seconds).toBe(0);
  });

  it("does not answer → given up after 5 s, and logged", async () => {
    const lines = logged();
    vi.spyOn(globalThis, "fetch").mockImplementation(
      (_, init) =>
        new Promise((__, reject) =>
          init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)),
        ),
    );
    const soon = AbortSignal.timeout.bind(AbortSignal, 10);
    const timeout = vi.spyOn(AbortSignal, "timeout").mockImplementation(soon);
    await runCron({ HEARTBEAT_URL: BEAT });
    expect(timeout.mock.calls).toEqual([[5_000]]);
    expect(lines()).toContain('"msg":"heartbeat_failed","status":null,"error":"TimeoutError"');
  });
});
