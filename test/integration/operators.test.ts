import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import { brokenBody } from "../support/broken-body.ts";
import { type Route, ROUTES } from "../../src/http/routes.ts";
import { accepted, refused, type ScriptedLedger, scriptLedger } from "../support/scripted-ledger.ts";
import { BASE, deliver, operator, send, showEvent } from "../support/worker.ts";

/** The operators' routes: who may use them, and what they do. */

let ledger: ScriptedLedger;
beforeEach(() => {
  ledger = scriptLedger();
});
afterEach(() => vi.restoreAllMocks());

const succeeded = () => paymentIntentSucceeded({ account_id: "acct_1", amount: 1234 });
const RESOLUTION = { actor: "ada", note: "booked by hand" };

/** What each guarded route takes. One that is new is guarded too, and is checked with an empty body. */
const BODIES: Readonly<Record<string, unknown>> = {
  retryForwarding: { event_id: "evt_guarded" },
  retryEvents: { filter: {}, dry_run: true },
  assignAccount: { account_id: "acc_1", ...RESOLUTION },
  resolveEvent: RESOLUTION,
  reopenEvent: RESOLUTION,
};

const GUARDED = Object.entries<Route>(ROUTES)
  .filter(([, { access }]) => access === "operator" || access === "watcher")
  .map(([name, { method, path }]): [string, string, unknown] => [
    method,
    path.replace("{event_id}", "evt_guarded").replace("{id}", `rec_${"0".repeat(32)}`),
    method === "GET" ? undefined : (BODIES[name] ?? {}),
  ]);

/** What lies beside them: no route, or not with this method. */
const BESIDE: [string, string, unknown][] = [
  ["POST", "/v1/stripe/forwarding/retry", {}],
  ["GET", "/v1/admin/anything/else", undefined],
  ["DELETE", "/v1/admin/events/evt_guarded", undefined],
  ["GET", "/v1/admin/events/retry", undefined],
  ["POST", "/v1/admin/events", {}],
  ["POST", "/v1/admin/stats", {}],
  ["POST", "/metrics", {}],
];

it("without a signature and without a key → only the open routes answer", () => {
  const open = Object.values<Route>(ROUTES).filter(({ access }) => access === "open");
  expect(open.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "GET /",
    "GET /health",
    "GET /openapi.json",
  ]);
});

describe.each([...GUARDED, ...BESIDE])("%s %s", (method, path, body) => {
  it.each<[string, string | null]>([
    ["no key", null],
    ["a wrong key", "nope"],
    ["a key that only begins right", "test-settle-admin-ke"],
    ["the ledger's key", env.LEDGER_ADMIN_KEY],
  ])("%s → 401 UNAUTHORIZED", async (_, key) => {
    const answer = await operator(method, path, body, { key });
    expect(answer.status).toBe(401);
    expect(answer.body.code).toBe("UNAUTHORIZED");
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
  });

  it("a refusal is in the log, by its request's id; the key that was tried is not", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    const logged = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { headers } = await operator(method, path, body, { key: "a-key-that-was-guessed" });
    expect(logged).toHaveBeenCalledWith(expect.stringContaining('"msg":"operator_refused"'));
    expect(logged).toHaveBeenCalledWith(expect.stringContaining(`${headers.get("x-request-id")}`));
    expect(logged).not.toHaveBeenCalledWith(expect.stringContaining("guessed"));
  });

  it("no key configured → 503 that names it", async () => {
    const unset = { SETTLE_ADMIN_KEY: undefined, SETTLE_READ_KEY: undefined };
    const answer = await operator(method, path, body, { env: unset });
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({
      code: "DEPENDENCY_NOT_CONFIGURED",
      details: { missing: ["SETTLE_ADMIN_KEY"] },
    });
  });

  it("the read key → reads, and 403 FORBIDDEN for the rest", async () => {
    const answer = await operator(method, path, body, { key: "test-settle-read-key" });
    const reads = method === "GET";
    expect(reads ? [200, 400, 404, 405] : [403]).toContain(answer.status);
    expect(answer.body.code === "FORBIDDEN").toBe(!reads);
  });

  it("the admin key → goes on", async () => {
    const answer = await operator(method, path, body);
    expect([200, 400, 404, 405]).toContain(answer.status);
  });
});

