import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  paymentIntentSucceeded,
  payoutPaid,
  refundCreated,
  refundFailed,
} from "../../scripts/sandbox/events/stripe-events.ts";
import { accepted, refused, type ScriptedLedger, scriptLedger, silence } from "../support/scripted-ledger.ts";
import { deliver, operator, showEvent } from "../support/worker.ts";

/**
 * What each answer of the ledger means for an event: the contract's table,
 * row by row, through the real object.
 */

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

/** The ledger holds this of whatever it is asked about, and takes what it is sent. */
const holding =
  (held: Record<string, unknown>) =>
  ({ method }: { readonly method: string }) => {
    if (method !== "GET") return accepted();
    const sound = {
      id: "stl_p",
      account_id: "acct_7",
      amount_minor: "900",
      currency: "USD",
      status: "confirmed",
    };
    return Response.json({ settlements: [{ ...sound, latest_event_id: "led_0", ...held }] });
  };
const asked = () => ledger.requests.map(({ method, url }) => `${method} ${url.pathname}${url.search}`);
const INGEST = "POST /v1/payments/settlements/ingest";
const notYet = (ledger_code: string) => ({
  ledger_status: 404,
  ledger_code,
  retry_scheduled: true,
  attempts: 1,
});

describe("whose refund it is", () => {
  const refund = () => refundCreated({ amount: 100, payment_intent: "pi_1", account_id: "acct_copied" });

  it("the payin is there → the settlement carries its account, whatever the refund's own metadata says", async () => {
    ledger.answer(holding({ direction: "payin" }));
    const event = refund();
    const answer = await deliver(event);
    expect(answer.body).toMatchObject({ state: "forwarded", deduped: false });
    expect(asked()).toEqual(["GET /v1/payments/settlements/stripe/pi_1?direction=payin", INGEST]);
    expect((await showEvent(event.id)).body.settlement).toMatchObject({
      account_id: "acct_7",
      direction: "refund",
      metadata: { account_source: "payin", account_in_metadata: "acct_copied" },
    });
  });

  it.each([
    ["is not there", () => refused(404, "NOT_FOUND")],
    ["is pending: it has credited nobody yet", holding({ status: "pending" })],
  ])("the payin %s → 502 ACCOUNT_NOT_RESOLVED, and it heals by retry", async (_, answering) => {
    ledger.answer(answering);
    const event = refund();
    const answer = await deliver(event);
    expect([answer.status, answer.body.details]).toEqual([
      502,
      expect.objectContaining(notYet("ACCOUNT_NOT_RESOLVED")),
    ]);
    expect(ledger.requests.map((request) => request.method)).toEqual(["GET"]);
    ledger.answer(holding({ direction: "payin" }));
    expect((await operator("POST", `/v1/admin/events/${event.id}/retry`)).body.state).toBe("forwarded");
  });

  describe("the payin says that just this much was not captured", () => {
    const transaction = { object: "balance_transaction", id: "txn_1" };
    const stripesError = { type: "invalid_request_error", code: "resource_missing", param: "id" };
    const ask = (stripe: () => Response) => {
      const released = holding({ direction: "payin", metadata: { stripe_released_minor: "100" } });
      ledger.answer((request) => (request.url.host === "api.stripe.com" ? stripe() : released(request)));
      return deliver(refundCreated({ amount: 100, payment_intent: "pi_1", balance_transaction: "txn_1" }));
    };

    it.each([
      ["a refund", "refund", { state: "forwarded" }],
      [
        "what was not captured",
        "partial_capture_reversal",
        { state: "ignored", reason: "authorization_released" },
      ],
      ["something else", "fee", { error_code: "EVENT_UNMAPPABLE", reason: "partial_capture_or_refund" }],
    ])("and Stripe calls the transaction %s → so it is", async (_, reporting_category, body) => {
      const answer = await ask(() => Response.json({ ...transaction, reporting_category }));
      expect([answer.status, answer.body]).toEqual([200, expect.objectContaining(body)]);
      expect(asked().includes(INGEST)).toBe(reporting_category === "refund");
    });

    it("and Stripe does not know the transaction → 200, unmappable: an operator decides", async () => {
      const answer = await ask(() => Response.json({ error: stripesError }, { status: 404 }));
      expect(answer.body).toMatchObject({
        error_code: "EVENT_UNMAPPABLE",
        reason: "partial_capture_or_refund",
      });
      expect(asked()).not.toContain(INGEST);
    });

    it("and Stripe does not answer → 502 STRIPE_API_UNAVAILABLE, and it heals by retry", async () => {
      const answer = await ask(() => new Response("<html>", { status: 503 }));
      const told = { ledger_status: null, ledger_code: "STRIPE_API_UNAVAILABLE", retry_scheduled: true };
      expect([answer.status, answer.body.details]).toEqual([502, expect.objectContaining(told)]);
      expect(asked()).not.toContain(INGEST);
    });
  });
});

