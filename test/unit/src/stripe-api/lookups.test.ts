/**
 * Whose money a payment is, asked of a real HTTP server: each source, their order, and where they disagree.
 */
import { describe, expect, it } from "vitest";
import { createStripeLookups } from "../../../../src/stripe-api/lookups.ts";
import type { PaymentQuestion } from "../../../../src/stripe-api/port.ts";
import {
  customer,
  error,
  INTENT,
  invoicePayment,
  json,
  KEY,
  list,
  missing,
  ofSubscription,
  PATIENT_MS,
  type Respond,
  session,
  useTestStripe,
} from "./server.ts";

const stripe = useTestStripe();

const QUESTION: PaymentQuestion = { payment: INTENT, customer: null, stripe_account: null };
const SESSIONS = "checkout/sessions";
const INVOICES = "invoice_payments";
const NONE = { kind: "none" };

const lookups = (accountMetadataKey = "account_id", key = KEY) =>
  createStripeLookups({
    key,
    baseUrl: stripe.origin,
    accountMetadataKey,
    livemode: false,
    timeoutMs: PATIENT_MS,
    now: Date.now,
  });

const find = (answers: Record<string, Respond>, question: Partial<PaymentQuestion> = {}) => {
  stripe.answers = answers;
  return lookups().findAccount({ ...QUESTION, ...question });
};

const found = (account_id: string, source: string) => ({ kind: "found", account_id, source });

const names = (account_id: unknown) => ({ metadata: { account_id } });

describe("each source", () => {
  it.each<[string, Record<string, Respond>, string | null]>([
    ["checkout_session", { [SESSIONS]: list(session(names("acct_1"))) }, null],
    ["client_reference_id", { [SESSIONS]: list(session({ client_reference_id: "acct_1" })) }, null],
    ["invoice", { [INVOICES]: list(invoicePayment(names("acct_1"))) }, null],
    [
      "subscription",
      { [INVOICES]: list(invoicePayment({ parent: ofSubscription({ account_id: "acct_1" }) })) },
      null,
    ],
    ["customer", { "customers/cus_1": json(customer(names("acct_1"))) }, "cus_1"],
    [
      "customer",
      {
        [SESSIONS]: list(session({ customer: "cus_1" })),
        "customers/cus_1": json(customer(names("acct_1"))),
      },
      null,
    ],
    [
      "customer",
      {
        [INVOICES]: list(invoicePayment({ customer: { id: "cus_1", object: "customer" } })),
        "customers/cus_1": json(customer(names("acct_1"))),
      },
      null,
    ],
  ])("%s", async (source, answers, customerId) => {
    expect(await find(answers, { customer: customerId })).toEqual(found("acct_1", source));
  });

  it("by the configured key, and by no other", async () => {
    stripe.answers = { [SESSIONS]: list(session({ metadata: { account_id: "acct_1", wallet: "acct_2" } })) };
    expect(await lookups("wallet").findAccount(QUESTION)).toEqual(found("acct_2", "checkout_session"));
    for (const inherited of ["toString", "__proto__", "constructor"]) {
      expect(await lookups(inherited).findAccount(QUESTION)).toEqual(NONE);
    }
  });

  it.each([
    ["blanks around it → without them", " acct_1\n", found("acct_1", "checkout_session")],
    ["255 characters → it", "a".repeat(255), found("a".repeat(255), "checkout_session")],
    ["256 characters → the next source", "a".repeat(256), found("acct_ref", "client_reference_id")],
    ["blank → the next source", "  ", found("acct_ref", "client_reference_id")],
  ])("%s", async (_, account_id, expected) => {
    const answers = { [SESSIONS]: list(session({ ...names(account_id), client_reference_id: "acct_ref" })) };
    expect(await find(answers)).toEqual(expected);
  });
});

