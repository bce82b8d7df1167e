/** The look-ups against a real HTTP server that refuses, is slow, breaks off, or is not Stripe. */
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createStripeLookups, type StripeLookupsOptions } from "../../../../src/stripe-api/lookups.ts";
import { hostileJson, mutationsAt } from "../../../support/fuzz/hostile-json.ts";
import {
  customer,
  error,
  IMPATIENT_MS,
  INTENT,
  invoicePayment,
  json,
  KEY,
  list,
  ofSubscription,
  PATIENT_MS,
  type Respond,
  session,
  useTestStripe,
} from "./server.ts";

const stripe = useTestStripe();
afterEach(() => vi.restoreAllMocks());

const SESSIONS = "checkout/sessions";
const INVOICES = "invoice_payments";
const QUESTION = { payment: INTENT, customer: "cus_1", stripe_account: null };
/** What a weaker source would say: it must not be asked while a stronger one gives no answer. */
const CUSTOMER = { "customers/cus_1": json(customer({ metadata: { account_id: "acct_wrong" } })) };

const lookups = (options: Partial<StripeLookupsOptions> = {}) =>
  createStripeLookups({
    key: KEY,
    baseUrl: stripe.origin,
    accountMetadataKey: "account_id",
    livemode: false,
    timeoutMs: PATIENT_MS,
    now: Date.now,
    ...options,
  });

const unavailable = (retry_after_ms: number | null = null) => ({ kind: "unavailable", retry_after_ms });

const html =
  (status: number): Respond =>
  (response) =>
    void response.writeHead(status, { "content-type": "text/html" }).end("<html>Welcome</html>");

describe.each([SESSIONS, INVOICES, "customers/cus_1"])("%s", (path) => {
  const answered = async (answer: Respond, options?: Partial<StripeLookupsOptions>) => {
    stripe.answers = { ...CUSTOMER, [path]: answer };
    // A charge's customer is asked for first, so that no deadline passes before this request.
    const payment = path === "customers/cus_1" ? "ch_1" : INTENT;
    const outcome = await lookups(options).findAccount({ ...QUESTION, payment });
    expect(stripe.asked().at(-1)).toBe(path);
    return outcome;
  };

  it.each<[string, Respond, object]>([
    ["a wrong key", error(401), unavailable()],
    ["a key without the permission", error(403), unavailable()],
    ["a parameter that Stripe does not take", error(400, { code: "parameter_unknown" }), unavailable()],
    ["a path that Stripe does not have", error(404), unavailable()],
    ["a rate limit", error(429, {}, { "retry-after": "7" }), unavailable(7_000)],
    ["a rate limit by its code", error(400, { code: "rate_limit" }), unavailable()],
    ["a lock", error(409), unavailable()],
    ["an outage", error(500, { type: "api_error" }), unavailable()],
    ["a nonsense Retry-After", error(503, {}, { "retry-after": "99999999" }), unavailable(86_400_000)],
  ])("%s", async (_, answer, expected) => {
    expect(await answered(answer)).toEqual(expected);
  });

  it("a redirect → unavailable, and the key does not go along", async () => {
    for (const body of ["", JSON.stringify(customer({ metadata: { account_id: "acct_1" } }))]) {
      const location = `${stripe.origin}/elsewhere`;
      expect(await answered((response) => void response.writeHead(302, { location }).end(body))).toEqual(
        unavailable(),
      );
    }
    expect(stripe.asked()).not.toContain("/elsewhere");
  });

  it.each([200, 400, 404, 503])("the page of a proxy with status %i → unavailable", async (status) => {
    expect(await answered(html(status))).toEqual(unavailable());
  });

  it("a proxy's 404 in JSON → unavailable: it does not prove that there is none", async () => {
    expect(await answered(json({ error: "not found" }, 404))).toEqual(unavailable());
    expect(await answered(json({ error: { code: "resource_missing" } }, 404))).toEqual(unavailable());
  });

  it.each<[string, unknown]>([
    ["null", null],
    ["a number", 1],
    ["an array", []],
    ["an empty object", {}],
    ["a list without data", { object: "list", has_more: false }],
    ["a list that goes on", { object: "list", data: [session()], has_more: true }],
    [
      "a list of something else",
      { object: "list", data: [{ id: "ch_1", object: "charge" }], has_more: false },
    ],
    ["something else", { id: "ch_1", object: "charge", metadata: { account_id: "acct_1" } }],
    ["another customer", customer({ id: "cus_2", metadata: { account_id: "acct_1" } })],
    ["a customer whose metadata is none", customer({ metadata: "account_id" })],
    ["an error with status 200", { error: { type: "invalid_request_error", code: "resource_missing" } }],
  ])("200 with %s → unavailable, never none", async (_, body) => {
    expect(await answered(json(body))).toEqual(unavailable());
  });

  it.each<[string, Respond]>([
    ["no headers", () => undefined],
    ["no body", (response) => response.writeHead(200).flushHeaders()],
    ["half a body", (response) => response.writeHead(200, { "content-length": "500" }).write("{")],
  ])("%s by the deadline → unavailable, soon after it", async (_, answer) => {
    const started = performance.now();
    expect(await answered(answer, { timeoutMs: IMPATIENT_MS })).toEqual(unavailable());
    expect(performance.now() - started).toBeLessThan(PATIENT_MS);
  });

  it.each<[string, Respond]>([
    ["reset", (response) => response.socket?.resetAndDestroy()],
    ["closed", (response) => response.destroy()],
    ["no HTTP", (response) => response.socket?.end("SSH-2.0-OpenSSH_9.9\r\n")],
    [
      "broken off",
      (response) => {
        response.writeHead(200, { "content-length": "500" }).write('{"object":', () => response.destroy());
      },
    ],
    [
      "corrupted",
      (response) => {
        response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("{}").fill(0xff, 10));
      },
    ],
  ])("a connection that is %s → unavailable, asked once", async (_, answer) => {
    expect(await answered(answer)).toEqual(unavailable());
    expect(stripe.asked().filter((asked) => asked === path)).toHaveLength(1);
  });
});

