import { describe, expect, it } from "vitest";
import { Random } from "../../../../scripts/lib/random.ts";
import { playStory, STORIES, type StoryName } from "../../../../scripts/sandbox/stories/stories.ts";
import { moneyOf as settlementOf } from "../../../../src/reconciler/compare.ts";
import { meaningOf } from "../../../../src/reconciler/expected-settlement.ts";
import { moneyOf } from "../../../../src/reconciler/judge-money.ts";
import { transactionSchema } from "../../../../src/reconciler/transaction.ts";
import { familyOf, isElsewhere, TRANSACTION_TYPES } from "../../../../src/reconciler/transaction-types.ts";
import { mapEvent } from "../../../../src/settlement/map.ts";
import { parseEvent } from "../../../../src/stripe/event.ts";
import { utf8 } from "../../../../src/bytes.ts";

/** What a balance transaction must be in the ledger, by ids alone. */

const charge = (fields: object = {}) => ({
  id: "ch_1",
  object: "charge",
  amount: 2_500,
  amount_captured: 2_500,
  currency: "eur",
  payment_intent: "pi_1",
  status: "succeeded",
  ...fields,
});
const refund = (fields: object = {}) => ({
  id: "re_1",
  object: "refund",
  amount: 700,
  currency: "eur",
  charge: "ch_1",
  payment_intent: "pi_1",
  ...fields,
});
const dispute = (fields: object = {}) => ({ ...refund(), id: "du_1", object: "dispute", ...fields });
const payout = (fields: object = {}) => ({
  id: "po_1",
  object: "payout",
  amount: 900,
  currency: "eur",
  ...fields,
});

const meaning = (type: string, amount: number, source: unknown, fields: object = {}) =>
  meaningOf(
    transactionSchema.parse({
      id: "txn_1",
      created: 1,
      type,
      reporting_category: type,
      currency: "eur",
      amount,
      fee: 0,
      net: amount,
      source,
      ...fields,
    }),
  );
const key = (direction: string, external_payment_id: string) => ({ direction, external_payment_id });
const eur = (amount_minor: string) => ({ amount_minor, currency: "EUR" });

describe("a payment", () => {
  it("by an intent → the intent's payin, of what was captured; its charge and transaction are other names", () => {
    expect(meaning("charge", 2_500, charge({ amount_captured: 1_500 }))).toEqual({
      kind: "settlement",
      class: "payins",
      key: key("payin", "pi_1"),
      aliases: [key("payin", "ch_1"), key("payin", "txn_1")],
      names: ["pi_1", "txn_1", "ch_1"],
      amount: eur("1500"),
      payment: null,
      otherwise: null,
    });
  });

  it("without an intent → the charge's; an intent that is shown whole → its id", () => {
    expect(meaning("payment", 2_500, charge({ payment_intent: null }))).toMatchObject({
      key: key("payin", "ch_1"),
    });
    const shown = charge({ payment_intent: { id: "pi_9", object: "payment_intent" } });
    expect(meaning("charge", 2_500, shown)).toMatchObject({ key: key("payin", "pi_9") });
  });

  it("settled in another currency → its amount is the presentment's", () => {
    const converted = meaning("charge", 3_000, charge({ currency: "gbp" }), { currency: "usd" });
    expect(converted).toMatchObject({ amount: { amount_minor: "2500", currency: "GBP" } });
  });

  it.each([
    ["pending", "payments_under_way"],
    ["failed", "failed_payments"],
  ])("whose charge is %s → %s", (status, which) => {
    expect(meaning("payment", 2_500, charge({ status }))).toEqual({ kind: "elsewhere", class: which });
  });
});