describe("GET /v1/admin/events/{event_id}", () => {
  it("shows the event's whole state", async () => {
    const event = succeeded();
    const delivered = await deliver(event);
    const answer = await showEvent(event.id);
    expect(answer.status).toBe(200);
    const { deduped: _, ...snapshot } = delivered.body;
    expect(answer.body).toEqual({
      event_id: event.id,
      event_type: "payment_intent.succeeded",
      livemode: false,
      api_version: event.api_version,
      stripe_account: null,
      state: "forwarded",
      reason: null,
      idempotency_key: `stripe:event:${event.id}`,
      received_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      updated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      deliveries: 1,
      attempts: 1,
      next_retry_at: null,
      alarm_at: expect.stringMatching(/Z$/),
      settlement: JSON.parse(ledger.requests[0]?.body ?? ""),
      money: null,
      waits_for: null,
      snapshot,
      last_error: null,
      attempt_log: [
        {
          attempt: 1,
          trigger: "delivery",
          started_at: expect.any(String),
          duration_ms: expect.any(Number),
          outcome: "accepted",
          ledger_status: 201,
        },
      ],
      conflicts: null,
      operator_actions: [],
      evidence: {
        body_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        payload_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        ledger_event_id: "led_1",
        signing_secret: "index 0",
      },
    });
  });

  it.each([
    ["unknown", "evt_unknown", 404, "EVENT_NOT_FOUND"],
    ["no event id", "pi_1", 400, "INVALID_REQUEST"],
    ["a path in it", "evt_1%2F..", 400, "INVALID_REQUEST"],
  ])("%s → %s", async (_, id, status, code) => {
    const answer = await operator("GET", `/v1/admin/events/${id}`);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });
});

describe("POST …/retry", () => {
  it("failed(healing) + retry before it is due → attempted now, with actor and note on record", async () => {
    ledger.answer(() => refused(404, "NOT_FOUND"));
    const event = succeeded();
    await deliver(event);
    ledger.answer(() => accepted());
    const answer = await operator("POST", `/v1/admin/events/${event.id}/retry`, {
      actor: "ada",
      note: "account made",
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      state: "forwarded",
      attempts: 2,
      operator_actions: [{ action: "retry", actor: "ada", note: "account made" }],
    });
    expect(answer.body.attempt_log.at(-1)).toMatchObject({ trigger: "operator", outcome: "accepted" });
  });

  it("failed(permanent) + retry without a body → attempted now", async () => {
    ledger.answer(() => refused(409, "DUPLICATE_CONFLICT"));
    const event = succeeded();
    await deliver(event);
    const answer = await operator("POST", `/v1/admin/events/${event.id}/retry`);
    expect(answer.body).toMatchObject({ state: "failed", attempts: 2, reason: "ledger_rejected" });
  });

  it("forwarded + retry → 409 INVALID_STATE, and no request to the ledger: it cannot credit twice", async () => {
    const event = succeeded();
    await deliver(event);
    const answer = await operator("POST", `/v1/admin/events/${event.id}/retry`);
    expect([answer.status, answer.body.code]).toEqual([409, "INVALID_STATE"]);
    expect(ledger.requests).toHaveLength(1);
  });

  it.each([["{"], ['{"actr":"ada"}'], ['{"actor":""}'], ["[]"]])("%s → 400", async (body) => {
    const answer = await operator("POST", "/v1/admin/events/evt_1/retry", body);
    expect([answer.status, answer.body.code]).toEqual([400, "INVALID_REQUEST"]);
  });

  it.each([
    "/v1/admin/events/evt_1/retry",
    "/v1/admin/events/evt_1/assign",
    "/v1/admin/events/evt_1/resolve",
    "/v1/admin/events/retry",
    "/v1/stripe/forwarding/retry",
  ])("%s, a body that breaks off → 400, and no error in the log", async (path) => {
    const logged = vi.spyOn(console, "error");
    const headers = { authorization: `Bearer ${env.SETTLE_ADMIN_KEY}` };
    const init = { method: "POST", headers, body: brokenBody(), duplex: "half" } as RequestInit;
    const answer = await send(new Request(`${BASE}${path}`, init));
    expect([answer.status, answer.body.code]).toEqual([400, "INVALID_REQUEST"]);
    expect(logged).not.toHaveBeenCalled();
  });
});