describe("the deadline", () => {
  it("holds for all requests together", async () => {
    const slowly =
      (then: Respond): Respond =>
      (response, request) =>
        void setTimeout(() => then(response, request), 100);
    const late = slowly(list());
    stripe.answers = {
      ...CUSTOMER,
      [SESSIONS]: late,
      [INVOICES]: late,
      "customers/cus_1": slowly(CUSTOMER["customers/cus_1"]),
    };
    // Each alone would be in time.
    expect(await lookups({ timeoutMs: 250 }).findAccount(QUESTION)).toEqual(unavailable());
  });

  it("has passed before the next request → that is not sent", async () => {
    let now = 0;
    stripe.answers = {
      [SESSIONS]: (response, request) => {
        now = 1_000;
        list()(response, request);
      },
    };
    expect(await lookups({ timeoutMs: 1_000, now: () => now }).findAccount(QUESTION)).toEqual(unavailable());
    expect(stripe.asked()).toEqual([SESSIONS]);
  });
});

describe("a session or an invoice payment that was not asked for → unavailable", () => {
  it.each<[string, string, object]>([
    [
      "a session of another intent",
      SESSIONS,
      session({ payment_intent: "pi_2", metadata: { account_id: "acct_1" } }),
    ],
    ["a session of none", SESSIONS, session({ payment_intent: null, metadata: { account_id: "acct_1" } })],
    ["a payment by another intent", INVOICES, invoicePayment({}, { payment: { payment_intent: "pi_2" } })],
    ["an invoice that is not expanded", INVOICES, { ...invoicePayment(), invoice: "in_1" }],
  ])("%s", async (_, path, item) => {
    stripe.answers = { ...CUSTOMER, [path]: list(item) };
    expect(await lookups().findAccount(QUESTION)).toEqual(unavailable());
  });
});

it.each(["no url", "ftp://127.0.0.1/", "", "http://127.0.0.1:9"])(
  "a base URL %j → unavailable",
  async (baseUrl) => {
    expect(await lookups({ baseUrl }).findAccount(QUESTION)).toEqual(unavailable());
  },
);

