import { describe, expect, it } from "vitest";
import { checkStripePermissions } from "../../../../src/stripe-api/permissions.ts";
import { error, IMPATIENT_MS, json, KEY, PATIENT_MS, type Respond, useTestStripe } from "./server.ts";

const stripe = useTestStripe();

const check = (timeoutMs = PATIENT_MS) =>
  checkStripePermissions({ key: KEY, baseUrl: stripe.origin, timeoutMs });

const ALL_OK = {
  events: "ok",
  checkout_sessions: "ok",
  invoice_payments: "ok",
  customers: "ok",
  balance_transactions: "ok",
  account: "ok",
  balance: "ok",
};

/** Permission → path below `/v1/`. */
const PATHS = {
  events: "events",
  checkout_sessions: "checkout/sessions",
  invoice_payments: "invoice_payments",
  customers: "customers",
  balance_transactions: "balance_transactions",
  account: "account",
  balance: "balance",
};

it("a key that may read all of it → ok, one item of each asked for, in the form in which it is read", async () => {
  expect(await check()).toEqual(ALL_OK);
  const asked = stripe.received.map(({ path, query }) => `${path}?${decodeURIComponent(query.toString())}`);
  expect(asked.toSorted()).toEqual([
    "account?",
    "balance?",
    "balance_transactions?limit=1&expand[0]=data.source",
    "checkout/sessions?limit=1",
    "customers?limit=1",
    "events?limit=1",
    "invoice_payments?limit=1&expand[0]=data.invoice",
  ]);
});

describe.each(Object.entries(PATHS))("%s", (name, path) => {
  it.each<[string, Respond, string]>([
    ["no permission", error(403), "refused"],
    ["a wrong key", error(401), "refused"],
    ["a rate limit", error(429), "unavailable"],
    ["an outage", error(500), "unavailable"],
    ["a rejected request", error(400), "unavailable"],
    ["a proxy's page", (response) => void response.writeHead(200).end("<html>"), "unavailable"],
    ["JSON that is no list", json({ ok: true }), "unavailable"],
    ["a lost connection", (response) => response.destroy(), "unavailable"],
  ])("%s → that one alone: %3$s", async (_, answer, state) => {
    stripe.answers = { [path]: answer };
    expect(await check()).toEqual({ ...ALL_OK, [name]: state });
  });
});

it("Stripe is slow → unavailable at the deadline, all at once", async () => {
  stripe.answers = Object.fromEntries(Object.values(PATHS).map((path) => [path, () => undefined]));
  const started = performance.now();
  expect(new Set(Object.values(await check(IMPATIENT_MS)))).toEqual(new Set(["unavailable"]));
  expect(performance.now() - started).toBeLessThan(4 * IMPATIENT_MS);
});
