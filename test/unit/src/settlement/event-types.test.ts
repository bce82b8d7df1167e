/**
 * Every type that Stripe has, by its own package's types, has a defined
 * answer, and the table has no type besides.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stripeEvent } from "../../../../scripts/sandbox/events/stripe-events.ts";
import { movesMoney } from "../../../../src/settlement/mapping.ts";
import { subscribedEventTypes } from "../../../../src/settlement/map.ts";
import { TABLE } from "../../../../src/settlement/mapping-table.ts";
import { mapped } from "../../../support/stripe-events.ts";

/** Kept by hand, apart from the table: what is expected, so that a slip in the table shows. */
const MONEY: readonly string[] = [
  "charge.captured",
  "charge.dispute.closed",
  "charge.dispute.created",
  "charge.dispute.funds_reinstated",
  "charge.dispute.funds_withdrawn",
  "charge.dispute.updated",
  "charge.succeeded",
  "payment_intent.canceled",
  "payment_intent.succeeded",
  "payout.canceled",
  "payout.failed",
  "payout.paid",
  "refund.created",
  "refund.failed",
  "refund.updated",
];

const IGNORED: Readonly<Record<string, string>> = {
  "payment_intent.payment_failed": "attempt_not_final",
  "charge.refunded": "covered_by:refund.created",
  "charge.refund.updated": "covered_by:refund.updated",
  "checkout.session.completed": "reported_by_its_payments",
  "checkout.session.async_payment_succeeded": "reported_by_its_payments",
  "checkout.session.async_payment_failed": "reported_by_its_payments",
  "checkout.session.expired": "reported_by_its_payments",
  "invoice.paid": "reported_by_its_payments",
  "invoice.payment_succeeded": "reported_by_its_payments",
  "invoice.overpaid": "reported_by_its_payments",
  "invoice_payment.paid": "reported_by_its_payments",
  "transfer.created": "transfer_between_balances",
  "transfer.updated": "transfer_between_balances",
  "transfer.reversed": "transfer_between_balances",
};

/** All that any row reads. */
const COMPLETE = {
  id: "x_1",
  amount: 1,
  amount_received: 1,
  amount_captured: 1,
  balance_transaction: "txn_1",
  balance_transactions: [
    { id: "txn_2", amount: -1, currency: "usd" },
    { id: "txn_3", amount: 1, currency: "usd" },
  ],
  captured: true,
  charge: "ch_1",
  currency: "usd",
  paid: true,
  status: "succeeded",
  metadata: { account_id: "acc_1" },
};

const STRIPE_TYPES = typesNamedByStripe();

test.each(STRIPE_TYPES)("%s has a defined answer", (type) => {
  const mapping = mapped(stripeEvent(type, COMPLETE));
  const answer = mapping.kind === "ignored" ? mapping.reason : movesMoney(mapping) ? "money" : mapping.kind;
  expect(answer).toBe(MONEY.includes(type) ? "money" : (IGNORED[type] ?? "not_a_settlement_event"));
});

test.each(STRIPE_TYPES)("%s with an empty object is no error", (type) => {
  const { kind } = mapped(stripeEvent(type, {}));
  expect(kind === "ignored" || (kind === "unmappable" && MONEY.includes(type))).toBe(true);
});

test("the table names no type that Stripe does not have", () => {
  expect([...TABLE.keys()].filter((type) => !STRIPE_TYPES.includes(type))).toEqual([]);
});

test("an endpoint subscribes to exactly the types that can settle", () => {
  expect(subscribedEventTypes()).toEqual(MONEY);
});

test("Stripe's types were found", () => {
  expect(STRIPE_TYPES.length).toBeGreaterThan(260);
  expect(new Set(STRIPE_TYPES).size).toBe(STRIPE_TYPES.length);
});

/** A union of text has no value at run time, so it is read from the declarations. */
function typesNamedByStripe(): string[] {
  const path = join(import.meta.dirname, "../../../../node_modules/stripe/esm/resources/Events.d.ts");
  const [, union = ""] = /\btype Type = ([^;]+);/.exec(readFileSync(path, "utf8")) ?? [];
  return [...union.matchAll(/'([^']+)'/g)].map(([, type]) => type as string);
}
