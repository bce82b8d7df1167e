/** The sandbox as it runs, asked by Stripe's own client. */
import type { Stripe } from "stripe";
import { beforeAll, describe, expect, it } from "vitest";
import { clientOf, useSandboxStripe } from "../../../../support/started-sandbox-stripe.ts";

const NOW = Math.floor(Date.now() / 1_000);

const sandbox = useSandboxStripe();
let stripe: Stripe;
beforeAll(() => {
  stripe = clientOf(sandbox);
});

/** The n-th of them is n seconds old. */
const event = (n: number, type = "payment_intent.succeeded", created = NOW - n) => ({
  id: `evt_${n}`,
  object: "event",
  type,
  created,
  livemode: false,
  data: { object: { id: `pi_${n}` } },
});
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
const add = (events: object[], more = {}) => sandbox.call("POST", "/sandbox/events", { events, ...more });
const ids = (list: { data: { id: string }[] }) => list.data.map(({ id }) => id);

describe("events", () => {
  it("newest first, ten unless asked for more; one that is known already is not there twice", async () => {
    await add(range(0, 12).map((n) => event(n)));
    await add([event(3)]);
    const list = await stripe.events.list();
    expect(ids(list)).toEqual(range(0, 10).map((n) => `evt_${n}`));
    expect(list).toMatchObject({ object: "list", url: "/v1/events", has_more: true });
    expect(ids(await stripe.events.list({ limit: 100 }))).toHaveLength(12);
  });

  it("a walk over four pages, while new ones arrive at its head → each old one once, in order", async () => {
    await add(range(10, 360).map((n) => event(n)));
    const seen: string[] = [];
    let arrived = 9;
    for await (const { id } of stripe.events.list({ limit: 100 })) {
      seen.push(id);
      if (seen.length % 100 === 0) await add([event(arrived--)]);
    }
    expect(seen).toEqual(range(10, 360).map((n) => `evt_${n}`));
  });

  it("several of one second → in one order, and none falls between two pages", async () => {
    await add(range(0, 25).map((n) => event(n, "payout.paid", NOW)));
    const seen: string[] = [];
    for await (const { id } of stripe.events.list({ limit: 10 })) seen.push(id);
    expect(seen).toEqual(range(0, 25).map((n) => `evt_${24 - n}`));
  });

  it("backwards from one → the page before it, newest first", async () => {
    await add(range(0, 9).map((n) => event(n)));
    const page = await stripe.events.list({ ending_before: "evt_6", limit: 3 });
    expect(ids(page)).toEqual(["evt_3", "evt_4", "evt_5"]);
  });

  it.each<[string, Stripe.EventListParams, string[]]>([
    ["from, inclusive", { created: { gte: NOW - 1 } }, ["evt_0", "evt_1"]],
    ["to, exclusive", { created: { lt: NOW - 2 } }, ["evt_3", "evt_4"]],
    ["between", { created: { gt: NOW - 3, lte: NOW - 1 } }, ["evt_1", "evt_2"]],
    ["one type", { type: "payout.paid" }, ["evt_4"]],
    ["types", { types: ["payout.paid", "charge.refunded"] }, ["evt_3", "evt_4"]],
    ["types and time", { types: ["payout.paid", "charge.refunded"], created: { gte: NOW - 3 } }, ["evt_3"]],
  ])("%s", async (_, query, expected) => {
    await add([event(0), event(1), event(2), event(3, "charge.refunded"), event(4, "payout.paid")]);
    expect(ids(await stripe.events.list(query))).toEqual(expected);
  });

  it("one by its id, with all that it holds", async () => {
    await add([event(1)]);
    expect(await stripe.events.retrieve("evt_1")).toMatchObject({
      id: "evt_1",
      data: { object: { id: "pi_1" } },
    });
  });

  it("older than 30 days → not listed any more", async () => {
    await add([event(30 * 86_400 + 60), event(30 * 86_400 - 60)]);
    expect(ids(await stripe.events.list())).toEqual([`evt_${30 * 86_400 - 60}`]);
  });

  it("listed only after a while → not in the list at first, but there by its id", async () => {
    await add([event(1)], { listed_after_ms: 3_600_000 });
    expect(ids(await stripe.events.list())).toEqual([]);
    expect((await stripe.events.retrieve("evt_1")).id).toBe("evt_1");
  });

  it.each<[string, Stripe.EventListParams, object]>([
    [
      "an unknown cursor",
      { starting_after: "evt_no" },
      { code: "resource_missing", param: "starting_after" },
    ],
    ["a limit over 100", { limit: 101 }, { param: "limit" }],
    ["type and types", { type: "a", types: ["b"] }, { param: "types" }],
    ["more than 20 types", { types: range(0, 21).map((n) => `a.${n}`) }, { param: "types" }],
  ])("%s → 400", async (_, query, problem) => {
    const refused = stripe.events.list(query);
    await expect(refused).rejects.toMatchObject({
      type: "StripeInvalidRequestError",
      statusCode: 400,
      ...problem,
    });
  });

  it("each account has a list of its own, and its events are known to it alone", async () => {
    await add([event(1), { ...event(2), account: "acct_1" }, { ...event(3), account: "acct_2" }]);
    expect(ids(await stripe.events.list())).toEqual(["evt_1"]);
    const asOne = { stripeAccount: "acct_1" };
    expect(ids(await stripe.events.list({}, asOne))).toEqual(["evt_2"]);
    expect(await stripe.events.retrieve("evt_2", {}, asOne)).toMatchObject({ account: "acct_1" });
    for (const asked of [stripe.events.retrieve("evt_2"), stripe.events.retrieve("evt_1", {}, asOne)]) {
      await expect(asked).rejects.toMatchObject({ statusCode: 404 });
    }
    const after = stripe.events.list({ starting_after: "evt_1" }, asOne);
    await expect(after).rejects.toMatchObject({ code: "resource_missing", param: "starting_after" });
  });

  it("an unknown one → 404", async () => {
    await expect(stripe.events.retrieve("evt_no")).rejects.toMatchObject({ statusCode: 404 });
  });
});

