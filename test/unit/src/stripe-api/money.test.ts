import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createStripeMoney } from "../../../../src/stripe-api/money.ts";
import { error, json, KEY, list, missing, type Respond, useTestStripe } from "./server.ts";

const stripe = useTestStripe();

const QUERY = { createdGte: 1_700_000_000, createdLt: 1_700_003_600, startingAfter: null, limit: 100 };
const money = (stripeAccount: string | null = null) =>
  createStripeMoney({ key: KEY, baseUrl: stripe.origin, stripeAccount });
const transactions = (startingAfter: string | null = null) =>
  money().listTransactions({ ...QUERY, startingAfter });
const ACCOUNT = json({ id: "acct_1", object: "account", email: "somebody@example.com" });
const BALANCE = json({ object: "balance", livemode: false, available: [], pending: [] });

describe("balance transactions", () => {
  it("are asked for by the window and the cursor, each with its source", async () => {
    stripe.answers = { balance_transactions: list({ id: "txn_1" }) };
    expect(await transactions("txn_9")).toEqual({ kind: "page", items: [{ id: "txn_1" }], hasMore: false });
    expect(decodeURIComponent(stripe.received[0]?.query.toString() ?? "")).toBe(
      "created[gte]=1700000000&created[lt]=1700003600&limit=100&starting_after=txn_9&expand[0]=data.source",
    );
  });

  it.each<[string, Respond, object]>([
    ["a wrong key", error(401), { kind: "refused", status: 401 }],
    ["no permission", error(403), { kind: "refused", status: 403 }],
    ["a lost cursor", missing("starting_after", 400), { kind: "starting_after_unknown" }],
    ["another unknown parameter", missing("source", 400), { kind: "rejected", status: 400 }],
    ["an outage", error(500), { kind: "unavailable", status: 500, retryAfter: null }],
    [
      "a rate limit",
      error(429, {}, { "retry-after": "7" }),
      { kind: "unavailable", status: 429, retryAfter: "7" },
    ],
    [
      "an empty page that promises more",
      json({ object: "list", data: [], has_more: true }),
      { kind: "unavailable", status: 200, retryAfter: null },
    ],
  ])("%s → %3$o", async (_, answer, expected) => {
    stripe.answers = { balance_transactions: answer };
    expect(await transactions("txn_9")).toEqual(expected);
  });

  it("nonsense → never an exception, and never the end of the list", async () => {
    const nonsense = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({ object: fc.constant("list"), data: fc.anything(), has_more: fc.constant(true) })
        .map((body) => JSON.stringify(body)),
      fc
        .record({ data: fc.array(fc.object()), has_more: fc.oneof(fc.integer(), fc.string()) })
        .map((body) => JSON.stringify(body)),
    );
    await fc.assert(
      fc.asyncProperty(nonsense, async (body) => {
        stripe.answers = {
          balance_transactions: (response) =>
            void response.writeHead(200, { "content-type": "application/json" }).end(body),
        };
        const answer = await transactions();
        expect(answer.kind === "page" && !answer.hasMore).toBe(false);
      }),
      { numRuns: 50 },
    );
  });
});

describe("whose key it is", () => {
  it("the account and, from its balance, the mode", async () => {
    stripe.answers = { account: ACCOUNT, balance: BALANCE };
    expect(await money().findOwnAccount()).toEqual({
      kind: "found",
      account: { id: "acct_1", livemode: false },
    });
  });

  it.each<[string, Record<string, Respond>, object]>([
    ["a revoked key", { account: error(401), balance: BALANCE }, { kind: "refused", status: 401 }],
    [
      "no permission for balances",
      { account: ACCOUNT, balance: error(403) },
      { kind: "refused", status: 403 },
    ],
    ["no account", { account: json({ object: "account" }), balance: BALANCE }, { kind: "unavailable" }],
    ["no mode", { account: ACCOUNT, balance: json({ object: "balance" }) }, { kind: "unavailable" }],
  ])("%s → %3$o", async (_, answers, expected) => {
    stripe.answers = answers;
    expect(await money().findOwnAccount()).toMatchObject(expected);
  });
});

describe("a connected account", () => {
  it("is asked for as such; whose key it is, as the platform", async () => {
    stripe.answers = { account: json({ id: "acct_2", object: "account" }), balance: BALANCE };
    const connected = money("acct_2");
    expect(await connected.findConnectedAccount()).toEqual({ kind: "found" });
    await connected.listTransactions(QUERY);
    await connected.findOwnAccount();
    expect(stripe.received.map(({ path, headers }) => [path, headers["stripe-account"]])).toEqual([
      ["account", "acct_2"],
      ["balance_transactions", "acct_2"],
      ["account", undefined],
      ["balance", undefined],
    ]);
  });

  it("none → nothing is asked", async () => {
    expect(await money().findConnectedAccount()).toEqual({ kind: "found" });
    expect(stripe.received).toEqual([]);
  });

  it.each<[string, Respond, object]>([
    ["it was disconnected", error(403, { code: "account_invalid" }), { kind: "connected_account_refused" }],
    ["a revoked key", error(401), { kind: "connected_account_refused" }],
    ["it does not exist", error(404), { kind: "connected_account_refused" }],
    ["an outage", error(500), { kind: "unavailable", status: 500 }],
    ["a rate limit", error(429, {}, { "retry-after": "7" }), { kind: "unavailable", retryAfter: "7" }],
    ["a proxy that drops the header", ACCOUNT, { kind: "unavailable", status: 200 }],
  ])("%s → %3$o", async (_, answer, expected) => {
    stripe.answers = { account: answer };
    expect(await money("acct_2").findConnectedAccount()).toMatchObject(expected);
  });
});
