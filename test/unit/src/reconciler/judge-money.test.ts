import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TRANSACTION_TYPES } from "../../../../src/reconciler/transaction-types.ts";
import {
  type Booked,
  judgeMoney,
  type MoneyEvidence,
  moneyOf,
} from "../../../../src/reconciler/judge-money.ts";
import { addToLines, statementsOf } from "../../../../src/reconciler/statement.ts";

const NONE: MoneyEvidence = { booked: null, others: [], payment_account: null, events: [] };
const BOOKED: Booked = {
  id: "set_1",
  external_payment_id: "re_1",
  direction: "refund",
  account_id: "acc_1",
  amount_minor: "700",
  currency: "EUR",
  status: "confirmed",
};
const listed = (fields: object = {}) => ({
  id: "txn_1",
  created: 1_700_000_000,
  type: "refund",
  reporting_category: "refund",
  currency: "eur",
  amount: -700,
  fee: 0,
  net: -700,
  source: { id: "re_1", object: "refund", amount: 700, currency: "eur", payment_intent: "pi_1" },
  ...fields,
});
function judged(evidence: Partial<MoneyEvidence> = {}, fields: object = {}) {
  const money = moneyOf(listed(fields));
  if (money === null) throw new Error("unreadable");
  const { amounts, differences } = judgeMoney(money, { ...NONE, ...evidence });
  return {
    parts: amounts.map(({ part, class: which, amount }) => [part, which, String(amount)]),
    found: differences.map(({ kind, field, ours, theirs }) => [kind, field, ours, theirs]),
  };
}

const MOVED = ["moved", "", "-700"];
const UNEXPLAINED = ["unexplained", "", "-700"];

describe("one balance transaction", () => {
  it("booked as it must be → booked", () => {
    expect(judged({ booked: BOOKED })).toEqual({ parts: [MOVED, ["booked", "refunds", "-700"]], found: [] });
  });

  it("with a fee → what Stripe kept is not the ledger's", () => {
    const { parts } = judged({ booked: BOOKED }, { fee: 30, net: -730 });
    expect(parts).toEqual([
      ["moved", "", "-730"],
      ["elsewhere", "fees_withheld", "-30"],
      ["booked", "refunds", "-700"],
    ]);
  });

  it.each<[string, Partial<Booked>, Partial<MoneyEvidence>, unknown[], unknown[]]>([
    [
      "less",
      { amount_minor: "650" },
      {},
      [
        ["booked", "refunds", "-650"],
        ["unexplained", "", "-50"],
      ],
      ["amount_minor", "650", "700"],
    ],
    [
      "more",
      { amount_minor: "800" },
      {},
      [
        ["booked", "refunds", "-800"],
        ["unexplained", "", "100"],
      ],
      ["amount_minor", "800", "700"],
    ],
    ["another currency", { currency: "USD" }, {}, [UNEXPLAINED], ["currency", "USD", "EUR"]],
    ["a status without effect", { status: "pending" }, {}, [UNEXPLAINED], ["status", "pending", "confirmed"]],
    [
      "another account than its payment",
      {},
      { payment_account: "acc_2" },
      [UNEXPLAINED],
      ["account_id", "acc_1", "acc_2"],
    ],
  ])("booked with %s → booked_differently", (_, changes, evidence, parts, difference) => {
    expect(judged({ ...evidence, booked: { ...BOOKED, ...changes } })).toEqual({
      parts: [MOVED, ...parts],
      found: [["booked_differently", ...difference]],
    });
  });

  it("settled in another currency, and booked with another amount → all of it is unexplained", () => {
    const evidence = { booked: { ...BOOKED, amount_minor: "650" } };
    expect(judged(evidence, { currency: "usd" }).parts).toEqual([MOVED, UNEXPLAINED]);
  });

  it("on the account of its payment → booked", () => {
    expect(judged({ booked: BOOKED, payment_account: "acc_1" }).found).toEqual([]);
  });

  it.each<[string[], unknown[], string[]]>([
    [[], UNEXPLAINED, ["money_without_event"]],
    [["ignored"], UNEXPLAINED, ["money_not_booked"]],
    [["forwarded", "ignored"], UNEXPLAINED, ["money_not_booked"]],
    [["ignored", "failed"], ["open", "", "-700"], []],
    [["received"], ["open", "", "-700"], []],
    [["forwarding"], ["open", "", "-700"], []],
    [["missing"], ["open", "", "-700"], []],
    [["unreachable"], ["open", "", "-700"], []],
    [["ignored", "resolved"], ["elsewhere", "closed_by_operator", "-700"], []],
  ])("not in the ledger, its events %j → %j, %j", (events, part, kinds) => {
    const { parts, found } = judged({ events });
    expect(parts).toEqual([MOVED, part]);
    expect(found.map(([kind]) => kind)).toEqual(kinds);
  });

  it("booked again under another name → booked_twice; without money, or in the other direction → not", () => {
    const again = { ...BOOKED, id: "set_2", external_payment_id: "txn_1" };
    expect(judged({ booked: BOOKED, others: [again] }).found).toEqual([["booked_twice", "", null, null]]);
    const canceled = { ...again, status: "failed" };
    const returned = { ...again, direction: "payin" };
    expect(judged({ booked: BOOKED, others: [canceled, returned] }).found).toEqual([]);
  });

  it("booked only under another name → booked; if that differs, it is said", () => {
    const other = { ...BOOKED, external_payment_id: "txn_1" };
    expect(judged({ others: [other] })).toEqual({ parts: [MOVED, ["booked", "refunds", "-700"]], found: [] });
    expect(judged({ others: [{ ...other, amount_minor: "1" }] }).found).toEqual([
      ["booked_differently", "amount_minor", "1", "700"],
    ]);
  });

  it("what was released, booked as a refund → booked_twice", () => {
    const rest = { reporting_category: "partial_capture_reversal" };
    const payin = { ...BOOKED, id: "set_2", external_payment_id: "pi_1", direction: "payin" };
    expect(judged({ booked: payin, others: [BOOKED] }, rest)).toEqual({
      parts: [MOVED, ["booked", "released", "-700"]],
      found: [["booked_twice", "", null, null]],
    });
  });

  it("an automatic payout that the ledger does not hold → an automatic payout", () => {
    const source = { id: "po_1", object: "payout", amount: 700, currency: "eur", automatic: true };
    expect(judged({}, { type: "payout", source }).parts).toEqual([
      MOVED,
      ["elsewhere", "automatic_payouts", "-700"],
    ]);
  });

  it.each([
    ["no amount", { amount: undefined }],
    ["a fraction", { amount: 1.5 }],
    ["no currency", { currency: "" }],
    ["no id", { id: 5 }],
  ])("that cannot be read, %s → none", (_, fields) => {
    expect(moneyOf(listed(fields))).toBeNull();
  });
});

