import * as fc from "fast-check";
import { expect, it } from "vitest";
import {
  chargeSucceeded,
  disputeFundsReinstated,
  paymentIntentSucceeded,
  refundFailed,
} from "../../../../scripts/sandbox/events/stripe-events.ts";
import { eventNamesOf } from "../../../../src/reconciler/event-names.ts";

const namesOf = (event: unknown) => eventNamesOf(event).map(({ name }) => name);

it("an intent → itself; a refund that failed → itself and both transactions; a dispute → with all of its own", () => {
  expect(namesOf(paymentIntentSucceeded({ id: "pi_1" }))).toEqual(["pi_1"]);
  const failed = { id: "re_1", balance_transaction: "txn_a", failure_balance_transaction: { id: "txn_b" } };
  expect(namesOf(refundFailed(failed))).toEqual(["re_1", "txn_a", "txn_b"]);
  expect(namesOf(disputeFundsReinstated({ id: "du_1" }))).toEqual(["du_1", "txn_10", "txn_11"]);
});

it("a charge → itself and its transaction; one with an intent → nothing: the intent's event reports its money", () => {
  const charge = { id: "ch_1", balance_transaction: "txn_1" };
  expect(namesOf(chargeSucceeded(charge))).toEqual(["ch_1", "txn_1"]);
  expect(namesOf(chargeSucceeded({ ...charge, payment_intent: "pi_1" }))).toEqual([]);
});

it("each name is of the event", () => {
  const event = paymentIntentSucceeded({ id: "pi_1" }, { id: "evt_1" });
  expect(eventNamesOf(event)).toEqual([{ name: "pi_1", event_id: "evt_1" }]);
});

it("whatever is listed → never an exception", () => {
  fc.assert(
    fc.property(fc.anything(), fc.object(), (anything, object) => {
      expect(eventNamesOf(anything)).toEqual([]);
      eventNamesOf({ id: "evt_1", data: { object: { id: "x", ...object } } });
    }),
  );
});
