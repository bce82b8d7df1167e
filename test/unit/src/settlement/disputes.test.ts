/** Disputes: each of their balance transactions is a movement of its own, whichever event shows it first. */
import { describe, expect, test } from "vitest";
import {
  type Dispute,
  disputeClosed,
  disputeCreated,
  disputeFundsReinstated,
  disputeFundsWithdrawn,
  disputeUpdated,
} from "../../../../scripts/sandbox/events/stripe-events.ts";
import { mapped } from "../../../support/stripe-events.ts";

const DISPUTE: Dispute = { id: "du_1", amount: 1_000, payment_intent: "pi_1" };
const EVERY_EVENT = [
  ["created", disputeCreated],
  ["updated", disputeUpdated],
  ["funds_withdrawn", disputeFundsWithdrawn],
  ["closed", disputeClosed],
] as const;

/** As one of Stripe's balance transactions, in the balance's currency. */
const transaction = (id: string, amount: unknown, currency: unknown = "usd") => ({ id, amount, currency });

describe.each(EVERY_EVENT)("charge.dispute.%s", (name, build) => {
  test("shows a withdrawal → refund confirmed under its transaction's id, once the payin says whose it is", () => {
    expect(mapped(build({ ...DISPUTE, moved: [-1_000] }))).toMatchObject({
      kind: "question",
      question: { kind: "payin", payment: "pi_1", may_be_release: false },
      draft: {
        external_payment_id: "txn_10",
        direction: "refund",
        status: "confirmed",
        amount_minor: "1000",
        metadata: {
          kind: "dispute_withdrawn",
          stripe_object_id: "du_1",
          stripe_payment_intent_id: "pi_1",
          stripe_balance_transaction: "txn_10",
        },
      },
    });
  });

  test("after it was won → still the withdrawal; after it was lost again → the second one", () => {
    expect(mapped(build({ ...DISPUTE, moved: [-1_000, 1_000] }))).toMatchObject({
      draft: { external_payment_id: "txn_10", direction: "refund" },
    });
    expect(mapped(build({ ...DISPUTE, moved: [-1_000, 1_000, -600] }))).toMatchObject({
      draft: { external_payment_id: "txn_12", amount_minor: "600" },
    });
  });

  test("shows none → nothing has moved, but funds_withdrawn says that it has", () => {
    const nothing = { kind: "ignored", reason: "dispute_moved_nothing" };
    const unseen = { kind: "unmappable", reason: "dispute_transaction_missing" };
    expect(mapped(build({ ...DISPUTE, moved: [] }))).toMatchObject(
      name === "funds_withdrawn" ? unseen : nothing,
    );
  });

  test.each([
    undefined,
    null,
    {},
    [null],
    [{ id: "txn_1" }],
    [transaction("", -1)],
    [transaction("txn_1", "-1")],
    [transaction("txn_1", -1.5)],
    [transaction("txn_1", -1_000), { id: "txn_2" }],
  ])(
    "transactions that cannot be read (%j) → unmappable: nobody knows what moved",
    (balance_transactions) => {
      expect(mapped(build({ ...DISPUTE, balance_transactions }))).toEqual({
        kind: "unmappable",
        reason: "dispute_transaction_missing",
        money: {
          direction: "refund",
          external_payment_id: "du_1",
          amount_minor: "1000",
          currency: "USD",
          source_payment_id: "pi_1",
        },
      });
    },
  );

  test("of a balance in another currency → the first withdrawal is the dispute's amount, a second one unmappable", () => {
    const first = [transaction("txn_1", -930, "eur")];
    expect(mapped(build({ ...DISPUTE, balance_transactions: first }))).toMatchObject({
      draft: { external_payment_id: "txn_1", amount_minor: "1000", currency: "USD" },
    });
    const again = [...first, transaction("txn_2", 930, "eur"), transaction("txn_3", -500, "eur")];
    expect(mapped(build({ ...DISPUTE, balance_transactions: again }))).toMatchObject({
      kind: "unmappable",
      reason: "amount_in_other_currency",
      money: { external_payment_id: "txn_3" },
    });
  });

  test("of a charge without an intent → asked by the charge", () => {
    expect(mapped(build({ ...DISPUTE, payment_intent: null, charge: "ch_1" }))).toMatchObject({
      question: { kind: "payin", payment: "ch_1" },
    });
  });

  test("of no payment → its own account, which the ledger cannot contradict; without one unmappable", () => {
    const alone = { ...DISPUTE, payment_intent: null, charge: null };
    expect(mapped(build({ ...alone, account_id: "acc_1" }))).toMatchObject({
      kind: "settlement",
      settlement: { account_id: "acc_1", external_payment_id: "txn_10" },
    });
    expect(mapped(build(alone))).toMatchObject({ kind: "unmappable", reason: "account_missing" });
  });
});

describe("charge.dispute.funds_reinstated", () => {
  test("→ payin confirmed under its transaction's id, against the withdrawal before it", () => {
    expect(mapped(disputeFundsReinstated(DISPUTE))).toMatchObject({
      kind: "question",
      question: { kind: "debit", refund: "txn_10", if_absent: "wait" },
      draft: {
        external_payment_id: "txn_11",
        direction: "payin",
        status: "confirmed",
        amount_minor: "1000",
        metadata: { kind: "dispute_reinstated", stripe_balance_transaction: "txn_11" },
      },
    });
  });

  test.each([
    [[-1_000, 400], "txn_11", "400", "txn_10"],
    [[-1_000, 400, 350], "txn_12", "350", "txn_10"],
    [[-1_000, 1_000, -600, 600], "txn_13", "600", "txn_12"],
    [[-1_000, 1_000, -600], "txn_11", "1000", "txn_10"],
  ] as const)(
    "after %j → the latest that came back, %s of %s, against %s",
    (moved, id, amount_minor, refund) => {
      expect(mapped(disputeFundsReinstated({ ...DISPUTE, moved }))).toMatchObject({
        question: { kind: "debit", refund },
        draft: { external_payment_id: id, amount_minor },
      });
    },
  );

  test.each([[[]], [[-1_000]], [[1_000]], [[1_000, -1_000]]])(
    "after %j → unmappable: there is no return, or nothing that it undoes",
    (moved) => {
      expect(mapped(disputeFundsReinstated({ ...DISPUTE, moved }))).toMatchObject({
        kind: "unmappable",
        reason: "dispute_transaction_missing",
      });
    },
  );

  test("to a balance in another currency → the dispute's amount if all came back, else unmappable", () => {
    const taken = transaction("txn_1", -930, "eur");
    const returned = (back: unknown) =>
      disputeFundsReinstated({ ...DISPUTE, balance_transactions: [taken, back] });
    expect(mapped(returned(transaction("txn_2", 930, "eur")))).toMatchObject({
      draft: { external_payment_id: "txn_2", amount_minor: "1000", currency: "USD" },
    });
    for (const back of [transaction("txn_2", 900, "eur"), transaction("txn_2", 930, "gbp")]) {
      expect(mapped(returned(back))).toMatchObject({
        kind: "unmappable",
        reason: "amount_in_other_currency",
      });
    }
  });

  test("an account of its own decides nothing", () => {
    expect(mapped(disputeFundsReinstated({ ...DISPUTE, account_id: "acc_1" })).kind).toBe("question");
  });
});
