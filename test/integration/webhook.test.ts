import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import { signPayload } from "../../scripts/sandbox/events/stripe-signature.ts";
import { type ScriptedLedger, scriptLedger } from "../support/scripted-ledger.ts";
import { type Answer, BASE, deliver, OLD_SECRET, SECRET, send, withOverrides } from "../support/worker.ts";

/** The contract's column of steps: what each refuses, and that a refused delivery leaves no trace. */

let ledger: ScriptedLedger;
beforeEach(() => {
  ledger = scriptLedger();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Of a body, as long as none is configured. */
const LIMIT = 262_144;

/** Sends for ever, and counts how often it was asked to. */
function endless(headers: Record<string, string>) {
  let pulled = 0;
  const body = new ReadableStream(
    {
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(16_384));
      },
    },
    { highWaterMark: 0 },
  );
  const request = new Request(`${BASE}/v1/stripe/webhook`, { method: "POST", headers, body });
  return { request, pulled: () => pulled };
}

const event = (over: Record<string, unknown> = {}) => ({
  ...paymentIntentSucceeded({ account_id: "acct_1", amount: 1234 }),
  ...over,
});

async function expectNoTrace(act: () => Promise<Answer>): Promise<Answer> {
  const before = await objectCount();
  const answer = await act();
  expect(await objectCount()).toBe(before);
  expect(ledger.requests).toEqual([]);
  expect(answer.body.request_id).toBe(answer.headers.get("x-request-id"));
  return answer;
}

async function objectCount(): Promise<number> {
  return (await listDurableObjectIds(env.STRIPE_EVENT)).length;
}

describe("step 1: configuration", () => {
  it.each(["SETTLE_ENV", "STRIPE_WEBHOOK_SIGNING_SECRET", "LEDGER_BASE_URL", "LEDGER_ADMIN_KEY"])(
    "%s is missing → 503 that names it",
    async (name) => {
      const answer = await expectNoTrace(() => deliver(event(), { env: { [name]: undefined } }));
      expect(answer.status).toBe(503);
      expect(answer.body).toMatchObject({ code: "DEPENDENCY_NOT_CONFIGURED", details: { missing: [name] } });
    },
  );

  it("several are missing → all are named at once", async () => {
    const overrides = { LEDGER_ADMIN_KEY: "", STRIPE_WEBHOOK_SIGNING_SECRET: undefined };
    const answer = await expectNoTrace(() => deliver(event(), { env: overrides }));
    expect(answer.body.details.missing.sort()).toEqual(["LEDGER_ADMIN_KEY", "STRIPE_WEBHOOK_SIGNING_SECRET"]);
  });

  it("an unknown SETTLE_ENV → 503, and nothing is taken", async () => {
    const answer = await expectNoTrace(() => deliver(event(), { env: { SETTLE_ENV: "prod" } }));
    expect(answer.status).toBe(503);
    expect(answer.body.details).toEqual({ missing: [], invalid: ["SETTLE_ENV"] });
  });

  it.each(["changeme", `whsec_${"s".repeat(23)}`])(
    "production, a signing secret that could be guessed → 503 that names it, also for what it signed",
    async (secret) => {
      const overrides = { SETTLE_ENV: "production", STRIPE_WEBHOOK_SIGNING_SECRET: secret };
      const signed = () => deliver(event({ livemode: true }), { secret, env: overrides });
      const answer = await expectNoTrace(signed);
      expect(answer.status).toBe(503);
      expect(answer.body.details).toEqual({ missing: [], invalid: ["STRIPE_WEBHOOK_SIGNING_SECRET"] });
    },
  );

  it("production, an operator's key that could be guessed → deliveries are settled all the same", async () => {
    const overrides = { SETTLE_ENV: "production", SETTLE_ADMIN_KEY: "admin" };
    expect((await deliver(event({ livemode: true }), { env: overrides })).status).toBe(200);
  });

  it("comes before the size: an unconfigured service reads no body", async () => {
    const huge = new Uint8Array(LIMIT + 1);
    const answer = await deliver(huge, { env: { LEDGER_ADMIN_KEY: undefined } });
    expect(answer.status).toBe(503);
  });
});

