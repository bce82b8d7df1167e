import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { paymentIntentSucceeded, refundCreated } from "../../scripts/sandbox/events/stripe-events.ts";
import { accepted, refused, type ScriptedLedger, scriptLedger, silence } from "../support/scripted-ledger.ts";
import { deliver, showEvent } from "../support/worker.ts";

/** What each answer of the ledger means for an event: the contract's table, row by row, through the real object. */

let ledger: ScriptedLedger;
beforeEach(() => {
  ledger = scriptLedger();
});
afterEach(() => vi.restoreAllMocks());

const succeeded = () => paymentIntentSucceeded({ account_id: "acct_1", amount: 1234 });

it.each([200, 201])("%i with a settlement → forwarded", async (status) => {
  ledger.answer(() => accepted("stl_9", status));
  const answer = await deliver(succeeded());
  expect(answer.body).toMatchObject({ state: "forwarded", ledger_status: status, settlement_id: "stl_9" });
});

describe("healing: a retry is scheduled", () => {
  it.each<[number, string?]>([
    [404, "NOT_FOUND"],
    [401, "UNAUTHORIZED"],
    [403, "FORBIDDEN"],
    [408, "TIMEOUT"],
    [409, "CONCURRENT_INGESTION_CONFLICT"],
    [422, "INSUFFICIENT_FUNDS"],
    [425, "TOO_EARLY"],
    [429, "SLOW_DOWN"],
    [500],
    [502],
    [503],
    [504],
    [599],
    [301],
    [307],
  ])("%i %s", async (status, code) => {
    ledger.answer(() => refused(status, code, { location: "http://127.0.0.1:9/trap" }));
    const event = succeeded();
    const answer = await deliver(event);
    expect(answer.status).toBe(502);
    expect(answer.body.details).toMatchObject({
      ledger_status: status,
      ledger_code: code ?? null,
      retry_scheduled: true,
    });
    expect(ledger.requests).toHaveLength(1);
    expect((await showEvent(event.id)).body.attempt_log).toMatchObject([{ outcome: "unavailable" }]);
  });

  it("a Retry-After is honoured: never earlier, and the answer's time is the alarm's", async () => {
    ledger.answer(() => refused(429, "SLOW_DOWN", { "retry-after": "120" }));
    const event = succeeded();
    const answer = await deliver(event);
    const wait = Date.parse(answer.body.details.next_retry_at) - Date.now();
    expect(wait).toBeGreaterThan(119_000);
    expect(wait).toBeLessThan(135_000);
    expect((await showEvent(event.id)).body.alarm_at).toBe(answer.body.details.next_retry_at);
  });
});

describe("permanent: only an operator moves it", () => {
  it.each<[number, string?]>([
    [400, "INVALID_REQUEST"],
    [402, "PAYMENT_REQUIRED"],
    [405, "METHOD_NOT_ALLOWED"],
    [409, "DUPLICATE_CONFLICT"],
    [409, "INVALID_STATUS_TRANSITION"],
    [409, "IDEMPOTENCY_KEY_REUSED"],
    [410, "GONE"],
    [422, "VALIDATION_FAILED"],
    [422, "UNPROCESSABLE"],
    [451, "LEGAL"],
  ])("%i %s", async (status, code) => {
    ledger.answer(() => refused(status, code));
    const event = succeeded();
    const answer = await deliver(event);
    expect(answer.status).toBe(502);
    expect(answer.body.details).toMatchObject({
      ledger_status: status,
      ledger_code: code ?? null,
      retry_scheduled: false,
      next_retry_at: null,
    });
    expect((await showEvent(event.id)).body).toMatchObject({
      state: "failed",
      reason: "ledger_rejected",
      alarm_at: null,
      attempt_log: [{ outcome: "rejected" }],
    });
  });
});

describe("unknown: retried with the same key and the same bytes", () => {
  it.each<[string, (signal: AbortSignal) => Response | Promise<Response>]>([
    ["the connection is lost", () => Promise.reject(new TypeError("Network connection lost."))],
    ["a 2xx is cut off", () => new Response('{"settlement":{"id":"stl_', { status: 201 })],
    [
      "a 2xx carries no settlement: a proxy's page",
      () => new Response("<html>welcome</html>", { status: 200 }),
    ],
    ["a 2xx carries other JSON", () => Response.json({ ok: true })],
  ])("%s", async (_, answerOnce) => {
    ledger.answer((_request, signal) => answerOnce(signal));
    const event = succeeded();
    const answer = await deliver(event);
    expect(answer.status).toBe(502);
    expect(answer.body.details).toMatchObject({ ledger_code: null, retry_scheduled: true });
    expect((await showEvent(event.id)).body.attempt_log).toMatchObject([{ outcome: "unknown" }]);
  });

  it("no answer within the time-out", async () => {
    ledger.answer((_request, signal) => silence(signal));
    const event = succeeded();
    const answer = await deliver(event);
    expect(answer.body.details).toMatchObject({
      ledger_status: null,
      ledger_code: null,
      retry_scheduled: true,
    });
    expect((await showEvent(event.id)).body.last_error.message).toContain("timeout");
  });
});

describe("look-up of the account", () => {
  const refund = () =>
    refundCreated({ amount: 100, payment_intent: "pi_1", status: "succeeded", metadata: {} });
  const lookUpEnv = { STRIPE_REFUND_EVENTS: "refund" };

  it("found → the settlement carries the payin's account, and the payload is frozen", async () => {
    ledger.answer((request) =>
      request.method === "GET"
        ? Response.json({ settlements: [{ id: "stl_p", account_id: "acct_7", direction: "payin" }] })
        : accepted(),
    );
    const event = refund();
    const answer = await deliver(event, { env: lookUpEnv });
    expect(answer.body).toMatchObject({ state: "forwarded", deduped: false });
    expect(ledger.requests.map(({ method, url }) => `${method} ${url.pathname}${url.search}`)).toEqual([
      "GET /v1/payments/settlements/stripe/pi_1?direction=payin",
      "POST /v1/payments/settlements/ingest",
    ]);
    expect((await showEvent(event.id)).body.settlement).toMatchObject({
      account_id: "acct_7",
      direction: "refund",
      metadata: { account_source: "payin_lookup" },
    });
  });

  it("the ledger does not know the payment yet → 502 ACCOUNT_NOT_RESOLVED, and it heals by retry", async () => {
    ledger.answer(() => refused(404, "NOT_FOUND"));
    const event = refund();
    const answer = await deliver(event, { env: lookUpEnv });
    expect(answer.status).toBe(502);
    expect(answer.body.details).toMatchObject({
      ledger_status: 404,
      ledger_code: "ACCOUNT_NOT_RESOLVED",
      retry_scheduled: true,
      attempts: 1,
    });
    expect(ledger.requests.map((request) => request.method)).toEqual(["GET"]);
  });
});

it("the ledger's own words go nowhere: not into an answer, not into the event's state", async () => {
  ledger.answer(() => refused(400, "INVALID_REQUEST"));
  const event = succeeded();
  const answers = [await deliver(event), await showEvent(event.id)];
  expect(JSON.stringify(answers.map((answer) => answer.body))).not.toContain("upstream words");
});

it("the fixtures' ledger is the configured one", () => {
  expect(env.LEDGER_BASE_URL).toBe("http://127.0.0.1:9");
});