describe("keys", () => {
  it("a wrong one → StripeAuthenticationError; one without permission → StripePermissionError", async () => {
    const wrong = clientOf(sandbox, "sk_test_wrong").events.list();
    await expect(wrong).rejects.toMatchObject({ type: "StripeAuthenticationError", statusCode: 401 });
    const restricted = clientOf(sandbox, "rk_test_without_permission").events.list();
    await expect(restricted).rejects.toMatchObject({ type: "StripePermissionError", statusCode: 403 });
  });

  it("none, at the controls too → 401", async () => {
    for (const path of ["/v1/events", "/sandbox/requests"]) {
      expect((await fetch(new URL(path, sandbox.base))).status).toBe(401);
    }
  });
});

describe("faults", () => {
  it.each([
    ["rate_limited", { type: "StripeRateLimitError", statusCode: 429, headers: { "retry-after": "7" } }],
    ["down", { type: "StripeAPIError", statusCode: 500 }],
    ["cut_off", { type: "StripeConnectionError" }],
  ])("%s, once → the next request is answered", async (kind, problem) => {
    await add([event(1)]);
    const wait = kind === "rate_limited" ? { retry_after_seconds: 7 } : {};
    await sandbox.call("POST", "/sandbox/faults", { kind, count: 1, ...wait });
    await expect(stripe.events.list()).rejects.toMatchObject(problem);
    expect(ids(await stripe.events.list())).toEqual(["evt_1"]);
  });

  it("one request in five → the fifth, the tenth; cleared → none", async () => {
    await sandbox.call("POST", "/sandbox/faults", { kind: "down", every: 5 });
    const outcomes: boolean[] = [];
    for (let n = 0; n < 10; n++) {
      outcomes.push(
        await stripe.events.list().then(
          () => true,
          () => false,
        ),
      );
    }
    expect(outcomes.flatMap((ok, at) => (ok ? [] : at))).toEqual([4, 9]);
    await sandbox.call("DELETE", "/sandbox/faults");
    for (let n = 0; n < 6; n++) await stripe.events.list();
  });

  it("of one connected account → it is away, and the others and the platform are not", async () => {
    await sandbox.call("POST", "/sandbox/faults", { kind: "refused", account: "acct_away" });
    const asAway = stripe.events.list({}, { stripeAccount: "acct_away" });
    await expect(asAway).rejects.toMatchObject({ statusCode: 403 });
    expect(await stripe.events.list({}, { stripeAccount: "acct_1" })).toMatchObject({ data: [] });
    expect(await stripe.events.list()).toMatchObject({ data: [] });
  });

  it("slow → answered later", async () => {
    await sandbox.call("POST", "/sandbox/faults", { kind: "slow", count: 1, delay_ms: 300 });
    const started = performance.now();
    await stripe.events.list();
    expect(performance.now() - started).toBeGreaterThanOrEqual(299);
  });
});