describe("money that goes back", () => {
  it("a refund → a debit; what comes back of it → a payin under the same id", () => {
    const expected = { amount: eur("700"), payment: "pi_1" };
    const left = meaning("refund", -700, refund());
    expect(left).toMatchObject({ class: "refunds", key: key("refund", "re_1"), ...expected });
    for (const [type, source] of [
      ["refund_failure", refund()],
      ["payment_refund", refund()],
    ] as const) {
      expect(meaning(type, 700, source)).toMatchObject({
        class: "refunds_returned",
        key: key("payin", "re_1"),
        ...expected,
      });
    }
    expect(meaning("adjustment", 700, refund(), { reporting_category: "refund_failure" })).toMatchObject({
      class: "refunds_returned",
    });
  });

  it("the rest of a partial capture → the payin's, and a refund of it would be one booking too many", () => {
    const rest = { reporting_category: "partial_capture_reversal" };
    expect(meaning("refund", -1_000, refund(), rest)).toMatchObject({
      class: "released",
      key: key("payin", "pi_1"),
      aliases: [key("refund", "re_1"), key("payin", "txn_1")],
      amount: null,
    });
    expect(meaning("refund", -1_000, refund({ charge: null, payment_intent: null }), rest)).toEqual({
      kind: "unknown",
      why: "release_of_no_payment",
    });
  });

  const disputed = (amount: number, source: object, currency = "eur") =>
    meaning("adjustment", amount, source, { reporting_category: "dispute", currency });

  it("a dispute's withdrawal and return → under the transaction's id, with its own amount", () => {
    expect(disputed(-700, dispute())).toMatchObject({ key: key("refund", "txn_1"), amount: eur("700") });
    expect(disputed(300, dispute())).toMatchObject({ key: key("payin", "txn_1"), amount: eur("300") });
  });

  it.each<[string, number, object[], string | null]>([
    ["the first withdrawal", -840, [{ id: "txn_1", amount: -840, currency: "usd" }], "700"],
    [
      "a later withdrawal",
      -100,
      [
        { id: "txn_0", amount: -840, currency: "usd" },
        { id: "txn_1", amount: -100, currency: "usd" },
      ],
      null,
    ],
    ["all of it comes back", 840, [{ id: "txn_0", amount: -840, currency: "usd" }], "700"],
    ["a part comes back", 400, [{ id: "txn_0", amount: -840, currency: "usd" }], null],
    ["nothing is known of what it took", -840, [], null],
  ])(
    "a dispute in another currency than the balance, %s → %4$s",
    (_, amount, balance_transactions, minor) => {
      expect(disputed(amount, dispute({ balance_transactions }), "usd")).toMatchObject({
        amount: minor === null ? null : eur(minor),
      });
    },
  );
});

describe("a payout", () => {
  it.each<[object, string | null]>([
    [{ status: "paid" }, null],
    [{ status: "pending" }, "payouts_under_way"],
    [{ status: "in_transit" }, "payouts_under_way"],
    [{ status: "paid", automatic: true }, "automatic_payouts"],
  ])("%o → the payout's settlement, or else %s", (fields, otherwise) => {
    expect(meaning("payout", -900, payout(fields))).toMatchObject({
      key: key("payout", "po_1"),
      amount: eur("900"),
      otherwise,
    });
  });

  it("that came back → the same settlement", () => {
    for (const type of ["payout_failure", "payout_cancel"]) {
      expect(meaning(type, 900, payout({ amount: 900, status: "failed" }))).toMatchObject({
        key: key("payout", "po_1"),
        otherwise: null,
      });
    }
  });
});

