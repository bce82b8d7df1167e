import { describe, expect, it } from "vitest";
import { EVENT_ID } from "../../../../src/event-id.ts";
import { eventOfMoney } from "../../../../src/reconciler/event-of-money.ts";
import {
  CLASSES_BOOKED,
  type ClassBooked,
  type Expected,
} from "../../../../src/reconciler/expected-settlement.ts";
import type { Transaction } from "../../../../src/reconciler/transaction.ts";

const TRANSACTION: Transaction = {
  id: "txn_1",
  created: 7,
  type: "charge",
  currency: "USD",
  amount: 5,
  fee: 0,
  net: 5,
  source: null,
};

const meaning = (which: ClassBooked): Expected => ({
  kind: "settlement",
  class: which,
  key: { external_payment_id: "pi_1", direction: "payin" },
  aliases: [],
  names: [],
  amount: null,
  payment: null,
  otherwise: null,
});
const typeOf = (which: ClassBooked, object: object) =>
  eventOfMoney(TRANSACTION, meaning(which), { ...object }, false)?.type ?? null;

describe("the event of some money", () => {
  it("has an id of its own that comes from the transaction, its time, the mode, and the object", () => {
    const object = { id: "pi_1", object: "payment_intent" };
    const event = eventOfMoney(TRANSACTION, meaning("payins"), object, true);
    expect(event).toEqual({
      id: "evt_audit_txn_1",
      type: "payment_intent.succeeded",
      livemode: true,
      created: 7,
      data: { object },
    });
    expect(event?.id).toMatch(EVENT_ID);
  });

  const cases: [ClassBooked, object, string | null][] = [
    ["payins", { object: "payment_intent" }, "payment_intent.succeeded"],
    ["payins", { object: "charge" }, "charge.succeeded"],
    ["released", { object: "refund" }, null],
    ["refunds", { object: "refund" }, "refund.updated"],
    ["refunds_returned", { object: "refund" }, "refund.failed"],
    ["disputes", { object: "dispute" }, "charge.dispute.funds_withdrawn"],
    ["disputes_returned", { object: "dispute" }, "charge.dispute.funds_reinstated"],
    ["payouts", { status: "paid" }, "payout.paid"],
    ["payouts", { status: "failed" }, "payout.failed"],
    ["payouts", { status: "canceled" }, "payout.canceled"],
    ["payouts", { status: "in_transit" }, null],
    ["payouts", {}, null],
  ];
  it.each(cases)("%s, %j → %s", (which, object, type) => {
    expect(typeOf(which, object)).toBe(type);
  });

  it("every class that is booked is among them", () => {
    expect(new Set(cases.map(([which]) => which))).toEqual(new Set(CLASSES_BOOKED));
  });
});