describe("step 2: the header's form and time, before the body is read", () => {
  it.each<[string, (now: number) => string | null]>([
    ["no header", () => null],
    ["an empty header", () => ""],
    ["no time", () => `v1=${"a".repeat(64)}`],
    ["no v1", (now) => `t=${now}`],
    ["a v1 that is no SHA-256", (now) => `t=${now},v1=abc`],
    ["too old", (now) => `t=${now - 301},v1=${"a".repeat(64)}`],
    ["from the future", (now) => `t=${now + 330},v1=${"a".repeat(64)}`],
  ])("%s → 401, and of an endless body nothing is read", async (_, headerAt) => {
    const header = headerAt(Math.floor(Date.now() / 1000));
    const { request, pulled } = endless(header === null ? {} : { "stripe-signature": header });
    const answer = await expectNoTrace(() => send(request));
    expect([answer.status, answer.body.code]).toEqual([401, "SIGNATURE_INVALID"]);
    expect(pulled()).toBe(0);
  });
});

describe("step 3: size", () => {
  const plausible = () => `t=${Math.floor(Date.now() / 1000)},v1=${"a".repeat(64)}`;

  it("one byte more than 256 KiB → 413, before the signature", async () => {
    const answer = await expectNoTrace(() => deliver(new Uint8Array(LIMIT + 1), { header: plausible() }));
    expect(answer.status).toBe(413);
    expect(answer.body).toMatchObject({ code: "PAYLOAD_TOO_LARGE", details: { limit_bytes: LIMIT } });
  });

  it("a stream without a length is counted while it is read → 413", async () => {
    const { request, pulled } = endless({ "stripe-signature": plausible() });
    const answer = await expectNoTrace(() => send(request));
    expect(answer.status).toBe(413);
    expect(pulled()).toBeLessThan(20);
  });

  it("exactly 256 KiB goes on to the signature", async () => {
    const answer = await expectNoTrace(() => deliver(new Uint8Array(LIMIT), { header: plausible() }));
    expect(answer.status).toBe(401);
  });

  it("an event of almost 256 KiB settles", async () => {
    expect((await deliver(event({ padding: "x".repeat(LIMIT - 10_000) }))).status).toBe(200);
  });

  it("the limit is configurable", async () => {
    const padded = event({ padding: "x".repeat(LIMIT) });
    expect((await deliver(padded)).status).toBe(413);
    expect((await deliver(padded, { env: { WEBHOOK_BODY_MAX_KIB: "1024" } })).status).toBe(200);
    expect((await deliver(event(), { env: { WEBHOOK_BODY_MAX_KIB: "1" } })).status).toBe(413);
  });

  it("a body that does not come to its end within 20 s → 400, as one that broke off", async () => {
    const body = new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array([0x7b])) });
    const headers = { "stripe-signature": plausible() };
    const request = new Request(`${BASE}/v1/stripe/webhook`, { method: "POST", headers, body });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const answering = expectNoTrace(() => send(request));
    for (let tries = 0; vi.getTimerCount() === 0 && tries < 1_000; tries++) await scheduler.wait(1);
    await vi.advanceTimersByTimeAsync(20_000);
    const answer = await answering;
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      code: "INVALID_REQUEST",
      details: { problems: ["the body broke off"] },
    });
  });
});

describe("step 4: signature", () => {
  const now = () => Math.floor(Date.now() / 1000);

  it.each<[string, () => Promise<Answer>]>([
    ["no header", () => deliver(event(), { header: null })],
    ["an empty header", () => deliver(event(), { header: "" })],
    ["another secret", () => deliver(event(), { secret: "whsec_other" })],
    ["too old", () => deliver(event(), { timestampSeconds: now() - 301 })],
    ["from the future", () => deliver(event(), { timestampSeconds: now() + 330 })],
    [
      "of another body",
      async () => {
        const header = await signPayload("{}", SECRET, { timestampSeconds: now() });
        return deliver(event(), { header });
      },
    ],
  ])("%s → 401 SIGNATURE_INVALID", async (_, act) => {
    const answer = await expectNoTrace(act);
    expect(answer.status).toBe(401);
    expect(answer.body).toEqual({
      error: expect.any(String),
      code: "SIGNATURE_INVALID",
      request_id: expect.any(String),
    });
  });

  it("comes before the parsing: a forged body that is no JSON → 401", async () => {
    expect((await expectNoTrace(() => deliver("{", { secret: "whsec_other" }))).status).toBe(401);
  });

  it("just inside the tolerance → 200", async () => {
    expect((await deliver(event(), { timestampSeconds: now() - 295 })).status).toBe(200);
  });

  it("the tolerance is configurable", async () => {
    const options = { timestampSeconds: now() - 20, env: { STRIPE_SIGNATURE_TOLERANCE_SECONDS: "10" } };
    expect((await expectNoTrace(() => deliver(event(), options))).status).toBe(401);
  });

  it("while a secret is rolled, both verify", async () => {
    expect((await deliver(event(), { secret: OLD_SECRET })).status).toBe(200);
    const body = JSON.stringify(event());
    const [older, newer] = await Promise.all(
      [OLD_SECRET, SECRET].map((secret) => signPayload(body, secret, { timestampSeconds: now() })),
    );
    const header = `${older},${newer?.split(",")[1]}`;
    expect((await deliver(body, { header })).status).toBe(200);
  });

  it("1,000 wrong signatures make no object and call nobody", async () => {
    const body = JSON.stringify(event());
    const header = await signPayload(body, "whsec_other", { timestampSeconds: now() });
    const before = await objectCount();
    for (let batch = 0; batch < 20; batch++) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => deliver(body, { header })));
      expect(answers.every((answer) => answer.status === 401)).toBe(true);
    }
    expect(await objectCount()).toBe(before);
    expect(ledger.requests).toEqual([]);
  });
});

