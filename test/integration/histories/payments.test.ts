import { expect, it } from "vitest";
import { paymentCanceled } from "../../../scripts/sandbox/events/stripe-events.ts";
import { newAccount } from "../../support/scripted-ledger.ts";
import { balancesOf, deliverAll, settlementsOf, prepareHistories } from "../../support/play-history.ts";
import { StripePayment } from "../../support/stripe-payment.ts";

/** A failed attempt leaves the intent payable: it neither keeps the payment from being credited, nor takes it back. */

prepareHistories();

async function threeAttempts() {
  const account = await newAccount();
  const payment = new StripePayment({ account, amount: 1_200 });
  const failures = [...payment.attemptFails(), ...payment.attemptFails()];
  return { account, payment, failures, success: payment.succeeds() };
}

it("a payment fails twice, then succeeds → credited once", async () => {
  const { account, payment, failures, success } = await threeAttempts();
  expect(await deliverAll([...failures, ...success])).toEqual([
    "200 ignored not_a_settlement_event",
    "200 ignored attempt_not_final",
    "200 ignored not_a_settlement_event",
    "200 ignored attempt_not_final",
    "200 ignored covered_by:payment_intent.succeeded",
    "200 forwarded",
  ]);
  expect(await balancesOf(account)).toEqual({ USD: "1200" });
  expect(await settlementsOf(payment.intent)).toEqual(["payin confirmed 1200 USD"]);
});

it("a payment succeeds, and the failures before it arrive late → still credited once", async () => {
  const { account, payment, failures, success } = await threeAttempts();
  await deliverAll([...success, ...failures, ...success]);
  expect(await balancesOf(account)).toEqual({ USD: "1200" });
  expect(await settlementsOf(payment.intent)).toEqual(["payin confirmed 1200 USD"]);
});

it("a payment is given up → a failed payin, and no money", async () => {
  const account = await newAccount();
  const canceled = paymentCanceled({ account_id: account, amount: 1_200 });
  const strangers = paymentCanceled({ amount: 1_200 });
  expect(await deliverAll([canceled, canceled, strangers])).toEqual([
    "200 forwarded",
    "200 forwarded",
    "200 ignored canceled_without_account",
  ]);
  expect(await balancesOf(account)).toEqual({});
  expect(await settlementsOf(String(canceled.data.object["id"]))).toEqual(["payin failed 1200 USD"]);
});