describe("whatever comes back", () => {
  const names = { metadata: { account_id: "acct_in_the_answer" } };
  const page = (...data: unknown[]) => ({ object: "list", url: "/v1/x", has_more: false, data });
  const sessions = session({ ...names, client_reference_id: "acct_2", customer: "cus_1" });
  const invoices = invoicePayment({ ...names, parent: ofSubscription(names.metadata), customer: "cus_1" });
  const ofPlan = invoicePayment({ parent: ofSubscription(names.metadata), customer: "cus_1" });
  const ITEM = [
    "object",
    "id",
    "metadata",
    "metadata.account_id",
    "payment_intent",
    "client_reference_id",
    "customer",
  ];
  const PAYMENT = [
    "payment",
    "payment.payment_intent",
    "status",
    "invoice",
    "invoice.object",
    "invoice.customer",
  ];
  const INVOICE = [
    "metadata",
    "metadata.account_id",
    "parent",
    "parent.subscription_details.metadata.account_id",
  ];
  const places = [
    ["", "object", "has_more", "data", "data.0", "data.1", "deleted", ...ITEM],
    [...ITEM, ...PAYMENT, ...INVOICE.map((field) => `invoice.${field}`)].map((field) => `data.0.${field}`),
  ].flat();

  const answerLike = (...sound: unknown[]) =>
    fc.record({
      status: fc.oneof(
        { weight: 9, arbitrary: fc.constant(200) },
        { weight: 1, arbitrary: fc.constantFrom(201, 400, 401, 404, 429, 500) },
      ),
      body: fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...sound.map((value) => JSON.stringify(value))) },
        {
          weight: 8,
          arbitrary: fc
            .tuple(fc.constantFrom(...sound), mutationsAt(places))
            .map(([value, mutations]) => hostileJson(value, mutations)),
        },
        { weight: 1, arbitrary: fc.json() },
        { weight: 1, arbitrary: fc.string() },
      ),
      retryAfter: fc.option(fc.oneof(fc.nat().map(String), fc.string({ unit: "grapheme-ascii" }))),
    });
  const answers = fc.tuple(
    answerLike(page(sessions), page(sessions, sessions), page(), page()),
    answerLike(page(invoices, invoices), page(ofPlan), page(), page()),
    answerLike(customer(names), customer()),
  );

  it("never a throw, no text of Stripe's but an account, and that one stands in the last answer", async () => {
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(answers, async (given) => {
        let asked = 0;
        vi.spyOn(globalThis, "fetch").mockImplementation(async () => {
          const { status, body, retryAfter } = given[asked++]!;
          return new Response(body, { status, headers: { "retry-after": retryAfter?.trim() ?? "" } });
        });
        const outcome = await lookups().findAccount(QUESTION);
        expect(outcomesAfter(given[asked - 1]!)).toContainEqual(outcome);
        kinds.add("source" in outcome ? outcome.source : outcome.kind);
      }),
      { numRuns: 1_000, seed: 21 },
    );
    expect([...kinds].toSorted()).toEqual(["none", "unavailable", ...SOURCES].toSorted());
  });
});

const SOURCES = ["checkout_session", "client_reference_id", "invoice", "subscription", "customer"];

function outcomesAfter({ body }: { readonly body: string }): unknown[] {
  const found = textsIn(body).flatMap((account_id) =>
    SOURCES.map((source) => ({ kind: "found", account_id, source })),
  );
  const silent = [null, expect.any(Number)].map((retry_after_ms) => unavailable(retry_after_ms));
  return [{ kind: "none" }, ...silent, ...found];
}

/** Every text in a JSON document that could be an account, without the blanks around it. */
function textsIn(document: string): string[] {
  const texts = new Set<string>();
  try {
    JSON.parse(document, (_, value: unknown) => {
      if (typeof value === "string" && value.trim() !== "" && value.trim().length <= 255)
        texts.add(value.trim());
      return value;
    });
  } catch {
    // No JSON names an account.
  }
  return [...texts];
}
