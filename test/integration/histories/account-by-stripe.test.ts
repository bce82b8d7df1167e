import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StripeEventBody } from "../../../scripts/sandbox/events/stripe-events.ts";
import type { StripeAccount } from "../../../scripts/sandbox/stripe-account/stripe-account.ts";
import {
  balancesOf,
  deliverAll,
  newStripeAccount,
  outcomeOf,
  pass,
  prepareHistories,
  runAlarms,
  stateOf,
} from "../../support/play-history.ts";
import { newAccount, stripeControl } from "../../support/scripted-ledger.ts";
import { deliver, operator } from "../../support/worker.ts";

/**
 * A Checkout payment, of which only the session names the account: settled, healed or visible, and never on
 * another account, whatever Stripe's API answers.
 */

const history = prepareHistories();

const AWAY = "502 null STRIPE_API_UNAVAILABLE, will retry";
const SETTLED = { state: "forwarded", settlement: { metadata: { account_source: "checkout_session" } } };

let ada: string;
/** Named by the customer, who is asked about last: money that reaches him went past the session. */
let bob: string;
let stripe: StripeAccount;
let paid: StripeEventBody;
beforeEach(async () => {
  [ada, bob] = await Promise.all([newAccount(), newAccount()]);
  stripe = newStripeAccount();
  const customer = stripe.createCustomer({ account_id: bob });
  stripe.pay({ amount: 1_200, customer, checkout: { metadata: { account_id: ada } } });
  paid = stripe.lastEvent("payment_intent.succeeded");
  await knowObjects();
});
afterEach(() => stripeControl("DELETE", "/sandbox/faults"));

const knowObjects = () => stripeControl("POST", "/sandbox/objects", stripe.objects);
const addFault = (fault: object) => stripeControl("POST", "/sandbox/faults", fault);
const balances = async () => [await balancesOf(ada), await balancesOf(bob)];
const ADA_HAS_IT = [{ USD: "1200" }, {}];
const NOBODY_HAS_IT = [{}, {}];

it("Stripe's API answers → settled in the delivery, for the session's account", async () => {
  expect(await deliverAll([paid, paid])).toEqual(["200 forwarded", "200 forwarded"]);
  expect(await stateOf(paid)).toMatchObject({ ...SETTLED, attempts: 1 });
  expect(await balances()).toEqual(ADA_HAS_IT);
});

it("without a key → visible at once, nothing asked; Stripe's resend once there is a key → settled", async () => {
  const withoutKey = { env: { STRIPE_API_KEY: undefined } };
  expect(outcomeOf(await deliver(paid, withoutKey))).toBe("200 failed account_missing");
  expect(outcomeOf(await deliver(paid, withoutKey))).toBe("200 failed account_missing");
  expect(history.ledger.requests).toEqual([]);
  pass(3_600);
  expect(await deliverAll([paid])).toEqual(["200 forwarded"]);
  expect(await balances()).toEqual(ADA_HAS_IT);
});

it("without a key, and an operator's retry once there is one → settled", async () => {
  await deliver(paid, { env: { STRIPE_API_KEY: undefined } });
  const answer = await operator("POST", `/v1/admin/events/${paid.id}/retry`);
  expect(answer.body).toMatchObject(SETTLED);
  expect(await balances()).toEqual(ADA_HAS_IT);
});

describe.each([
  ["down", { kind: "down" }],
  ["refusing the key", { kind: "refused" }],
  ["answering a page of somebody else's", { kind: "nonsense" }],
  ["limiting requests", { kind: "rate_limited" }],
  ["slower than the time limit", { kind: "slow", delay_ms: 2_500, count: 1 }],
])("Stripe's API %s", (_, fault) => {
  it("→ waits, with nothing at the ledger; later → its own alarm settles it", async () => {
    await addFault(fault);
    expect(await deliverAll([paid])).toEqual([AWAY]);
    expect(await balances()).toEqual(NOBODY_HAS_IT);
    await stripeControl("DELETE", "/sandbox/faults");
    await runAlarms([paid]);
    expect(await stateOf(paid)).toMatchObject({ ...SETTLED, attempts: 2, operator_actions: [] });
    expect(await balances()).toEqual(ADA_HAS_IT);
  });

  it("for sessions alone → waits all the same: the customer is not asked in the session's place", async () => {
    await addFault({ ...fault, path: "/v1/checkout/sessions" });
    expect(await deliverAll([paid])).toEqual([AWAY]);
    expect(await balances()).toEqual(NOBODY_HAS_IT);
  });
});

it("Stripe's API down for three days → failed before the operators, unbooked; a retry afterwards → settled", async () => {
  await addFault({ kind: "down" });
  await deliverAll([paid]);
  await runAlarms([paid]);
  expect(await stateOf(paid)).toMatchObject({
    state: "failed",
    reason: "retry_horizon_reached",
    next_retry_at: null,
    last_error: { ledger_code: "STRIPE_API_UNAVAILABLE" },
  });
  expect(await balances()).toEqual(NOBODY_HAS_IT);
  await stripeControl("DELETE", "/sandbox/faults");
  expect((await operator("POST", `/v1/admin/events/${paid.id}/retry`)).body).toMatchObject(SETTLED);
  expect(await balances()).toEqual(ADA_HAS_IT);
});

it("its refund and its dispute arrive first → they wait for it, and follow it to its account", async () => {
  const payment = stripe.pay({ amount: 900, checkout: { client_reference_id: ada } });
  paid = stripe.lastEvent("payment_intent.succeeded");
  await knowObjects();
  payment.refund({ amount: 200 });
  payment.dispute({ amount: 300 });
  const taken = [stripe.lastEvent("refund.created"), stripe.lastEvent("charge.dispute.created")];
  await addFault({ kind: "down" });
  await deliverAll([...taken, paid]);
  await stripeControl("DELETE", "/sandbox/faults");
  await runAlarms([...taken, paid]);
  expect(await balances()).toEqual([{ USD: "400" }, {}]);
});

it("two sessions of the payment name different accounts → visible, on neither", async () => {
  const session = stripe.objects.find(({ object }) => object === "checkout.session");
  await stripeControl("POST", "/sandbox/objects", [
    { ...session, id: `${String(session?.["id"])}other`, metadata: { account_id: bob } },
  ]);
  expect(await deliverAll([paid])).toEqual(["200 failed account_missing"]);
  expect(await balances()).toEqual(NOBODY_HAS_IT);
});

it("the session names nobody, the customer does → settled for the customer", async () => {
  stripe.pay({ amount: 700, customer: stripe.createCustomer({ account_id: bob }), checkout: {} });
  await knowObjects();
  expect(await deliverAll([stripe.lastEvent("payment_intent.succeeded")])).toEqual(["200 forwarded"]);
  expect(await balances()).toEqual([{}, { USD: "700" }]);
});

it("a payment of a connected account → asked for as that account; the platform's own objects do not count", async () => {
  const connected = newStripeAccount({ account: "acct_listed" });
  connected.pay({ amount: 500, checkout: { metadata: { account_id: bob } } });
  const event = connected.lastEvent("payment_intent.succeeded");
  const ofPlatform = connected.objects.map(({ _account, ...object }) => object);
  await stripeControl("POST", "/sandbox/objects", ofPlatform);
  expect(await deliverAll([event])).toEqual(["200 failed account_missing"]);
  await stripeControl("POST", "/sandbox/objects", connected.objects);
  pass(3_600);
  expect(await deliverAll([event])).toEqual(["200 forwarded"]);
  expect(await balances()).toEqual([{}, { USD: "500" }]);
});