describe("step 5: envelope", () => {
  it.each<[string, unknown]>([
    ["not JSON", "{"],
    ["not UTF-8", new Uint8Array([0x22, 0xff, 0x22])],
    ["empty", ""],
    ["null", null],
    ["a list", [event()]],
    ["no id", event({ id: undefined })],
    ["an id of another kind", event({ id: "we_123" })],
    ["an id with a path in it", event({ id: "evt_../../x" })],
    ["an id of 251 characters after the prefix", event({ id: `evt_${"a".repeat(251)}` })],
    ["no type", event({ type: undefined })],
    ["no data", event({ data: undefined })],
    ["no data.object", event({ data: {} })],
    ["data.object is a list", event({ data: { object: [] } })],
  ])("%s → 400 INVALID_REQUEST", async (_, body) => {
    const answer = await expectNoTrace(() => deliver(body));
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe("INVALID_REQUEST");
    expect(answer.body.details.problems.length).toBeGreaterThan(0);
  });

  it("an id of 250 characters after the prefix settles", async () => {
    expect((await deliver(event({ id: `evt_${"a".repeat(250)}` }))).status).toBe(200);
  });

  it("an operator's minimal body settles", async () => {
    const minimal = {
      id: "evt_minimal",
      type: "payment_intent.succeeded",
      livemode: false,
      data: {
        object: {
          id: "pi_minimal",
          amount_received: 1234,
          currency: "usd",
          metadata: { account_id: "acct_1" },
        },
      },
    };
    const answer = await deliver(minimal);
    expect(answer.status).toBe(200);
    expect(answer.body.state).toBe("forwarded");
  });
});

describe("step 6: thin events", () => {
  it.each<[string, unknown]>([
    [
      "object v2.core.event",
      { id: "evt_1", object: "v2.core.event", type: "v1.billing.meter.no_meter_found" },
    ],
    ["a v1.* type", event({ type: "v1.billing.meter.error_report_triggered" })],
    ["a v2.* type", event({ type: "v2.core.account.created" })],
  ])("%s → 422 THIN_EVENT_UNSUPPORTED", async (_, body) => {
    const answer = await expectNoTrace(() => deliver(body));
    expect(answer.status).toBe(422);
    expect(answer.body.code).toBe("THIN_EVENT_UNSUPPORTED");
  });
});

describe("step 7: livemode", () => {
  const production = { SETTLE_ENV: "production" };
  const override = { ...production, STRIPE_ALLOW_TESTMODE_EVENTS_IN_PROD: "true" };

  it.each<[string, Record<string, unknown>, unknown, boolean]>([
    ["staging, live", {}, true, false],
    ["staging, missing", {}, undefined, false],
    ["staging, not a boolean", {}, "false", false],
    ["staging, live, with the override", { STRIPE_ALLOW_TESTMODE_EVENTS_IN_PROD: "true" }, true, false],
    ["production, test", production, false, true],
    ["production, missing", production, undefined, true],
    ["production, missing, with the override", override, undefined, true],
  ])("%s → 422 LIVEMODE_MISMATCH", async (_, overrides, livemode, expected) => {
    const answer = await expectNoTrace(() => deliver(event({ livemode }), { env: overrides }));
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      code: "LIVEMODE_MISMATCH",
      details: {
        settle_env: withOverrides(overrides).SETTLE_ENV,
        expected_livemode: expected,
        event_livemode: typeof livemode === "boolean" ? livemode : null,
      },
    });
  });

  it.each<[string, Record<string, unknown>, boolean]>([
    ["staging, test", {}, false],
    ["production, live", production, true],
    ["production, test, with the override", override, false],
  ])("%s → 200", async (_, overrides, livemode) => {
    expect((await deliver(event({ livemode }), { env: overrides })).status).toBe(200);
  });
});

