import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createStripeEvents } from "../../../../src/stripe-api/events.ts";
import type { EventsQuery } from "../../../../src/stripe-api/port.ts";
import { subscribedEventTypes } from "../../../../src/settlement/map.ts";

const QUERY: EventsQuery = {
  types: ["payout.failed", "payout.paid"],
  createdGte: 1_700_000_000,
  createdLt: 1_700_003_600,
  startingAfter: null,
  limit: 100,
};
const KEY = "rk_test_do_not_show";

const requests: Request[] = [];
let answer: () => Response | Promise<Response>;

beforeEach(() => {
  requests.length = 0;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    requests.push(new Request(input as string, init));
    return answer();
  });
});
afterEach(() => vi.restoreAllMocks());

const list = (query: Partial<EventsQuery> = {}, baseUrl = "https://api.stripe.com") =>
  createStripeEvents({ key: KEY, baseUrl, stripeAccount: null }).list({ ...QUERY, ...query });

const page = (data: unknown, has_more: unknown = false) => Response.json({ object: "list", data, has_more });
const error = (status: number, fields: object = {}, headers: Record<string, string> = {}) =>
  Response.json(
    { error: { type: "api_error", message: "Stripe's own words", ...fields } },
    { status, headers },
  );

describe("the question", () => {
  it("goes to Stripe with the key, the window, the types and the cursor", async () => {
    answer = () => page([]);
    await list({ startingAfter: "evt_9" });
    const [request] = requests;
    const url = new URL(request?.url ?? "");
    expect(url.origin + url.pathname).toBe("https://api.stripe.com/v1/events");
    expect(decodeURIComponent(url.search)).toBe(
      "?types[0]=payout.failed&types[1]=payout.paid&created[gte]=1700000000&created[lt]=1700003600&limit=100&starting_after=evt_9",
    );
    expect(request?.headers.get("authorization")).toBe(`Bearer ${KEY}`);
    expect(request?.redirect).toBe("manual");
    expect(request?.headers.get("stripe-account")).toBeNull();
  });

  it("about a connected account → as that account", async () => {
    answer = () => page([]);
    await createStripeEvents({ key: KEY, baseUrl: "https://api.stripe.com", stripeAccount: "acct_1" }).list(
      QUERY,
    );
    expect(requests[0]?.headers.get("stripe-account")).toBe("acct_1");
  });

  it.each([
    ["http://127.0.0.1:12111", "http://127.0.0.1:12111/v1/events"],
    ["http://[::1]:12111", "http://[::1]:12111/v1/events"],
    ["https://stripe.example/", "https://stripe.example/v1/events"],
  ])("another address %s → %s", async (baseUrl, expected) => {
    answer = () => page([]);
    await list({}, baseUrl);
    expect(requests[0]?.url.split("?")[0]).toBe(expected);
  });

  it("Stripe takes at most 20 types in one question", () => {
    expect(subscribedEventTypes().length).toBeLessThanOrEqual(20);
  });
});

describe("the answer", () => {
  it("a page → its events as Stripe wrote them, and whether there are more", async () => {
    const events = [{ id: "evt_2", data: { object: { unit_amount_decimal: "1.50" } } }, { id: "evt_1" }];
    answer = () => page(events, true);
    const heard = await list();
    expect(heard).toMatchObject({ kind: "page", hasMore: true });
    expect(JSON.stringify("items" in heard && heard.items)).toBe(JSON.stringify(events));
  });

  it.each([
    [401, { kind: "refused", status: 401 }],
    [403, { kind: "refused", status: 403 }],
    [400, { kind: "rejected", status: 400 }],
    [404, { kind: "rejected", status: 404 }],
    [429, { kind: "unavailable", status: 429, retryAfter: null }],
    [409, { kind: "unavailable", status: 409, retryAfter: null }],
    [500, { kind: "unavailable", status: 500, retryAfter: null }],
    [503, { kind: "unavailable", status: 503, retryAfter: null }],
    [302, { kind: "unavailable", status: 302, retryAfter: null }],
  ])("%i → %o, with Stripe's error and with any other body, asked once", async (status, expected) => {
    for (const body of [() => error(status), () => new Response("<html>", { status })]) {
      answer = body;
      expect(await list()).toEqual(expected);
    }
    expect(requests).toHaveLength(2);
  });

  it("Retry-After is handed on, whatever the body", async () => {
    for (const body of ["<html>", '{"error":{}}']) {
      answer = () => new Response(body, { status: 429, headers: { "retry-after": "7" } });
      expect(await list()).toEqual({ kind: "unavailable", status: 429, retryAfter: "7" });
    }
  });

  it("Stripe does not know the last id → starting_after_unknown; of another parameter → rejected", async () => {
    answer = () => error(400, { code: "resource_missing", param: "starting_after" });
    expect(await list({ startingAfter: "evt_gone" })).toEqual({ kind: "starting_after_unknown" });
    answer = () => error(400, { code: "resource_missing", param: "types" });
    expect(await list()).toEqual({ kind: "rejected", status: 400 });
  });

  it.each([
    ["a page of a proxy", () => new Response("<html>")],
    ["JSON that is no list", () => Response.json({ ok: true })],
    ["JSON that is a number", () => Response.json(1)],
    ["JSON that is a text", () => Response.json("ok")],
    ["JSON that is true", () => Response.json(true)],
    ["JSON that is null", () => Response.json(null)],
    ["an error with status 200", () => error(200)],
    ["an empty page that promises more", () => page([], true)],
  ])("%s → unavailable: it must not look like the end of the list", async (_, body) => {
    answer = body;
    expect(await list()).toEqual({ kind: "unavailable", status: 200, retryAfter: null });
  });

  it("no connection → unavailable, once", async () => {
    answer = () => Promise.reject(new TypeError(`failed with ${KEY}`));
    expect(await list()).toEqual({ kind: "unavailable", status: null, retryAfter: null });
    expect(requests).toHaveLength(1);
  });

  it("a notice of Stripe's → not in our log", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const emitted = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    answer = () => Response.json({ data: [], has_more: false }, { headers: { "stripe-notice": "words" } });
    expect((await list()).kind).toBe("page");
    expect([warn.mock.calls, emitted.mock.calls]).toEqual([[], []]);
  });
});