describe("POST …/resolve", () => {
  it("failed + resolve → resolved, with the name and the note; no alarm but the purge's", async () => {
    ledger.answer(() => refused(400, "INVALID_REQUEST"));
    const event = succeeded();
    await deliver(event);
    const answer = await operator("POST", `/v1/admin/events/${event.id}/resolve`, RESOLUTION);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      state: "resolved",
      operator_actions: [{ action: "resolve", ...RESOLUTION }],
      last_error: { ledger_code: "INVALID_REQUEST" },
    });
    const purge = Date.parse((await showEvent(event.id)).body.alarm_at);
    expect(purge - Date.now()).toBeGreaterThan(29 * 86_400_000);
  });

  it("failed(healing) + resolve → the scheduled retry is off", async () => {
    ledger.answer(() => refused(503));
    const event = succeeded();
    await deliver(event);
    await operator("POST", `/v1/admin/events/${event.id}/resolve`, RESOLUTION);
    expect((await showEvent(event.id)).body).toMatchObject({ state: "resolved", next_retry_at: null });
  });

  it("forwarded + resolve → 409; unknown → 404; without a name or a note → 400", async () => {
    const event = succeeded();
    await deliver(event);
    const path = (id: string) => `/v1/admin/events/${id}/resolve`;
    expect((await operator("POST", path(event.id), RESOLUTION)).status).toBe(409);
    expect((await operator("POST", path("evt_unknown"), RESOLUTION)).status).toBe(404);
    expect((await operator("POST", path(event.id), { actor: "ada" })).status).toBe(400);
    expect((await operator("POST", path(event.id), { note: "x" })).status).toBe(400);
  });
});

describe("POST /v1/stripe/forwarding/retry", () => {
  const retry = (body: unknown) => operator("POST", "/v1/stripe/forwarding/retry", body);

  it("failed(healing) → one attempt; then it is forwarded, and counts as attempted 0", async () => {
    ledger.answer(() => refused(404, "NOT_FOUND"));
    const event = succeeded();
    await deliver(event);
    expect((await retry({ event_id: event.id })).body).toEqual({
      ok: false,
      attempted: 1,
      forwarded: 0,
      failed: 1,
    });
    ledger.answer(() => accepted());
    expect((await retry({ event_id: event.id })).body).toEqual({
      ok: true,
      attempted: 1,
      forwarded: 1,
      failed: 0,
    });
    expect((await retry({ event_id: event.id, force: true })).body).toEqual({
      ok: true,
      attempted: 0,
      forwarded: 0,
      failed: 0,
    });
    expect((await deliver(event)).body.deduped).toBe(true);
  });

  it("failed(permanent) → left alone, unless forced", async () => {
    ledger.answer(() => refused(400, "INVALID_REQUEST"));
    const event = succeeded();
    await deliver(event);
    expect((await retry({ event_id: event.id })).body.attempted).toBe(0);
    expect((await retry({ event_id: event.id, force: true })).body.attempted).toBe(1);
  });

  it("unknown → 404; malformed → 400", async () => {
    expect((await retry({ event_id: "evt_unknown" })).status).toBe(404);
    expect((await retry({ event_id: "nope" })).status).toBe(400);
    expect((await retry({ event_id: "evt_1", limit: 0 })).status).toBe(400);
  });
});