const CHARGE = {
  type: "charge",
  reporting_category: "charge",
  amount: 700,
  net: 700,
  source: { id: "ch_1", object: "charge", amount_captured: 700, currency: "eur", payment_intent: "pi_1" },
};
const PAYIN: Booked = { ...BOOKED, external_payment_id: "pi_1", direction: "payin" };

describe("money that comes in", () => {
  it("booked with less → what is missing is positive too", () => {
    expect(judged({ booked: { ...PAYIN, amount_minor: "650" } }, CHARGE).parts).toEqual([
      ["moved", "", "700"],
      ["booked", "payins", "650"],
      ["unexplained", "", "50"],
    ]);
  });

  it("has no other payment whose account it could contradict", () => {
    expect(judged({ booked: PAYIN, payment_account: "acc_2" }, CHARGE).found).toEqual([]);
  });
});

it("a payout booked in any status → booked: it is only recorded", () => {
  const source = { id: "po_1", object: "payout", amount: 700, currency: "eur", automatic: false };
  const booked = { ...BOOKED, external_payment_id: "po_1", direction: "payout", status: "pending" };
  expect(judged({ booked }, { type: "payout", source })).toEqual({
    parts: [MOVED, ["booked", "payouts", "-700"]],
    found: [],
  });
});

it("another amount and another account → none of it is explained", () => {
  const evidence = { booked: { ...BOOKED, amount_minor: "650" }, payment_account: "acc_2" };
  const { parts, found } = judged(evidence);
  expect(parts).toEqual([MOVED, UNEXPLAINED]);
  expect(found.map(([, field]) => field)).toEqual(["amount_minor", "account_id"]);
});

it("money that no settlement is needed for → its class, and no difference", () => {
  expect(judged({}, { type: "stripe_fee" }).found).toEqual([]);
});

