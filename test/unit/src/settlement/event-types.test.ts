/** Every type that Stripe has, by its own package's types, has a defined answer, and the table has no type besides. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stripeEvent } from "../../../../scripts/sandbox/events/stripe-events.ts";
import { mapEvent, subscribedEventTypes } from "../../../../src/settlement/map.ts";
import { type RefundEvents, TABLE } from "../../../../src/settlement/mapping-table.ts";
import { mapped, parsed } from "../../../support/stripe-events.ts";

/** Kept by hand, apart from the table: what is expected, so that a slip in the table shows. */
const MONEY: Record<RefundEvents, readonly string[]> = {
  charge: [
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.refunded",
    "payment_intent.canceled",
    "payment_intent.succeeded",
    "payout.canceled",
    "payout.failed",
    "payout.paid",
    "refund.failed",
  ],
  refund: [
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "payment_intent.canceled",
    "payment_intent.succeeded",
    "payout.canceled",
    "payout.failed",
    "payout.paid",
    "refund.created",
    "refund.failed",
    "refund.updated",
  ],
};

const IGNORED_IN_BOTH: Record<string, string> = {
  "payment_intent.payment_failed": "attempt_not_final",
  "charge.succeeded": "covered_by:payment_intent.succeeded",
  "charge.captured": "covered_by:payment_intent.succeeded",
  "checkout.session.completed": "covered_by:payment_intent.succeeded",
  "checkout.session.async_payment_succeeded": "covered_by:payment_intent.succeeded",
  "invoice.paid": "covered_by:payment_intent.succeeded",
  "invoice.payment_succeeded": "covered_by:payment_intent.succeeded",
  "invoice.overpaid": "covered_by:payment_intent.succeeded",
  "charge.dispute.created": "covered_by:charge.dispute.funds_withdrawn",
  "charge.dispute.updated": "covered_by:charge.dispute.funds_withdrawn",
  "charge.dispute.closed": "covered_by:charge.dispute.funds_reinstated",
};

const IGNORED: Record<RefundEvents, Record<string, string>> = {
  charge: {
    ...IGNORED_IN_BOTH,
    "refund.created": "covered_by:charge.refunded",
    "refund.updated": "covered_by:charge.refunded",
    "charge.refund.updated": "covered_by:charge.refunded",
  },
  refund: {
    ...IGNORED_IN_BOTH,
    "charge.refunded": "covered_by:refund.created",
    "charge.refund.updated": "covered_by:refund.updated",
  },
};

/** All that any row reads. */
const COMPLETE = {
  id: "x_1",
  amount: 1,
  amount_received: 1,
  amount_refunded: 1,
  currency: "usd",
  status: "succeeded",
  metadata: { account_id: "acc_1" },
};

const STRIPE_TYPES = typesNamedByStripe();

describe.each(["charge", "refund"] as const)("STRIPE_REFUND_EVENTS=%s", (refundEvents) => {
  test.each(STRIPE_TYPES)("%s has a defined answer", (type) => {
    const mapping = mapped(stripeEvent(type, COMPLETE), refundEvents);
    const answer = mapping.kind === "ignored" ? mapping.reason : mapping.kind;
    const expected = MONEY[refundEvents].includes(type) ? "settlement" : IGNORED[refundEvents][type];
    expect(answer).toBe(expected ?? "not_a_settlement_event");
  });

  test.each(STRIPE_TYPES)("%s with an empty object is no error", (type) => {
    const { kind } = mapEvent(parsed(stripeEvent(type, {})), { refundEvents });
    expect(kind === "ignored" || (kind === "unmappable" && MONEY[refundEvents].includes(type))).toBe(true);
  });

  test("the table names no type that Stripe does not have", () => {
    expect([...TABLE[refundEvents].keys()].filter((type) => !STRIPE_TYPES.includes(type))).toEqual([]);
  });

  test("an endpoint subscribes to exactly the types that can settle", () => {
    expect(subscribedEventTypes(refundEvents)).toEqual(MONEY[refundEvents]);
  });

  test("whatever is covered is covered by a type that settles in this mode", () => {
    const carriers = Object.values(IGNORED[refundEvents]).flatMap(
      (reason) => reason.split("covered_by:")[1] ?? [],
    );
    expect(MONEY[refundEvents]).toEqual(expect.arrayContaining(carriers));
  });
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