describe("GET /health and GET /", () => {
  it("complete → 200 ok", async () => {
    const answer = await send(new Request(`${BASE}/health`));
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      status: "ok",
      service: "clawsettle",
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      settle_env: "staging",
    });
  });

  describe("with an operator's key", () => {
    const list = () => Response.json({ object: "list", data: [], has_more: false });
    const answer = (perPath: Record<string, () => Response>) => {
      const asked: string[] = [];
      vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
        const { host, pathname } = new URL(input as string);
        asked.push(host + pathname);
        return (perPath[pathname] ?? list)();
      });
      return asked;
    };

    it.each([env.SETTLE_ADMIN_KEY, "test-settle-read-key"])("→ what Stripe's key may read", async (key) => {
      const asked = answer({
        "/v1/customers": () => Response.json({ error: { message: "words" } }, { status: 403 }),
        "/v1/invoice_payments": () => new Response("<html>", { status: 502 }),
      });
      const { status, body } = await operator("GET", "/health", undefined, { key });
      expect(status).toBe(200);
      expect(body).toMatchObject({ status: "ok", settle_env: "staging" });
      expect(body.stripe_api).toEqual({
        events: "ok",
        checkout_sessions: "ok",
        invoice_payments: "unavailable",
        customers: "refused",
        balance_transactions: "ok",
        account: "ok",
        balance: "ok",
      });
      expect(asked).toHaveLength(7);
      expect(asked.every((url) => url.startsWith("api.stripe.com/v1/"))).toBe(true);
    });

    it.each([null, "nope"])("%s is none → as without, and nobody is asked", async (key) => {
      const asked = answer({});
      const { status, body } = await operator("GET", "/health", undefined, { key });
      expect(status).toBe(200);
      expect(Object.keys(body)).toEqual(["status", "service", "version", "settle_env"]);
      expect(asked).toEqual([]);
    });

    it("but no key for Stripe's API → Stripe is not asked", async () => {
      const asked = answer({});
      const unset = { STRIPE_API_KEY: undefined };
      const { status, body } = await operator("GET", "/health", undefined, { env: unset });
      expect(status).toBe(200);
      expect(Object.keys(body)).toEqual([
        "status",
        "service",
        "version",
        "settle_env",
        "last_sweep_age_seconds",
        "settings",
      ]);
      expect(asked).toEqual([]);
    });

    it("production, an operator's key that could be guessed → 503 that names it as invalid", async () => {
      const weak = { SETTLE_ENV: "production", SETTLE_READ_KEY: "read" };
      for (const key of [env.SETTLE_ADMIN_KEY, "read", null]) {
        const { status, body } = await operator("GET", "/health", undefined, { key, env: weak });
        expect([status, body.details]).toEqual([503, { missing: [], invalid: ["SETTLE_READ_KEY"] }]);
      }
      const reading = await operator("GET", "/v1/admin/stats", undefined, { key: "read", env: weak });
      expect(reading.status).toBe(401);
    });
  });

  it("incomplete → 503 with every name, the operators' key included, and no value", async () => {
    const unset = { SETTLE_ADMIN_KEY: undefined, LEDGER_ADMIN_KEY: undefined, LEDGER_TIMEOUT_MS: "soon" };
    const answer = await send(new Request(`${BASE}/health`), unset);
    expect(answer.status).toBe(503);
    expect(answer.body.details.missing.sort()).toEqual(["LEDGER_ADMIN_KEY", "SETTLE_ADMIN_KEY"]);
    expect(answer.body.details.invalid).toEqual(["LEDGER_TIMEOUT_MS"]);
    expect(JSON.stringify(answer.body)).not.toContain("soon");
  });

  it("/ says what this is and where to go", async () => {
    const answer = await send(new Request(`${BASE}/`));
    expect(answer.status).toBe(200);
    expect(answer.body.service).toBe("clawsettle");
    expect(Object.keys(answer.body.routes)).toContain("POST /v1/stripe/webhook");
  });
});