describe("a difference", () => {
  const differences = (evidence: Partial<MoneyEvidence>, fields: object = {}) => {
    const money = moneyOf(listed(fields));
    return money === null ? [] : judgeMoney(money, { ...NONE, ...evidence }).differences;
  };
  const COMMON = {
    event_id: null,
    event_type: null,
    created_at: "2023-11-14T22:13:20.000Z",
    kind: "money_without_event",
    field: "",
    ours: null,
    theirs: null,
    reason: "refund refund",
    payment_id: "re_1",
    direction: "refund",
    status: null,
    currency: "EUR",
    amount_minor: "700",
    transaction_id: "txn_1",
    settlement_id: null,
  };

  it("of money without an event → under the name, the amount and the currency that it must be booked with", () => {
    expect(differences({})).toEqual([COMMON]);
    expect(differences({}, { currency: "usd", amount: -760, net: -760 })).toEqual([COMMON]);
    expect(differences({}, { reporting_category: null })).toEqual([{ ...COMMON, reason: "refund " }]);
  });

  it("of a type that nobody knows → why, without a name, with Stripe's own amount", () => {
    const unnamed = { payment_id: null, direction: null, amount_minor: "-700" };
    expect(differences({}, { type: "brand_new" })).toEqual([
      { ...COMMON, ...unnamed, kind: "unknown_class", reason: "type" },
    ]);
  });

  it("of money that is booked twice → the settlement that is one too many, as it is", () => {
    const again = {
      ...BOOKED,
      id: "set_2",
      external_payment_id: "txn_9",
      currency: "USD",
      amount_minor: "1",
    };
    const its = { payment_id: "txn_9", status: "confirmed", currency: "USD", amount_minor: "1" };
    expect(differences({ booked: BOOKED, others: [again] })).toEqual([
      { ...COMMON, ...its, kind: "booked_twice", settlement_id: "set_2" },
    ]);
  });
});

describe("any money, whatever the ledger and the events say", () => {
  const amount = fc.integer({ min: -1_000, max: 1_000 });
  const booked = fc.record({
    id: fc.constantFrom("set_1", "set_2"),
    external_payment_id: fc.constantFrom("pi_1", "re_1", "txn_1"),
    direction: fc.constantFrom("payin", "refund", "payout"),
    account_id: fc.constantFrom("acc_1", "acc_2"),
    amount_minor: fc.nat(1_000).map(String),
    currency: fc.constantFrom("EUR", "USD"),
    status: fc.constantFrom("pending", "confirmed", "failed", "reversed"),
  });
  const evidence = fc.record({
    booked: fc.option(booked),
    others: fc.array(booked, { maxLength: 3 }),
    payment_account: fc.option(fc.constantFrom("acc_1", "acc_2")),
    events: fc.array(fc.constantFrom("received", "failed", "forwarded", "ignored", "resolved", "missing")),
  });
  const transaction = fc
    .record({
      type: fc.constantFrom(...Object.keys(TRANSACTION_TYPES), "brand_new"),
      reporting_category: fc.constantFrom("charge", "refund", "dispute", "partial_capture_reversal", null),
      currency: fc.constantFrom("eur", "usd"),
      amount,
      fee: fc.integer({ min: -50, max: 50 }),
      kind: fc.constantFrom("charge", "refund", "dispute", "payout"),
      sourceAmount: fc.nat(1_000),
    })
    .map(({ kind, sourceAmount, ...fields }) =>
      Object.assign(fields, {
        id: "txn_1",
        created: 1,
        net: fields.amount - fields.fee,
        source: {
          id: "re_1",
          object: kind,
          amount: sourceAmount,
          amount_captured: sourceAmount,
          currency: "eur",
        },
      }),
    );

  it("→ its parts add up to what Stripe says it moved, and what is unexplained has a finding", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(transaction, evidence), { minLength: 1, maxLength: 20 }), (all) => {
        const judgements = all.map(([fields, its]) =>
          judgeMoney(moneyOf(fields) as never, its as MoneyEvidence),
        );
        const lines = addToLines(
          [],
          judgements.flatMap(({ amounts }) => amounts),
        );
        for (const { difference_minor } of statementsOf(lines)) expect(difference_minor).toBe("0");
        for (const { amounts, differences } of judgements) {
          const isUnexplained = amounts.some(({ part, amount: of }) => part === "unexplained" && of !== 0n);
          expect(isUnexplained && differences.length === 0).toBe(false);
        }
      }),
    );
  });

  it("in any order of the steps → the same statement", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(transaction, evidence), { maxLength: 12 }), (all) => {
        const amounts = all.flatMap(
          ([fields, its]) => judgeMoney(moneyOf(fields) as never, its as MoneyEvidence).amounts,
        );
        const half = Math.floor(amounts.length / 2);
        const once = addToLines([], amounts);
        expect(addToLines(addToLines([], amounts.slice(half)), amounts.slice(0, half))).toEqual(once);
      }),
    );
  });
});

describe("a statement", () => {
  it("whose amounts, fees and nets do not add up at Stripe → says by how much", () => {
    const money = moneyOf(listed({ fee: 30, net: -700 }));
    const { amounts } = judgeMoney(money as never, { ...NONE, booked: BOOKED });
    expect(statementsOf(addToLines([], amounts))).toMatchObject([
      {
        currency: "EUR",
        moved_minor: "-700",
        booked_minor: "-700",
        elsewhere_minor: "-30",
        difference_minor: "30",
      },
    ]);
  });
});
