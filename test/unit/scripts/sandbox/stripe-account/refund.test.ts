/** What Stripe sends about a refund, and what its balance does. */
import { describe, expect, test } from "vitest";
import { WITHOUT_REFUND_EVENTS } from "../../../../../scripts/sandbox/stripe-account/unusual-accounts.ts";
import { ADA, moved, newAccount, typesOf } from "./fixture.ts";

describe("a refund", () => {
  test("of a card → refund.created with its transaction, and the charge's new total", () => {
    const account = newAccount();
    const payment = account.pay(ADA);
    payment.refund({ amount: 400 });
    expect(typesOf(account, () => payment.refund({ amount: 600 }))).toEqual([
      "refund.created",
      "charge.refunded",
    ]);
    const transactions = account.transactions.map(({ id }) => id);
    expect(account.lastEvent("refund.created").data.object).toMatchObject({
      balance_transaction: transactions.at(-1),
    });
    expect(account.lastEvent("charge.refunded").data).toMatchObject({
      object: { amount_refunded: 1_000, refunded: false },
      previous_attributes: { amount_refunded: 400 },
    });
  });

  test("failed after it had left → its money comes back by a transaction of its own", () => {
    const account = newAccount();
    const refund = account.pay(ADA).refund();
    expect(typesOf(account, () => refund.fail())).toEqual([
      "refund.updated",
      "charge.refund.updated",
      "refund.failed",
    ]);
    const [, left, back] = account.transactions;
    expect([left?.type, back?.type, back?.amount]).toEqual(["refund", "refund_failure", 2_500]);
    expect(account.lastEvent("refund.failed").data).toMatchObject({
      object: { balance_transaction: left?.id, failure_balance_transaction: back?.id, status: "failed" },
      previous_attributes: { failure_balance_transaction: null, failure_reason: null, status: "succeeded" },
    });
  });

  test.each(["fail", "cancel"] as const)("pending of a card, then %s → no transaction at all", (end) => {
    const account = newAccount();
    const refund = account.pay(ADA).refund({ status: "pending" });
    refund[end]();
    expect(account.transactions).toHaveLength(1);
    const { object } = account.lastEvent("refund.updated").data;
    expect(object).toMatchObject({ balance_transaction: null, failure_reason: expect.any(String) });
    expect("failure_balance_transaction" in JSON.parse(JSON.stringify(object))).toBe(false);
    expect(account.events.map(({ type }) => type).includes("refund.failed")).toBe(end === "fail");
  });

  test("pending of a bank → has its transaction; succeeded → no second one", () => {
    const account = newAccount();
    const refund = account.pay({ ...ADA, method: "sepa_debit" }).refund({ status: "pending" });
    expect(account.lastEvent("refund.created").data.object).toMatchObject({
      balance_transaction: account.transactions[1]?.id,
    });
    refund.succeed();
    expect(moved(account)).toEqual([
      [2_500, "payment", "charge"],
      [-2_500, "payment_refund", "refund"],
    ]);
  });

  test("at an endpoint older than 2024-10-28 → no event of the refund itself", () => {
    const account = newAccount(WITHOUT_REFUND_EVENTS);
    const payment = account.pay(ADA);
    expect(typesOf(account, () => payment.refund().fail())).toEqual([
      "charge.refunded",
      "charge.refund.updated",
    ]);
  });
});