describe("money that comes back", () => {
  const back = () => refundFailed({ id: "re_1", amount: 100, payment_intent: "pi_1" });

  it("the debit is there → a payin of its own, for that account", async () => {
    ledger.answer(holding({ direction: "refund" }));
    const event = back();
    expect((await deliver(event)).body).toMatchObject({ state: "forwarded" });
    expect(asked()).toEqual(["GET /v1/payments/settlements/stripe/re_1?direction=refund", INGEST]);
    expect((await showEvent(event.id)).body.settlement).toMatchObject({
      account_id: "acct_7",
      direction: "payin",
      metadata: { account_source: "debit", kind: "refund_returned" },
    });
  });

  it.each([
    ["is not there", () => refused(404, "NOT_FOUND")],
    ["shows no effect", holding({ direction: "refund", latest_event_id: null })],
  ])(
    "the debit %s → 502 COUNTERPART_NOT_FOUND, nothing is credited, and it heals by retry",
    async (_, answering) => {
      ledger.answer(answering);
      const answer = await deliver(back());
      expect([answer.status, answer.body.details]).toEqual([
        502,
        expect.objectContaining(notYet("COUNTERPART_NOT_FOUND")),
      ]);
      expect(asked()).not.toContain(INGEST);
    },
  );

  it.each([
    ["less", { amount_minor: "99" }],
    ["of another currency", { currency: "EUR" }],
  ])("the debit is %s → 200, unmappable, nothing is credited", async (_, held) => {
    ledger.answer(holding({ direction: "refund", ...held }));
    expect((await deliver(back())).body).toMatchObject({ state: "failed", reason: "debit_differs" });
    expect(asked()).not.toContain(INGEST);
  });

  it("failed with no transaction at all, and the ledger holds no debit → 200, ignored: it had never left", async () => {
    ledger.answer(() => refused(404, "NOT_FOUND"));
    const never = { balance_transaction: null, failure_balance_transaction: null };
    const event = refundFailed({ id: "re_1", amount: 100, payment_intent: "pi_1", ...never });
    const answer = await deliver(event);
    expect([answer.status, answer.body]).toEqual([
      200,
      expect.objectContaining({ state: "ignored", reason: "refund_not_moved" }),
    ]);
    expect((await showEvent(event.id)).body.attempt_log).toMatchObject([{ outcome: "ignored" }]);
  });
});

describe("a payout paid, refused for its status", () => {
  const REFUSED = "INVALID_STATUS_TRANSITION";
  const payout = () => payoutPaid({ id: "po_1", account_id: "acct_1", amount: 900 });
  const answering = (status: string) => (request: { readonly method: string }) =>
    request.method === "GET" ? holding({ direction: "payout", status })(request) : refused(409, REFUSED);

  it("the ledger holds it as reversed → 200, ignored as overtaken; its replay asks nobody", async () => {
    ledger.answer(answering("reversed"));
    const event = payout();
    const told = { state: "ignored", reason: "payout_overtaken", forwarded_to_ledger: false };
    expect((await deliver(event)).body).toMatchObject({ ...told, deduped: false });
    expect(asked()).toEqual([INGEST, "GET /v1/payments/settlements/stripe/po_1?direction=payout"]);
    expect((await deliver(event)).body).toMatchObject({ ...told, deduped: true });
    expect(ledger.requests).toHaveLength(2);
    expect((await showEvent(event.id)).body.attempt_log).toMatchObject([
      { outcome: "ignored", ledger_status: 409 },
    ]);
  });

  it("the ledger holds it as failed → permanent: an operator sees it", async () => {
    ledger.answer(answering("failed"));
    const { status, body } = await deliver(payout());
    expect([status, body.details]).toEqual([
      502,
      expect.objectContaining({ ledger_status: 409, ledger_code: REFUSED, retry_scheduled: false }),
    ]);
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
