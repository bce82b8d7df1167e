import { expect, it } from "vitest";
import { newAccount } from "../../support/scripted-ledger.ts";
import {
  balancesOf,
  deliverAll,
  newStripeAccount,
  prepareHistories,
  settlementsOf,
} from "../../support/play-history.ts";

/**
 * A failed attempt leaves the intent payable: it neither keeps the payment
 * from being credited, nor takes it back.
 */

prepareHistories();

it("a payment fails twice, then succeeds → one payin, whatever arrives again or late", async () => {
  const account_id = await newAccount();
  const stripe = newStripeAccount();
  const payment = stripe.createPayment({ amount: 1_200, metadata: { account_id } });
  payment.failAttempt().failAttempt().succeed();
  const { events } = stripe;
  expect(await deliverAll(events)).toEqual([
    "200 ignored not_a_settlement_event",
    "200 ignored not_a_settlement_event",
    "200 ignored attempt_not_final",
    "200 ignored not_a_settlement_event",
    "200 ignored attempt_not_final",
    "200 ignored covered_by:payment_intent.succeeded",
    "200 forwarded",
    "200 ignored not_a_settlement_event",
  ]);
  await deliverAll(events.toReversed());
  expect(await balancesOf(account_id)).toEqual({ USD: "1200" });
  expect(await settlementsOf(payment.intent ?? "")).toEqual(["payin confirmed 1200 USD"]);
});

it("a payment is given up → a failed payin, and no money", async () => {
  const account_id = await newAccount();
  const stripe = newStripeAccount();
  const payment = stripe.createPayment({ amount: 1_200, metadata: { account_id } });
  payment.cancel();
  stripe.createPayment({ amount: 1_200 }).cancel();
  const canceled = stripe.events.filter(({ type }) => type === "payment_intent.canceled");
  const outcomes = await deliverAll([canceled[0]!, ...canceled]);
  expect(outcomes).toEqual(["200 forwarded", "200 forwarded", "200 ignored canceled_without_account"]);
  expect(await balancesOf(account_id)).toEqual({});
  expect(await settlementsOf(payment.intent ?? "")).toEqual(["payin failed 1200 USD"]);
});