describe("the order", () => {
  const ALL = {
    [SESSIONS]: [session(names("acct_session")), session({ client_reference_id: "acct_reference" })],
    [INVOICES]: [
      invoicePayment(names("acct_invoice")),
      invoicePayment({ parent: ofSubscription({ account_id: "acct_subscription" }) }),
    ],
  };

  it("the first source that names one; nothing is asked after it", async () => {
    const [inSession, byReference] = ALL[SESSIONS];
    const [onInvoice, onSubscription] = ALL[INVOICES];
    const both = session({ ...inSession, client_reference_id: "acct_reference" });
    const paid = invoicePayment({ ...onInvoice!.invoice, parent: onSubscription!.invoice.parent });
    const rest = {
      [INVOICES]: list(paid),
      "customers/cus_1": json(customer(names("acct_customer"))),
    };
    const asked = { customer: "cus_1" };
    expect(await find({ [SESSIONS]: list(both), ...rest }, asked)).toEqual(
      found("acct_session", "checkout_session"),
    );
    expect(await find({ [SESSIONS]: list(byReference), ...rest }, asked)).toEqual(
      found("acct_reference", "client_reference_id"),
    );
    expect(stripe.asked()).toEqual([SESSIONS, SESSIONS]);
    expect(await find(rest, asked)).toEqual(found("acct_invoice", "invoice"));
    expect(await find({ ...rest, [INVOICES]: list(onSubscription) }, asked)).toEqual(
      found("acct_subscription", "subscription"),
    );
    expect(await find({ ...rest, [INVOICES]: list() }, asked)).toEqual(found("acct_customer", "customer"));
    expect(stripe.asked().slice(-3)).toEqual([SESSIONS, INVOICES, "customers/cus_1"]);
  });

  it("the customer of the question before the one of the session", async () => {
    const answers = {
      [SESSIONS]: list(session({ customer: "cus_2" })),
      "customers/cus_1": json(customer(names("acct_1"))),
      "customers/cus_2": json(customer({ id: "cus_2", ...names("acct_2") })),
    };
    expect(await find(answers, { customer: "cus_1" })).toEqual(found("acct_1", "customer"));
  });

  it("a charge → its customer alone", async () => {
    const answers = { "customers/cus_1": json(customer(names("acct_1"))) };
    expect(await find(answers, { payment: "ch_1", customer: "cus_1" })).toEqual(found("acct_1", "customer"));
    expect(await find(answers, { payment: "ch_1" })).toEqual(NONE);
    expect(stripe.asked()).toEqual(["customers/cus_1"]);
  });
});

describe("nobody is named", () => {
  it.each<[string, Record<string, Respond>]>([
    ["Stripe has nothing of it", {}],
    [
      "Stripe does not know the payment",
      { [SESSIONS]: missing("payment_intent", 400), [INVOICES]: missing("x") },
    ],
    ["nothing but other metadata", { [SESSIONS]: list(session({ metadata: { order: "7" } })) }],
    [
      "no metadata",
      { [SESSIONS]: list(session({ metadata: null })), [INVOICES]: list(invoicePayment({ metadata: null })) },
    ],
    [
      "a subscription without metadata",
      { [INVOICES]: list(invoicePayment({ parent: ofSubscription(null) })) },
    ],
    [
      "an invoice of a quote",
      { [INVOICES]: list(invoicePayment({ parent: { subscription_details: null } })) },
    ],
    [
      "a payment of the invoice that was canceled",
      { [INVOICES]: list(invoicePayment(names("acct_1"), { status: "canceled" })) },
    ],
    [
      "an invoice that was deleted",
      {
        [INVOICES]: list({ ...invoicePayment(), invoice: { id: "in_1", object: "invoice", deleted: true } }),
      },
    ],
  ])("%s → none, after all were asked", async (_, answers) => {
    expect(await find(answers, { customer: "cus_1" })).toEqual(NONE);
    expect(stripe.asked()).toEqual([SESSIONS, INVOICES, "customers/cus_1"]);
  });

  it("a customer who was deleted → none, whatever is left of them", async () => {
    const gone = customer({ deleted: true, ...names("acct_1") });
    expect(await find({ "customers/cus_1": json(gone) }, { customer: "cus_1" })).toEqual(NONE);
  });

  it.each(["", ".", ".."])("a customer %j → none, and no other resource is asked for", async (customerId) => {
    expect(await find({}, { customer: customerId })).toEqual(NONE);
    expect(stripe.asked()).toEqual([SESSIONS, INVOICES]);
  });

  it("a payment of the invoice that is still open → its account: the event may come before it is paid", async () => {
    const answers = { [INVOICES]: list(invoicePayment(names("acct_1"), { status: "open" })) };
    expect(await find(answers)).toEqual(found("acct_1", "invoice"));
  });
});