describe("what is not the ledger's, or not known", () => {
  it("every type that belongs elsewhere → its class, whatever its source", () => {
    const elsewhere = Object.entries(TRANSACTION_TYPES).filter(([, family]) => isElsewhere(family));
    expect(elsewhere.length).toBeGreaterThan(30);
    for (const [type, family] of elsewhere) {
      expect(meaning(type, 5, null)).toEqual({ kind: "elsewhere", class: family });
    }
    expect(meaning("charge", 0, charge())).toEqual({ kind: "elsewhere", class: "zero_amount" });
    expect(meaning("adjustment", 5, null)).toEqual({ kind: "elsewhere", class: "other_adjustments" });
  });

  it.each<[string, string, unknown, string]>([
    ["a type of tomorrow", "brand_new", null, "type"],
    ["a name of every object's", "constructor", null, "type"],
    ["a bank that takes a payment back", "payment_reversal", charge(), "type"],
    ["an adjustment of something", "adjustment", charge(), "adjustment"],
    ["an adjustment whose source is only an id", "adjustment", "dp_1", "source_not_shown"],
    ["a source that is only an id", "charge", "ch_1", "source_not_shown"],
    ["a source of another kind", "charge", refund(), "source_of_other_kind"],
  ])("%s → unknown", (_, type, source, why) => {
    expect(meaning(type, 5, source)).toEqual({ kind: "unknown", why });
  });

  it("familyOf never answers with what an object has by nature", () => {
    expect(familyOf("toString")).toBe("unknown");
  });
});

/**
 * Where the events say another thing at first sight: an attempt's question answers it (a release, a refund
 * that never left), an operator must see it, or the ledger needs none.
 */
const DIFFERENT: Partial<Record<StoryName, readonly string[]>> = {
  "partial-capture-before-basil": ["only events: refund"],
  "partial-capture-then-refund-of-the-same": ["only events: refund"],
  "authorization-canceled-before-basil": ["only events: refund"],
  "refund-never-left": ["only events: payin"],
  "refund-canceled-before-it-left": ["only events: payin"],
  "refund-requires-action-unanswered": ["only events: payin"],
  "refund-of-cash-balance": ["only money: refund"],
  "refund-at-old-endpoint": ["only money: refund"],
  "refund-failed-at-old-endpoint": ["only money: refund", "only money: payin"],
  "payout-canceled": ["only money: payout"],
  "payout-automatic": ["only money: payout"],
  "payout-negative": ["only money: payout"],
};

describe("money and mapping, each by its own way, lead to the same settlements", () => {
  it.each(Object.keys(STORIES) as StoryName[])("%s", (name) => {
    const owners = { ada: "acc_ada", bob: "acc_bob" };
    const account = playStory(name, owners, { random: new Random(1), now: Date.UTC(2027, 0, 1) });
    const money = new Map<string, string | null>();
    for (const transaction of account.transactions) {
      const read = moneyOf({ ...transaction, source: account.object(transaction.source) });
      expect(read?.meaning.kind).not.toBe("unknown");
      if (read?.meaning.kind !== "settlement") continue;
      const { direction, external_payment_id } = read.meaning.key;
      const its = `${direction} ${external_payment_id}`;
      if (read.meaning.amount !== null) money.set(its, Object.values(read.meaning.amount).join(" "));
      else if (!money.has(its)) money.set(its, null);
    }
    const events = new Map<string, string>();
    for (const body of account.events) {
      const parsed = parseEvent(utf8(JSON.stringify(body)));
      if (parsed.kind !== "event") throw new Error("no event");
      const settlement = settlementOf(mapEvent(parsed.event, { accountKey: "account_id", asksStripe: true }));
      if (settlement === null || settlement.status === "failed") continue;
      const { direction, external_payment_id, amount_minor, currency } = settlement;
      events.set(`${direction} ${external_payment_id}`, `${amount_minor} ${currency}`);
    }
    const missingIn = (
      other: ReadonlyMap<string, unknown>,
      which: string,
      its: ReadonlyMap<string, unknown>,
    ) => [...its.keys()].flatMap((each) => (other.has(each) ? [] : `only ${which}: ${each.split(" ")[0]}`));
    expect([...missingIn(money, "events", events), ...missingIn(events, "money", money)]).toEqual(
      DIFFERENT[name] ?? [],
    );
    const differing = [...money].filter(([each, amount]) => amount !== (events.get(each) ?? amount));
    expect(differing.filter(([, amount]) => amount !== null)).toEqual([]);
  });
});
