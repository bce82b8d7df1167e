import { beforeEach, describe, expect, it } from "vitest";
import { accountIdOf } from "../../../scripts/lib/account-id.ts";
import type { StripeEventBody } from "../../../scripts/sandbox/events/stripe-events.ts";
import type { Payment } from "../../../scripts/sandbox/stripe-account/payment.ts";
import { newAccount, newDid, openAccount } from "../../support/scripted-ledger.ts";
import {
  balancesOf,
  deliverAll,
  newStripeAccount,
  pass,
  prepareHistories,
  runAlarms,
  stateOf,
} from "../../support/play-history.ts";

/**
 * What overtakes its payment, or the debit that it undoes, is refused at
 * first, and settles without an operator.
 */

prepareHistories();

const NOT_RESOLVED = "502 404 ACCOUNT_NOT_RESOLVED, will retry";
const NO_DEBIT = "502 404 COUNTERPART_NOT_FOUND, will retry";

let account_id: string;
beforeEach(async () => {
  account_id = await newAccount();
});

/** A payment of 1,000, and 400 of it that the event of this type takes. */
function paidAndTaken(carrier: string, take: (payment: Payment) => unknown) {
  const stripe = newStripeAccount();
  const payment = stripe.pay({ amount: 1_000, metadata: { account_id } });
  const paid = [...stripe.events];
  take(payment);
  return { paid, taken: stripe.events.slice(paid.length), carrier: stripe.lastEvent(carrier) };
}

describe.each([
  ["refund.created", (payment: Payment) => payment.refund({ amount: 400 })],
  ["charge.dispute.created", (payment: Payment) => payment.dispute({ amount: 400 })],
])("%s and its payment", (type, take) => {
  it("after the payment → settled at once", async () => {
    const { paid, taken, carrier } = paidAndTaken(type, take);
    await deliverAll([...paid, ...taken]);
    expect(await stateOf(carrier)).toMatchObject({ state: "forwarded", attempts: 1 });
    expect(await balancesOf(account_id)).toEqual({ USD: "600" });
  });

  it("before the payment → its own alarm settles it", async () => {
    const { paid, taken, carrier } = paidAndTaken(type, take);
    expect(await deliverAll(taken)).toContain(NOT_RESOLVED);
    await deliverAll(paid);
    expect(await balancesOf(account_id)).toEqual({ USD: "1000" });
    await runAlarms([carrier]);
    expect(await balancesOf(account_id)).toEqual({ USD: "600" });
    const { attempt_log, operator_actions } = await stateOf(carrier);
    expect(attempt_log.at(-1)).toMatchObject({ attempt: 2, trigger: "alarm", outcome: "accepted" });
    expect(operator_actions).toEqual([]);
  });

  it("before the payment, and again after it → the redelivery settles it", async () => {
    const { paid, taken, carrier } = paidAndTaken(type, take);
    await deliverAll([...taken, ...paid]);
    pass(6);
    expect(await deliverAll([carrier])).toEqual(["200 forwarded"]);
    expect(await balancesOf(account_id)).toEqual({ USD: "600" });
    await runAlarms([carrier]);
    expect(await balancesOf(account_id)).toEqual({ USD: "600" });
  });

  it("hours before the payment → it settles within one interval after its payment", async () => {
    const { paid, taken, carrier } = paidAndTaken(type, take);
    await deliverAll(taken);
    await runAlarms([carrier], Date.now() + 12 * 3_600_000);
    pass(60);
    await deliverAll(paid);
    const paidAt = Date.now();
    await runAlarms([carrier]);
    expect(Date.now() - paidAt).toBeLessThanOrEqual(3_600_000);
    expect(await balancesOf(account_id)).toEqual({ USD: "600" });
  });
});

describe.each([
  ["refund.failed", (payment: Payment) => payment.refund({ amount: 400 }).fail()],
  ["charge.dispute.funds_reinstated", (payment: Payment) => payment.dispute({ amount: 400 }).win()],
])("%s and the debit that it undoes", (type, takeAndReturn) => {
  it("payment, return, debit → the return waits for the debit, and settles by its own alarm", async () => {
    const { paid, taken, carrier } = paidAndTaken(type, takeAndReturn);
    expect(await deliverAll([...paid, carrier])).toContain(NO_DEBIT);
    expect(await balancesOf(account_id)).toEqual({ USD: "1000" });
    await deliverAll(taken.filter(showsOnlyTheDebit));
    expect(await balancesOf(account_id)).toEqual({ USD: "600" });
    await runAlarms([carrier]);
    expect(await stateOf(carrier)).toMatchObject({ state: "forwarded", operator_actions: [] });
    expect(await balancesOf(account_id)).toEqual({ USD: "1000" });
  });

  it("the debit never comes → after 72 hours the return stands failed before the operators, unbooked", async () => {
    const { paid, carrier } = paidAndTaken(type, takeAndReturn);
    const begin = Date.now();
    await deliverAll([...paid, carrier]);
    await runAlarms([carrier]);
    expect(Date.now() - begin).toBe(72 * 3_600_000);
    expect(await stateOf(carrier)).toMatchObject({
      state: "failed",
      reason: "retry_horizon_reached",
      last_error: { ledger_code: "COUNTERPART_NOT_FOUND" },
    });
    expect(await balancesOf(account_id)).toEqual({ USD: "1000" });
  });
});

function showsOnlyTheDebit({ type }: StripeEventBody): boolean {
  return type === "refund.created" || type === "charge.dispute.created";
}

it("payment, refund and dispute before their account is opened → all settle once it is", async () => {
  const did = newDid();
  const late = accountIdOf(did);
  const stripe = newStripeAccount();
  const payment = stripe.pay({ amount: 1_000, metadata: { account_id: late } });
  payment.refund({ amount: 200 });
  payment.dispute({ amount: 300 });
  const outcomes = await deliverAll(stripe.events);
  expect(outcomes.filter((outcome) => outcome === "502 404 NOT_FOUND, will retry")).toHaveLength(1);
  // The refund, and two events of the withdrawal.
  expect(outcomes.filter((outcome) => outcome === NOT_RESOLVED)).toHaveLength(3);
  await openAccount(did);
  await runAlarms(stripe.events);
  expect(await balancesOf(late)).toEqual({ USD: "500" });
});
