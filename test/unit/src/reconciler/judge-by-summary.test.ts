import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stateOf, summaryOf } from "../../../../src/event/view.ts";
import type { HeldSettlement } from "../../../../src/reconciler/compare.ts";
import type { FinalSummary, Listed } from "../../../../src/reconciler/evidence.ts";
import { actFor, judge } from "../../../../src/reconciler/judge.ts";
import { judgeBySummary } from "../../../../src/reconciler/judge-by-summary.ts";
import type { Bounds } from "../../../../src/reconciler/window.ts";
import { freeze, type Settlement } from "../../../../src/settlement/settlement.ts";
import {
  ASKING,
  DAY,
  DRAFT,
  EVENT_ID,
  forwarded,
  IGNORED,
  ignored,
  MONEY,
  SETTLEMENT,
  T0,
  UNMAPPABLE,
} from "../../../support/records.ts";

const BOUNDS: Bounds = { purged_before: T0 - 30 * DAY, naming: 2, renamed_at: null };
const NOW = T0 + DAY;
const HELD: HeldSettlement = SETTLEMENT;
const ROW: FinalSummary = { ...summaryOf(forwarded()), state: "forwarded" };
const IGNORED_ROW: FinalSummary = { ...summaryOf(ignored()), state: "ignored" };

const listed = (mapping: Listed["mapping"]): Listed => ({
  event_id: EVENT_ID,
  event_type: "payment_intent.succeeded",
  created: T0,
  mapping,
});
const found = (mapping: Listed["mapping"], summary: FinalSummary, held: HeldSettlement | null = HELD) =>
  judgeBySummary(listed(mapping), { summary, held }, { bounds: BOUNDS, now: NOW });

describe("an event that is over, by its row", () => {
  it("forwarded, and the ledger lists its settlement → nothing is wrong; its money counts on all three sides", () => {
    const { direction, status, currency, amount_minor } = SETTLEMENT;
    const sides = ["stripe", "clawsettle", "ledger"];
    expect(found(MONEY, ROW)).toEqual({
      differences: [],
      amounts: sides.map((side) => ({ side, direction, status, currency, amount_minor })),
    });
  });

  it("the mapping does not know the account → the row's, which must be the ledger's", () => {
    const { external_payment_id: payment_id, amount_minor, currency, status } = DRAFT;
    const row = { ...ROW, payment_id, amount_minor, currency, account_id: "acc_2" };
    const held = { amount_minor, currency, status, account_id: "acc_2" };
    expect(found(ASKING, row, held)).toMatchObject({ differences: [] });
    expect(found(ASKING, row, { ...held, account_id: "acc_3" })).toBeNull();
  });

  it.each<[string, Listed["mapping"], Partial<FinalSummary>, Partial<HeldSettlement> | null]>([
    ["the ledger's was not walked", MONEY, {}, null],
    ["the ledger has another amount", MONEY, {}, { amount_minor: "1" }],
    ["the ledger has another currency", MONEY, {}, { currency: "EUR" }],
    ["the ledger has another account", MONEY, {}, { account_id: "acc_2" }],
    ["the ledger has another status", MONEY, {}, { status: "failed" }],
    ["the row has another payment", MONEY, { payment_id: "pi_2" }, {}],
    ["the row has none", MONEY, { payment_id: null }, {}],
    ["the row has another amount", MONEY, { amount_minor: "1" }, {}],
    ["the row has none of it", MONEY, { amount_minor: null, currency: null }, {}],
    ["the row has another account", MONEY, { account_id: "acc_2" }, {}],
    ["the row has none of it", MONEY, { account_id: null }, {}],
    [
      "row and ledger agree on another amount than Stripe's",
      MONEY,
      { amount_minor: "1" },
      { amount_minor: "1" },
    ],
    ["Stripe's event means no money", IGNORED, {}, {}],
    ["Stripe's event cannot be mapped", UNMAPPABLE, {}, {}],
  ])("forwarded, but %s → asked", (_, mapping, row, held) => {
    expect(found(mapping, { ...ROW, ...row }, held === null ? null : { ...HELD, ...held })).toBeNull();
  });

  it.each([
    ["no money", IGNORED],
    ["what cannot be mapped", UNMAPPABLE],
  ])("ignored, and Stripe's event means %s → ignored, for its reason", (_, mapping) => {
    expect(found(mapping, IGNORED_ROW, null)).toMatchObject({
      differences: [{ kind: "ignored", reason: IGNORED_ROW.reason }],
      amounts: [],
    });
  });

  it("ignored, and Stripe's event means money today → asked; unless an attempt found out that it does not", () => {
    expect(found(MONEY, IGNORED_ROW, null)).toBeNull();
    expect(found(MONEY, IGNORED_ROW)).toBeNull();
    expect(found(MONEY, { ...IGNORED_ROW, attempts: 1 }, null)).toMatchObject({
      differences: [{ kind: "ignored" }],
      amounts: [],
    });
  });
});

it("whatever is recorded, listed and held: what the row decides is what the event's object would", () => {
  const oneOf = <T>(...values: T[]) => fc.constantFrom(...values);
  const settlement: fc.Arbitrary<Settlement> = fc
    .record({
      amount_minor: oneOf("1", "2"),
      currency: oneOf("USD", "EUR"),
      account_id: oneOf("acc_1", "acc_2"),
      external_payment_id: oneOf("pi_1", "pi_2"),
      direction: oneOf("payin" as const, "refund" as const),
      status: oneOf("confirmed" as const, "failed" as const),
    })
    .map((fields) => Object.assign({}, SETTLEMENT, fields));
  const record = fc.oneof(
    settlement.map((each) => forwarded({ payload: freeze(each) })),
    oneOf(0, 1).map((attempts) => ignored({ attempts })),
  );
  const mapping: fc.Arbitrary<Listed["mapping"]> = fc.oneof(
    settlement.map((each) => ({ kind: "settlement" as const, settlement: each })),
    oneOf<Listed["mapping"]>(ASKING, IGNORED, UNMAPPABLE),
  );
  let decided = 0;
  fc.assert(
    fc.property(record, mapping, fc.option(settlement), (stored, mapped, held) => {
      const { state, ...row } = summaryOf(stored);
      if (state !== "forwarded" && state !== "ignored") throw new Error("not over");
      // The ledger is looked up under the key of the listed money, and by the
      // object's path under the recorded one.
      const byKey = (key: { external_payment_id: string; direction: string } | null) =>
        held?.external_payment_id === key?.external_payment_id && held?.direction === key?.direction
          ? held
          : null;
      const money =
        mapped.kind === "settlement" ? mapped.settlement : mapped.kind === "question" ? mapped.draft : null;
      const walked = { summary: { ...row, state }, held: byKey(money) };
      const finding = judgeBySummary(listed(mapped), walked, { bounds: BOUNDS, now: NOW });
      if (finding === null) return;
      decided++;
      const event = stateOf(stored, null, null);
      const { settlement: ours } = event;
      // Else another version of the mapping recorded it: that the row does not say, only the ledger.
      fc.pre(ours === null || (ours.direction === money?.direction && ours.status === money.status));
      const inspection = { kind: "known", event } as const;
      expect(actFor(listed(mapped), inspection, BOUNDS, NOW)).toBeNull();
      const recorded = byKey(event.settlement);
      const ledger = recorded === null ? null : ({ kind: "found", settlement: recorded } as const);
      expect(finding).toEqual(
        judge({ listed: listed(mapped), inspection, act: null, ledger, bounds: BOUNDS }),
      );
    }),
    { numRuns: 5_000 },
  );
  expect(decided).toBeGreaterThan(100);
});
