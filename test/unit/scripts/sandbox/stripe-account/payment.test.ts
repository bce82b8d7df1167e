/** What Stripe sends about a payment, and what its balance does. */
import { describe, expect, test } from "vitest";
import { ADA, moved, newAccount, typesOf } from "./fixture.ts";

describe("a payment", () => {
  test("of a card → its balance transaction comes after it succeeded", () => {
    const account = newAccount();
    expect(typesOf(account, () => account.pay(ADA))).toEqual([
      "payment_intent.created",
      "charge.succeeded",
      "payment_intent.succeeded",
      "charge.updated",
    ]);
    const [txn] = account.transactions;
    expect(account.lastEvent("charge.succeeded").data.object).toMatchObject({ balance_transaction: null });
    expect(account.lastEvent("charge.updated").data).toMatchObject({
      object: { amount: 2_500, balance_transaction: txn?.id },
      previous_attributes: { balance_transaction: null },
    });
    expect(txn).toMatchObject({ amount: 2_500, fee: 103, net: 2_397 });
  });

  test("of a card, whose money moves at once → the charge has its transaction when it succeeds", () => {
    const account = newAccount();
    account.pay({ ...ADA, movesAtOnce: true });
    const { id } = account.transactions[0] as { id: string };
    expect(account.lastEvent("charge.succeeded").data.object).toMatchObject({ balance_transaction: id });
    expect(account.events.map(({ type }) => type)).not.toContain("charge.updated");
  });

  test("by Checkout, an invoice of a subscription, with a customer → the events of all, in order", () => {
    const account = newAccount();
    const customer = account.createCustomer();
    const origin = { checkout: {}, customer, invoice: { subscription: {} } };
    expect(typesOf(account, () => account.pay(origin))).toEqual([
      "customer.subscription.created",
      "invoice.created",
      "invoice.finalized",
      "payment_intent.created",
      "charge.succeeded",
      "payment_intent.succeeded",
      "checkout.session.completed",
      "invoice.updated",
      "invoice.paid",
      "invoice.payment_succeeded",
      "invoice_payment.paid",
      "charge.updated",
    ]);
    const payments = account.objects.filter(({ object }) => object === "invoice_payment");
    expect(payments).toMatchObject([
      { status: "paid", invoice: { object: "invoice", status: "paid", customer } },
    ]);
  });

  test("by a direct debit that fails → its money came and went, and nothing is received", () => {
    const account = newAccount();
    const payment = account.createPayment({ ...ADA, method: "sepa_debit" });
    expect(typesOf(account, () => payment.failAttempt())).toEqual([
      "charge.pending",
      "payment_intent.processing",
      "charge.failed",
      "payment_intent.payment_failed",
    ]);
    expect(moved(account)).toEqual([
      [2_500, "payment", "charge"],
      [-2_500, "payment_failure_refund", "charge_failure"],
    ]);
    expect(account.lastEvent("payment_intent.payment_failed").data.object).toMatchObject({
      amount_received: 0,
    });
  });

  test("before basil the intent and the charge name their invoice, since then not", () => {
    for (const apiVersion of ["2025-02-24.acacia", "2025-03-31.basil"]) {
      const account = newAccount({ apiVersion });
      account.pay({ invoice: {} });
      for (const type of ["payment_intent.succeeded", "charge.succeeded"]) {
        expect("invoice" in account.lastEvent(type).data.object).toBe(apiVersion < "2025-03-31");
      }
    }
  });
});
