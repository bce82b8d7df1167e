/** What Stripe sends about an authorization, before and after basil, and what its balance does. */
import { describe, expect, test } from "vitest";
import { expectedBalances } from "../../../../../scripts/sandbox/stripe-account/expected-balances.ts";
import { BEFORE_BASIL } from "../../../../../scripts/sandbox/stripe-account/unusual-accounts.ts";
import { ADA, moved, newAccount, typesOf } from "./fixture.ts";

describe("an authorization", () => {
  test("captured in part → one transaction, and no refund", () => {
    const account = newAccount();
    const payment = account.authorize(ADA);
    expect(typesOf(account, () => payment.capture(1_500))).toEqual([
      "charge.captured",
      "payment_intent.succeeded",
    ]);
    expect(moved(account)).toEqual([[1_500, "charge", "charge"]]);
    expect(payment.left).toBe(1_500);
  });

  test("captured in part before basil → all of it, and a refund of the rest", () => {
    const account = newAccount(BEFORE_BASIL);
    const payment = account.authorize(ADA);
    expect(typesOf(account, () => payment.capture(1_500))).toEqual([
      "charge.captured",
      "refund.created",
      "charge.refunded",
      "payment_intent.succeeded",
    ]);
    expect(moved(account)).toEqual([
      [2_500, "charge", "charge"],
      [-1_000, "refund", "partial_capture_reversal"],
    ]);
    const intent = account.lastEvent("payment_intent.succeeded").data.object;
    expect(intent).toMatchObject({ amount: 2_500, amount_received: 1_500 });
    expect(account.lastEvent("charge.refunded").data).toMatchObject({
      object: { amount: 2_500, amount_captured: 1_500, amount_refunded: 1_000, refunded: false },
      previous_attributes: { amount_refunded: 0 },
    });
    expect(payment.left).toBe(1_500);
  });

  test("captured in part before basil, settled in another currency → what was captured counts", () => {
    const account = newAccount(BEFORE_BASIL);
    account.authorize({ ...ADA, conversion: { currency: "eur", rate: 0.9 } }).capture(1_500);
    expect(account.transactions.map(({ amount, currency }) => [amount, currency])).toEqual([
      [2_250, "eur"],
      [-900, "eur"],
    ]);
    expect(expectedBalances(account).balances.get("acc_ada")).toEqual(new Map([["USD", 1_500n]]));
  });

  test.each([
    ["canceled", {}, ["payment_intent.canceled"]],
    ["canceled", BEFORE_BASIL, ["refund.created", "charge.refunded", "payment_intent.canceled"]],
    ["expired", {}, ["charge.expired", "payment_intent.canceled"]],
    ["expired", BEFORE_BASIL, ["refund.created", "charge.refunded", "payment_intent.canceled"]],
  ])("%s, %o → %j, and nothing moves", (what, options, types) => {
    const account = newAccount(options);
    const payment = account.authorize(ADA);
    expect(typesOf(account, () => (what === "expired" ? payment.expire() : payment.cancel()))).toEqual(types);
    expect(account.transactions).toEqual([]);
    if (options !== BEFORE_BASIL) return;
    expect(account.lastEvent("refund.created").data.object).toMatchObject({
      balance_transaction: null,
      reason: what === "expired" ? "expired_uncaptured_charge" : null,
      status: "succeeded",
    });
    expect(account.lastEvent("charge.refunded").data.object).toMatchObject({
      captured: false,
      refunded: true,
    });
  });
});
