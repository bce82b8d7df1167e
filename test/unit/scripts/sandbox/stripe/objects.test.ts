/** The objects that the sandbox answers, asked by Stripe's own client and by the look-ups. */
import type { Stripe } from "stripe";
import { beforeAll, describe, expect, it } from "vitest";
import { createStripeLookups } from "../../../../../src/stripe-api/lookups.ts";
import { createStripeMoney } from "../../../../../src/stripe-api/money.ts";
import { checkStripePermissions } from "../../../../../src/stripe-api/permissions.ts";
import { clientOf, SANDBOX_KEY, useSandboxStripe } from "../../../../support/started-sandbox-stripe.ts";
import { customer, invoicePayment, ofSubscription, session } from "../../../src/stripe-api/server.ts";

const sandbox = useSandboxStripe();
let stripe: Stripe;
beforeAll(() => {
  stripe = clientOf(sandbox);
});

const add = (...objects: object[]) => sandbox.call("POST", "/sandbox/objects", objects);
const ids = (list: { data: { id: string }[] }) => list.data.map(({ id }) => id);
const transaction = (id: string, fields: object = {}) => ({
  id,
  object: "balance_transaction",
  amount: -500,
  currency: "usd",
  created: 1_700_000_000,
  type: "refund",
  reporting_category: "refund",
  source: "re_1",
  ...fields,
});

describe("one object", () => {
  it("by its id, as it was given; the last one wins", async () => {
    await add(customer({ name: "Ada" }), transaction("txn_1"), session(), invoicePayment());
    await add(customer({ name: "Ada L." }));
    expect(await stripe.customers.retrieve("cus_1")).toMatchObject({ object: "customer", name: "Ada L." });
    expect(await stripe.balanceTransactions.retrieve("txn_1")).toMatchObject(transaction("txn_1"));
    expect(await stripe.checkout.sessions.retrieve("cs_1")).toMatchObject({ payment_intent: "pi_1" });
    expect(await stripe.invoicePayments.retrieve("inpay_1")).toMatchObject({ invoice: "in_1" });
  });

  it("unknown, or of another type → 404 as Stripe words it", async () => {
    await add(customer({ id: "txn_1" }));
    await expect(stripe.balanceTransactions.retrieve("txn_1")).rejects.toMatchObject({
      type: "StripeInvalidRequestError",
      statusCode: 404,
      code: "resource_missing",
      param: "id",
      message: "No such balance_transaction: 'txn_1'",
      doc_url: "https://stripe.com/docs/error-codes/resource-missing",
    });
  });

  it("a deleted customer → what is left; not in the list", async () => {
    await add({ id: "cus_1", object: "customer", deleted: true }, customer({ id: "cus_2" }));
    expect(await stripe.customers.retrieve("cus_1")).toMatchObject({ id: "cus_1", deleted: true });
    expect(ids(await stripe.customers.list())).toEqual(["cus_2"]);
  });
});

