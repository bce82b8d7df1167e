import { afterEach, beforeEach, expect, it } from "vitest";
import { Random } from "../../scripts/lib/random.ts";
import type { BalanceTransaction } from "../../scripts/sandbox/stripe-account/balance-transaction.ts";
import { StripeAccount } from "../../scripts/sandbox/stripe-account/stripe-account.ts";
import type { Condition } from "../../src/settlement/conditions.ts";
import { type Row, TABLE } from "../../src/settlement/mapping-table.ts";
import {
  differencesOf,
  found,
  leaveNothing,
  MINUTE,
  pinAccount,
  reconcile,
  scriptWorld,
} from "../support/reconciler.ts";
import { newAccount } from "../support/scripted-ledger.ts";
import { deliver, showEvent } from "../support/worker.ts";

/** A mistake in the mapping's table: each refund is booked at the sum of its payment's refunds so far. */

const REFUND_TYPES = ["refund.created", "refund.updated"];
const table = TABLE as Map<string, readonly Row[]>;
const rows = REFUND_TYPES.map((type) => [type, table.get(type) ?? []] as const);

/** By payment, then by refund, in the order in which they came. */
const refunds = new Map<string, Map<string, number>>();

/** It never holds; the mapping reads the amount after it. */
const atTheSumSoFar: Condition = {
  reason: "refund_not_moved",
  holds({ data: { object } }) {
    const payment = String(object["payment_intent"]);
    const known = refunds.get(payment) ?? new Map<string, number>();
    const id = String(object["id"]);
    if (!known.has(id)) known.set(id, Number(object["amount"]));
    refunds.set(payment, known);
    const before = [...known.keys()].slice(0, [...known.keys()].indexOf(id) + 1);
    object["amount"] = before.reduce((sum, each) => sum + (known.get(each) ?? 0), 0);
    return false;
  },
};

function mistaken(row: Row): Row {
  return row.kind === "money" ? { ...row, ignoredIf: [...row.ignoredIf, atTheSumSoFar] } : row;
}

beforeEach(() => {
  for (const [type, its] of rows) {
    table.set(type, its.map(mistaken));
  }
});
afterEach(async () => {
  for (const [type, its] of rows) table.set(type, its);
  await leaveNothing();
});

it("a refund booked at the cumulative amount → the events agree on all three sides, and the audit finds it", async () => {
  const world = scriptWorld();
  await pinAccount();
  const account_id = await newAccount();
  const random = new Random(Math.floor(Math.random() * 1e9));
  const stripe = new StripeAccount({ random, now: Date.now() - 50 * MINUTE });
  const payment = stripe.pay({ amount: 800, metadata: { account_id } });
  payment.refund({ amount: 300 });
  const second = payment.refund({ amount: 100 });
  for (const event of stripe.events) await deliver(event, { atOnce: true });
  const booked = await showEvent(stripe.lastEvent("refund.created").id);
  expect(booked.body).toMatchObject({
    state: "forwarded",
    settlement: { external_payment_id: second.id, amount_minor: "400" },
  });
  world.stripe.events.push(...stripe.events);
  const withSource = (each: BalanceTransaction) =>
    Object.assign({}, each, { source: stripe.object(each.source) });
  world.stripe.transactions.push(...stripe.transactions.map(withSource));

  const report = await reconcile();
  expect(report.balanced).toBe(true);
  expect(found(report)).toEqual({ booked_differently: 1, ignored: expect.any(Number) });
  expect(await differencesOf(report.id)).toMatchObject([
    { kind: "booked_differently", field: "amount_minor", payment_id: second.id, ours: "400", theirs: "100" },
  ]);
  expect(report.statements[0]).toMatchObject({ unexplained_minor: "300", difference_minor: "0" });
});