describe("several of one kind", () => {
  const two = (first: object, second: object) => ({
    [SESSIONS]: list(session(first), session({ id: "cs_2", ...second })),
  });
  const byCustomer = { "customers/cus_1": json(customer(names("acct_3"))) };

  it("they agree → the account, and where the first of them names it", async () => {
    expect(await find(two(names("acct_1"), names("acct_1")))).toEqual(found("acct_1", "checkout_session"));
    expect(await find(two({ client_reference_id: "acct_1" }, names("acct_1")))).toEqual(
      found("acct_1", "client_reference_id"),
    );
    expect(await find(two({}, names("acct_1")))).toEqual(found("acct_1", "checkout_session"));
  });

  it.each<[string, Record<string, Respond>, string[]]>([
    ["two sessions", two(names("acct_1"), names("acct_2")), [SESSIONS]],
    [
      "a session's metadata, another's reference",
      two(names("acct_1"), { client_reference_id: "acct_2" }),
      [SESSIONS],
    ],
    [
      "two invoices",
      { [INVOICES]: list(invoicePayment(names("acct_1")), invoicePayment(names("acct_2"))) },
      [SESSIONS, INVOICES],
    ],
  ])("%s name different accounts → none, and the customer does not decide it", async (_, answers, asked) => {
    expect(await find({ ...answers, ...byCustomer }, { customer: "cus_1" })).toEqual(NONE);
    expect(stripe.asked()).toEqual(asked);
  });

  it("two customers, and the question names none → none", async () => {
    const answers = {
      [SESSIONS]: list(session({ customer: "cus_1" })),
      [INVOICES]: list(invoicePayment({ customer: "cus_2" })),
      ...byCustomer,
    };
    expect(await find(answers)).toEqual(NONE);
    expect(stripe.asked()).toEqual([SESSIONS, INVOICES]);
  });
});

describe("the requests", () => {
  it("ask for the payment, with the key, as the account of the key", async () => {
    await find({}, { customer: "cus_1" });
    expect(stripe.received.map(({ query }) => decodeURIComponent(query.toString()))).toEqual([
      "payment_intent=pi_1",
      "payment[type]=payment_intent&payment[payment_intent]=pi_1&expand[0]=data.invoice",
      "",
    ]);
    for (const { headers } of stripe.received) {
      expect(headers.authorization).toBe(`Bearer ${KEY}`);
      expect(headers["stripe-account"]).toBeUndefined();
    }
  });

  it("of a connected account → every one is made as that account", async () => {
    await find({}, { customer: "cus_1", stripe_account: "acct_connected" });
    expect(stripe.received.map(({ headers }) => headers["stripe-account"])).toEqual(
      Array(3).fill("acct_connected"),
    );
    await lookups().findReportingCategory("txn_1", "acct_connected");
    expect(stripe.received.at(-1)?.headers["stripe-account"]).toBe("acct_connected");
  });
});

describe("a balance transaction's category", () => {
  const transaction = { id: "txn_1", object: "balance_transaction", reporting_category: "refund" };
  const ask = (answer: Respond, id = "txn_1") => {
    stripe.answers = { "balance_transactions/txn_1": answer };
    return lookups().findReportingCategory(id, null);
  };

  it("known → its category", async () => {
    expect(await ask(json({ ...transaction, reporting_category: "partial_capture_reversal" }))).toEqual({
      kind: "found",
      reporting_category: "partial_capture_reversal",
    });
  });

  it("unknown to Stripe → none", async () => {
    expect(await ask(missing("id"))).toEqual(NONE);
    for (const id of ["", ".", ".."]) expect(await ask(missing("id"), id)).toEqual(NONE);
    expect(stripe.received).toHaveLength(1);
  });

  it.each<[string, Respond]>([
    ["another transaction", json({ ...transaction, id: "txn_2" })],
    ["another object", json({ ...transaction, object: "charge" })],
    ["one without a category", json({ ...transaction, reporting_category: undefined })],
    ["one with an empty category", json({ ...transaction, reporting_category: "" })],
    ["an outage", error(503)],
  ])("%s → unavailable", async (_, answer) => {
    expect(await ask(answer)).toMatchObject({ kind: "unavailable" });
  });
});

describe("a key of the other mode, to which no payment of this one exists", () => {
  it.each(["sk_live_x", "rk_live_x"])("%s → refused, and nothing is asked", async (key) => {
    const asked: string[] = [];
    stripe.answers = new Proxy({}, { get: (_, name) => void asked.push(String(name)) });
    const refused = { kind: "unavailable", retry_after_ms: null };
    expect(await lookups("account_id", key).findAccount(QUESTION)).toEqual(refused);
    expect(await lookups("account_id", key).findReportingCategory("txn_1", null)).toEqual(refused);
    expect(asked).toEqual([]);
  });
});