describe("a list", () => {
  it("of sessions by their intent; of another intent → empty", async () => {
    await add(session(), session({ id: "cs_2", payment_intent: { id: "pi_2", object: "payment_intent" } }));
    expect(ids(await stripe.checkout.sessions.list({ payment_intent: "pi_1" }))).toEqual(["cs_1"]);
    const second = await stripe.checkout.sessions.list({ payment_intent: "pi_2" });
    expect(second).toMatchObject({
      url: "/v1/checkout/sessions",
      has_more: false,
      data: [{ payment_intent: "pi_2" }],
    });
    expect(ids(await stripe.checkout.sessions.list({ payment_intent: "pi_3" }))).toEqual([]);
  });

  it("of what an intent pays of invoices: the invoice expanded, given inside or beside", async () => {
    const payment = { type: "payment_intent" as const, payment_intent: "pi_1" };
    await add(invoicePayment({ number: "A-1" }), { ...invoicePayment(), id: "inpay_2", invoice: "in_2" });
    await add({ id: "in_2", object: "invoice", number: "A-2" });
    const expanded = await stripe.invoicePayments.list({ payment, expand: ["data.invoice"] });
    expect(expanded.data.map(({ invoice }) => (invoice as Stripe.Invoice).number)).toEqual(["A-2", "A-1"]);
    const plain = await stripe.invoicePayments.list({ payment });
    expect(plain.data.map(({ invoice }) => invoice)).toEqual(["in_2", "in_1"]);
  });

  it("of balance transactions: newest first, by time, by source, page by page", async () => {
    const seconds = [3, 1, 5, 2, 4];
    await add(...seconds.map((n) => transaction(`txn_${n}`, { created: n, source: `re_${n}` })));
    expect(ids(await stripe.balanceTransactions.list())).toEqual([
      "txn_5",
      "txn_4",
      "txn_3",
      "txn_2",
      "txn_1",
    ]);
    expect(ids(await stripe.balanceTransactions.list({ created: { gte: 2, lt: 4 } }))).toEqual([
      "txn_3",
      "txn_2",
    ]);
    expect(ids(await stripe.balanceTransactions.list({ source: "re_4" }))).toEqual(["txn_4"]);
    const seen: string[] = [];
    for await (const { id } of stripe.balanceTransactions.list({ limit: 2 })) seen.push(id);
    expect(seen).toEqual(["txn_5", "txn_4", "txn_3", "txn_2", "txn_1"]);
  });

  it("of a dispute's balance transactions → empty, as at Stripe", async () => {
    await add(transaction("txn_1", { source: "du_1", type: "adjustment" }));
    expect(ids(await stripe.balanceTransactions.list({ source: "du_1" }))).toEqual([]);
    expect(ids(await stripe.balanceTransactions.list())).toEqual(["txn_1"]);
  });

  it.each<[string, string, object]>([
    ["customers", "colour=red", { code: "parameter_unknown", param: "colour" }],
    [
      "checkout/sessions",
      "payment_intent[id]=pi_1",
      { code: "parameter_unknown", param: "payment_intent[id]" },
    ],
    ["balance_transactions", "limit=0", { code: "parameter_invalid_integer", param: "limit" }],
    ["balance_transactions", "limit=101", { code: "parameter_invalid_integer", param: "limit" }],
    [
      "balance_transactions",
      "created[gte]=soon",
      { code: "parameter_invalid_integer", param: "created[gte]" },
    ],
    ["balance_transactions", "starting_after=txn_9", { code: "resource_missing", param: "starting_after" }],
    [
      "invoice_payments",
      "payment[payment_intent]=pi_1",
      { code: "parameter_missing", param: "payment[type]" },
    ],
    [
      "invoice_payments",
      "expand[]=data.colour",
      { message: "This property cannot be expanded (data.colour)." },
    ],
    ["account", "limit=1", { code: "parameter_unknown", param: "limit" }],
    ["balance", "expand[]=pending", { message: "This property cannot be expanded (pending)." }],
    ["balance_transactions", "payouts=po_1", { code: "parameter_unknown", param: "payouts" }],
    ["customers/cus_1", "limit=1", { code: "parameter_unknown", param: "limit" }],
  ])("%s?%s → 400", async (path, query, problem) => {
    await add(customer());
    const answer = await fetch(new URL(`/v1/${path}?${query}`, sandbox.base), {
      headers: { authorization: `Bearer ${SANDBOX_KEY}` },
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { type: "invalid_request_error", ...problem } });
  });
});

describe("whose key it is", () => {
  it("its account, and its balance: what its balance transactions come to", async () => {
    await add(
      transaction("txn_1", { net: 970 }),
      transaction("txn_2", { net: -500 }),
      transaction("txn_3", { net: 7, _account: "acct_1" }),
    );
    expect(await stripe.accounts.retrieve(null)).toMatchObject({ id: "acct_sandbox", object: "account" });
    const balance = await stripe.balance.retrieve();
    expect(balance).toMatchObject({ livemode: false, pending: [{ amount: 470, currency: "usd" }] });
    const money = createStripeMoney({ key: SANDBOX_KEY, baseUrl: sandbox.base.origin, stripeAccount: null });
    expect(await money.findOwnAccount()).toEqual({
      kind: "found",
      account: { id: "acct_sandbox", livemode: false },
    });
  });
});

describe("balance transactions as the audit asks for them", () => {
  it("each with its source, page by page", async () => {
    await add({ id: "re_1", object: "refund", amount: 500, payment_intent: "pi_1" });
    await add(...[1, 2, 3].map((n) => transaction(`txn_${n}`, { created: 1_700_000_000 + n })));
    const money = createStripeMoney({ key: SANDBOX_KEY, baseUrl: sandbox.base.origin, stripeAccount: null });
    const query = { createdGte: 1_700_000_000, createdLt: 1_700_000_003, limit: 1 };
    const first = await money.listTransactions({ ...query, startingAfter: null });
    expect(first).toMatchObject({
      kind: "page",
      items: [{ id: "txn_2", source: { id: "re_1", payment_intent: "pi_1" } }],
      hasMore: true,
    });
    const second = await money.listTransactions({ ...query, startingAfter: "txn_2" });
    expect(second).toMatchObject({ kind: "page", items: [{ id: "txn_1" }], hasMore: false });
    expect(await money.listTransactions({ ...query, startingAfter: "txn_9" })).toEqual({
      kind: "starting_after_unknown",
    });
  });
});

