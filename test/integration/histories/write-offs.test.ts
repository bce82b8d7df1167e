import { beforeEach, describe, expect, it } from "vitest";
import type { StripeEventBody } from "../../../scripts/sandbox/events/stripe-events.ts";
import type { Payment } from "../../../scripts/sandbox/stripe-account/payment.ts";
import type { StripeAccount } from "../../../scripts/sandbox/stripe-account/stripe-account.ts";
import {
  balancesOf,
  deliverAll,
  newStripeAccount,
  pass,
  prepareHistories,
  runAlarms,
  stateOf,
} from "../../support/play-history.ts";
import { newAccount, stripeControl } from "../../support/scripted-ledger.ts";
import { operator } from "../../support/worker.ts";

/**
 * An operator books or writes off a movement by hand, and resolves its event. No other event of it is booked,
 * and nothing comes back of a debit that the ledger never held.
 */

prepareHistories();

const MONTHS = 180 * 86_400;
const HELD_BACK = "502 null MOVEMENT_RESOLVED, for good";
const resolve = async ({ id }: StripeEventBody) => {
  const note = { actor: "ada", note: "written off" };
  expect((await operator("POST", `/v1/admin/events/${id}/resolve`, note)).status).toBe(200);
};

let account_id: string;
let stripe: StripeAccount;
beforeEach(async () => {
  account_id = await newAccount();
  stripe = newStripeAccount();
});

/** Of each: the event that is closed, another one of the same movement, and the money coming back of it. */
const DEBITS: readonly [
  string,
  (payment: Payment) => { closed: StripeEventBody; other: StripeEventBody; returned: StripeEventBody },
][] = [
  [
    "a refund",
    (payment) => {
      const refund = payment.refund({ amount: 400 });
      const closed = stripe.lastEvent("refund.created");
      refund.updateReference();
      const other = stripe.lastEvent("refund.updated");
      refund.fail();
      return { closed, other, returned: stripe.lastEvent("refund.failed") };
    },
  ],
  [
    "a withdrawal",
    (payment) => {
      const dispute = payment.dispute({ amount: 400 });
      const closed = stripe.lastEvent("charge.dispute.created");
      const other = stripe.lastEvent("charge.dispute.funds_withdrawn");
      dispute.win();
      return { closed, other, returned: stripe.lastEvent("charge.dispute.funds_reinstated") };
    },
  ],
];

describe.each(DEBITS)("%s", (_, take) => {
  it("closed before its account is known → another event of it, after its payment, is held back", async () => {
    const payment = stripe.pay({ amount: 1_000, metadata: { account_id } });
    const paid = stripe.lastEvent("payment_intent.succeeded");
    const { closed, other } = take(payment);
    await deliverAll([closed]);
    await resolve(closed);
    expect(await deliverAll([paid, other])).toEqual(["200 forwarded", HELD_BACK]);
    await runAlarms([closed, other]);
    expect(await stateOf(other)).toMatchObject({
      state: "failed",
      last_error: { code: "MOVEMENT_RESOLVED" },
    });
    expect(await balancesOf(account_id)).toEqual({ USD: "1000" });
  });

  it("the other event came before, and waits too → held back when its payment is there", async () => {
    const payment = stripe.pay({ amount: 1_000, metadata: { account_id } });
    const paid = stripe.lastEvent("payment_intent.succeeded");
    const { closed, other } = take(payment);
    await deliverAll([closed, other]);
    await resolve(closed);
    await deliverAll([paid]);
    await runAlarms([other]);
    expect(await stateOf(other)).toMatchObject({
      state: "failed",
      last_error: { code: "MOVEMENT_RESOLVED" },
    });
    expect(await balancesOf(account_id)).toEqual({ USD: "1000" });
  });

  it("closed when its account is known, for want of funds → another event of it is held back, with funds too", async () => {
    const payment = stripe.pay({ amount: 1_000, metadata: { account_id } });
    const paid = stripe.lastEvent("payment_intent.succeeded");
    const spent = payment.refund({ amount: 700 }).id;
    const spending = stripe.lastEvent("refund.created");
    expect(spending.data.object["id"]).toBe(spent);
    const { closed, other } = take(payment);
    expect(await deliverAll([paid, spending, closed])).toContain("502 422 INSUFFICIENT_FUNDS, will retry");
    await resolve(closed);
    stripe.pay({ amount: 1_000, metadata: { account_id } });
    expect(await deliverAll([stripe.lastEvent("payment_intent.succeeded"), other])).toEqual([
      "200 forwarded",
      HELD_BACK,
    ]);
    expect(await balancesOf(account_id)).toEqual({ USD: "1300" });
  });

  it("written off, and months later its return arrives → no gift: it waits, and stands before the operators", async () => {
    const payment = stripe.pay({ amount: 1_000, metadata: { account_id } });
    const paid = stripe.lastEvent("payment_intent.succeeded");
    const { closed, returned } = take(payment);
    await deliverAll([closed]);
    await resolve(closed);
    await deliverAll([paid]);
    pass(MONTHS);
    expect(await deliverAll([returned])).toEqual(["502 404 COUNTERPART_NOT_FOUND, will retry"]);
    await runAlarms([returned]);
    expect(await stateOf(returned)).toMatchObject({
      state: "failed",
      reason: "retry_horizon_reached",
      next_retry_at: null,
      last_error: { ledger_code: "COUNTERPART_NOT_FOUND" },
    });
    expect(await balancesOf(account_id)).toEqual({ USD: "1000" });
  });
});

describe("a payment that names nobody, booked by hand", () => {
  it("→ its twin is held back, though Stripe's API names the account meanwhile", async () => {
    stripe.pay({ amount: 1_000, checkout: { metadata: { account_id } } });
    const paid = stripe.lastEvent("payment_intent.succeeded");
    const twin = stripe.twin(paid, 1);
    expect(await deliverAll([paid])).toEqual(["200 failed account_missing"]);
    await resolve(paid);
    await stripeControl("POST", "/sandbox/objects", stripe.objects);
    expect(await deliverAll([twin])).toEqual([HELD_BACK]);
    expect(await balancesOf(account_id)).toEqual({});
  });

  it("→ its refund finds no payin, and stands before the operators", async () => {
    const payment = stripe.pay({ amount: 1_000 });
    const paid = stripe.lastEvent("payment_intent.succeeded");
    payment.refund({ amount: 400, metadata: { account_id } });
    const refunded = stripe.lastEvent("refund.created");
    await deliverAll([paid]);
    await resolve(paid);
    await deliverAll([refunded]);
    await runAlarms([refunded]);
    expect(await stateOf(refunded)).toMatchObject({
      state: "failed",
      reason: "retry_horizon_reached",
      last_error: { ledger_code: "ACCOUNT_NOT_RESOLVED" },
    });
    expect(await balancesOf(account_id)).toEqual({});
  });
});