describe("step 8: delivery to the event's object", () => {
  type Stub = { deliver(): Promise<unknown> };

  /** A namespace whose stubs fail as the platform's do, as often as told; then it is the real one. */
  function failing(errors: readonly object[]) {
    let calls = 0;
    const stubs = new Set<Stub>();
    const namespace = {
      getByName(name: string): Stub {
        const error = errors[calls++];
        const real = env.STRIPE_EVENT.getByName(name) as unknown as Stub;
        const stub = error === undefined ? real : { deliver: () => Promise.reject(error as Error) };
        stubs.add(stub);
        return stub;
      },
    };
    return { namespace, calls: () => calls, stubs };
  }

  const error = (flags: object) => Object.assign(new Error("reset"), flags);

  it.each<[string, object]>([
    ["retryable", { retryable: true }],
    ["durableObjectReset, which comes without retryable", { durableObjectReset: true }],
  ])("two errors that are %s → a fresh stub each time, and 200", async (_, flags) => {
    const { namespace, calls, stubs } = failing([error(flags), error(flags)]);
    const answer = await deliver(event(), { env: { STRIPE_EVENT: namespace } });
    expect(answer.status).toBe(200);
    expect(calls()).toBe(3);
    expect(stubs.size).toBe(3);
  });

  it("three errors → 503 EVENT_OBJECT_UNAVAILABLE with Retry-After", async () => {
    const flags = { retryable: true };
    const { namespace, calls } = failing([error(flags), error(flags), error(flags)]);
    const answer = await deliver(event(), { env: { STRIPE_EVENT: namespace } });
    expect(answer.status).toBe(503);
    expect(answer.body.code).toBe("EVENT_OBJECT_UNAVAILABLE");
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(calls()).toBe(3);
  });

  it.each<[string, object]>([
    ["overloaded", { retryable: true, overloaded: true }],
    ["of our own making", {}],
  ])("an error that is %s → 503 at once", async (_, flags) => {
    const { namespace, calls } = failing([error(flags)]);
    const answer = await deliver(event(), { env: { STRIPE_EVENT: namespace } });
    expect(answer.status).toBe(503);
    expect(calls()).toBe(1);
  });
});

describe("every answer", () => {
  it.each<[string, () => Promise<Answer>]>([
    ["200", () => deliver(event())],
    ["401", () => deliver(event(), { header: null })],
    ["404", () => send(new Request(`${BASE}/nothing`))],
    ["405", () => send(new Request(`${BASE}/v1/stripe/webhook`))],
    ["503", () => deliver(event(), { env: { SETTLE_ENV: undefined } })],
  ])("%s carries a request id, no-store and the security headers", async (status, act) => {
    const answer = await act();
    expect(String(answer.status)).toBe(status);
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(answer.headers.get("content-type")).toContain("application/json");
  });
});

describe("an error that nobody expected", () => {
  it("→ 500 and one line, with its name and nothing of what it said", async () => {
    vi.spyOn(crypto.subtle, "digest").mockRejectedValue(new TypeError("words that must go nowhere"));
    const logged = vi.spyOn(console, "error");
    const answer = await expectNoTrace(() => deliver(event()));
    expect(answer).toMatchObject({ status: 500, body: { code: "INTERNAL" } });
    expect(logged.mock.calls).toEqual([
      [
        JSON.stringify({
          level: "error",
          msg: "uncaught",
          request_id: answer.body.request_id,
          error: "TypeError",
        }),
      ],
    ]);
    expect(JSON.stringify(answer.body)).not.toContain("words that must go nowhere");
  });
});

describe("its path", () => {
  it.each(["/v1/stripe/webhook?from=stripe", "/v1/stripe/%77ebhook"])(
    "%s → settles all the same",
    async (path) => {
      const body = JSON.stringify(event());
      const timestampSeconds = Math.floor(Date.now() / 1000);
      const headers = { "stripe-signature": await signPayload(body, SECRET, { timestampSeconds }) };
      const answer = await send(new Request(`${BASE}${path}`, { method: "POST", headers, body }));
      expect(answer).toMatchObject({ status: 200, body: { state: "forwarded" } });
    },
  );
});