describe("a connected account", () => {
  it("has objects of its own, and the platform none of them", async () => {
    const asConnected = { stripeAccount: "acct_1" };
    await add(customer({ name: "platform's" }), customer({ name: "connected", _account: "acct_1" }), {
      ...session(),
      _account: "acct_1",
    });
    expect(await stripe.customers.retrieve("cus_1")).toMatchObject({ name: "platform's" });
    expect(await stripe.customers.retrieve("cus_1", {}, asConnected)).toMatchObject({ name: "connected" });
    expect(ids(await stripe.checkout.sessions.list())).toEqual([]);
    expect(ids(await stripe.checkout.sessions.list({}, asConnected))).toEqual(["cs_1"]);
    const other = stripe.customers.retrieve("cus_1", {}, { stripeAccount: "acct_2" });
    await expect(other).rejects.toMatchObject({ code: "resource_missing" });
  });
});

describe("faults", () => {
  it("on one path → no other request meets or counts towards it", async () => {
    await add(customer(), session());
    await sandbox.call("POST", "/sandbox/faults", { kind: "refused", path: "/v1/customers", every: 2 });
    await stripe.checkout.sessions.list();
    await stripe.customers.list();
    await stripe.checkout.sessions.list();
    await expect(stripe.customers.list()).rejects.toMatchObject({
      type: "StripePermissionError",
      statusCode: 403,
    });
  });

  it.each([
    ["rate_limited", { statusCode: 429, code: "rate_limit" }],
    ["down", { statusCode: 500 }],
    ["cut_off", { type: "StripeConnectionError" }],
    ["nonsense", { message: "Invalid JSON received from the Stripe API" }],
  ])("%s, once → the next request is answered", async (kind, problem) => {
    await add(customer());
    await sandbox.call("POST", "/sandbox/faults", { kind, count: 1 });
    await expect(stripe.customers.retrieve("cus_1")).rejects.toMatchObject(problem);
    expect(await stripe.customers.retrieve("cus_1")).toMatchObject({ id: "cus_1" });
  });
});

describe("the look-ups", () => {
  const names = (account_id: string) => ({ metadata: { account_id } });
  const find = (payment = "pi_1", asked: { customer?: string; stripe_account?: string } = {}) =>
    lookups().findAccount({ payment, customer: null, stripe_account: null, ...asked });
  const lookups = () =>
    createStripeLookups({
      key: SANDBOX_KEY,
      baseUrl: sandbox.base.origin,
      accountMetadataKey: "account_id",
      livemode: false,
      timeoutMs: 10_000,
      now: Date.now,
    });

  it("find every source here", async () => {
    expect(await find()).toEqual({ kind: "none" });
    await add(session({ customer: "cus_1" }), customer(names("acct_5")));
    expect(await find()).toEqual({ kind: "found", account_id: "acct_5", source: "customer" });
    await add(invoicePayment({ parent: ofSubscription({ account_id: "acct_4" }) }));
    expect(await find()).toEqual({ kind: "found", account_id: "acct_4", source: "subscription" });
    await add(invoicePayment(names("acct_3")));
    expect(await find()).toEqual({ kind: "found", account_id: "acct_3", source: "invoice" });
    await add(session({ client_reference_id: "acct_2" }));
    expect(await find()).toEqual({ kind: "found", account_id: "acct_2", source: "client_reference_id" });
    await add(session(names("acct_1")));
    expect(await find()).toEqual({ kind: "found", account_id: "acct_1", source: "checkout_session" });
    expect(await find("ch_1", { customer: "cus_1" })).toMatchObject({ account_id: "acct_5" });
    expect(await find("pi_1", { stripe_account: "acct_connected" })).toEqual({ kind: "none" });
    await add(transaction("txn_1"));
    expect(await lookups().findReportingCategory("txn_1", null)).toMatchObject({
      reporting_category: "refund",
    });
    expect(await lookups().findReportingCategory("txn_2", null)).toEqual({ kind: "none" });
  });

  it("and the check of permissions finds all of them, but the one refused", async () => {
    await sandbox.call("POST", "/sandbox/faults", { kind: "refused", path: "/v1/invoice_payments" });
    const options = { key: SANDBOX_KEY, baseUrl: sandbox.base.origin, timeoutMs: 10_000 };
    expect(await checkStripePermissions(options)).toEqual({
      events: "ok",
      checkout_sessions: "ok",
      invoice_payments: "refused",
      customers: "ok",
      balance_transactions: "ok",
      account: "ok",
      balance: "ok",
    });
    const key = "rk_test_without_permission";
    expect(new Set(Object.values(await checkStripePermissions({ ...options, key })))).toEqual(
      new Set(["refused"]),
    );
  });
});
