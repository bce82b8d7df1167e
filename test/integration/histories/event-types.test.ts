import { beforeEach, expect, it } from "vitest";
import { stripeEvent } from "../../../scripts/sandbox/events/stripe-events.ts";
import { disputeTransactions } from "../../../scripts/sandbox/events/stripe-objects.ts";
import { stripeId } from "../../../scripts/sandbox/events/stripe-ids.ts";
import { concurrently } from "../../../src/concurrently.ts";
import { newAccount } from "../../support/scripted-ledger.ts";
import { outcomeOf, prepareHistories } from "../../support/play-history.ts";
import { STRIPE_EVENT_TYPES } from "../../support/stripe-event-types.ts";
import { deliver } from "../../support/worker.ts";

/**
 * Whatever type an endpoint is subscribed to, no event is answered with an
 * error that Stripe would retry for days.
 */

prepareHistories();

/** Kept by hand, apart from the table, so that a slip in the table shows. */
const PAYMENTS = ["charge.captured", "charge.succeeded", "payment_intent.succeeded"];
const PAYOUTS = ["payout.canceled", "payout.failed", "payout.paid"];
const DEBITS = [
  "charge.dispute.closed",
  "charge.dispute.created",
  "charge.dispute.funds_withdrawn",
  "charge.dispute.updated",
  "refund.created",
  "refund.updated",
];
const RETURNS = ["charge.dispute.funds_reinstated", "refund.failed"];
const MONEY_TYPES = [...PAYMENTS, "payment_intent.canceled", ...PAYOUTS, ...DEBITS, ...RETURNS];

const AT_ONCE = 20;

let account_id: string;
let payment: string;
beforeEach(async () => {
  account_id = await newAccount();
  payment = stripeId("ch");
  // Of no intent, so that charges are booked too.
  await deliver(stripeEvent("charge.succeeded", { ...complete(), id: payment, amount_captured: 1_000_000 }));
});

/** All that any row reads. */
function complete() {
  const id = stripeId("x");
  return {
    id,
    amount: 100,
    amount_captured: 100,
    amount_received: 100,
    balance_transaction: stripeId("txn"),
    balance_transactions: disputeTransactions({ id }, [-100, 100]),
    captured: true,
    charge: payment,
    currency: "usd",
    metadata: { account_id },
    paid: true,
    status: "succeeded",
  };
}

/** Which types had which outcome. The reason to ignore is the unit tests' matter. */
async function outcomes(types: readonly string[], objectOf: () => object) {
  const answers: Record<string, string[]> = {};
  await concurrently(types, AT_ONCE, async (type) => {
    const answer = await deliver(stripeEvent(type, { ...objectOf() }));
    const outcome = outcomeOf(answer).replace(/(ignored|failed) .+/, "$1");
    (answers[outcome] ??= []).push(type);
  });
  return Object.fromEntries(Object.entries(answers).map(([outcome, of]) => [outcome, of.sort()]));
}

it("the package names its types", () => {
  expect(STRIPE_EVENT_TYPES.length).toBeGreaterThan(260);
});

it("every type, complete → money types forwarded, returns wait for their debit, all others ignored", async () => {
  const others = STRIPE_EVENT_TYPES.filter((type) => !MONEY_TYPES.includes(type));
  expect(await outcomes(STRIPE_EVENT_TYPES, complete)).toEqual({
    "200 forwarded": MONEY_TYPES.filter((type) => !RETURNS.includes(type)).sort(),
    "502 404 COUNTERPART_NOT_FOUND, will retry": RETURNS,
    "200 ignored": [...others].sort(),
  });
});

it("every money type, of nobody and of no known payment → waits, or is visible, or moved no money", async () => {
  const ofNobody = () => ({ ...complete(), charge: stripeId("ch"), metadata: {} });
  expect(await outcomes(MONEY_TYPES, ofNobody)).toEqual({
    "502 404 ACCOUNT_NOT_RESOLVED, will retry": DEBITS,
    "502 404 COUNTERPART_NOT_FOUND, will retry": RETURNS,
    "200 failed": [...PAYMENTS, ...PAYOUTS],
    "200 ignored": ["payment_intent.canceled"],
  });
});

it("every money type, with an empty object → 200, visible or ignored", async () => {
  const found = Object.keys(await outcomes(MONEY_TYPES, () => ({})));
  expect(found.sort()).toEqual(["200 failed", "200 ignored"]);
});

it.each([
  "payment_intent.teleported",
  "charge.dispute.funds_evaporated",
  "tomorrow",
  "constructor",
  "__proto__",
])("a type of tomorrow, %s → 200, ignored with a reason", async (type) => {
  expect(outcomeOf(await deliver(stripeEvent(type, complete())))).toBe("200 ignored not_a_settlement_event");
});