describe("webhook endpoints", () => {
  const wanted = {
    url: "https://settle.example/v1/stripe/webhook",
    enabled_events: ["payment_intent.succeeded", "payout.paid"] as const,
    metadata: { made_by: "test" },
  };
  const create = () =>
    stripe.webhookEndpoints.create({
      ...wanted,
      enabled_events: [...wanted.enabled_events],
      api_version: "2026-10-29.dahlia" as Stripe.WebhookEndpointCreateParams["api_version"] & string,
    });

  it("made → its secret is told once", async () => {
    const made = await create();
    expect(made.secret).toMatch(/^whsec_/);
    expect(made).toMatchObject({ ...wanted, status: "enabled", api_version: "2026-10-29.dahlia" });
    const found = await stripe.webhookEndpoints.retrieve(made.id);
    expect(found.secret).toBeUndefined();
    expect(found).toMatchObject(wanted);
  });

  it("changed → what was not named stays; its version cannot be", async () => {
    const { id } = await create();
    const changed = await stripe.webhookEndpoints.update(id, { enabled_events: ["*"], disabled: true });
    expect(changed).toMatchObject({ url: wanted.url, enabled_events: ["*"], status: "disabled" });
    expect((await stripe.webhookEndpoints.update(id, { disabled: false })).status).toBe("enabled");
    const refused = stripe.webhookEndpoints.update(id, { api_version: "2020-01-01" } as object);
    await expect(refused).rejects.toMatchObject({ statusCode: 400, param: "api_version" });
  });

  it("listed newest first over several pages, and removed", async () => {
    const made = [];
    for (let n = 0; n < 3; n++) made.push((await create()).id);
    const seen: string[] = [];
    for await (const { id } of stripe.webhookEndpoints.list({ limit: 2 })) seen.push(id);
    expect(seen).toEqual(made.toReversed());
    expect(await stripe.webhookEndpoints.del(made[0]!)).toMatchObject({ deleted: true });
    expect(ids(await stripe.webhookEndpoints.list())).toEqual([made[2], made[1]]);
  });
});

it("the log holds what was asked, and what met it", async () => {
  await sandbox.call("POST", "/sandbox/faults", { kind: "down", count: 1 });
  await stripe.events.list({ limit: 3 }).catch(() => null);
  await stripe.webhookEndpoints.create({ url: "https://x.example/", enabled_events: ["*"] });
  expect(await sandbox.requests()).toEqual([
    { method: "GET", path: "/v1/events", query: "limit=3", body: "", fault: "down" },
    {
      method: "POST",
      path: "/v1/webhook_endpoints",
      query: "",
      body: expect.stringContaining("url=https%3A%2F%2Fx.example%2F"),
      fault: null,
    },
  ]);
});
