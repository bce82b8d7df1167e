import { describe, expect, it } from "vitest";
import {
  againstLedger,
  againstStripe,
  isStatusInOrder,
  moneyOf,
} from "../../../../src/reconciler/compare.ts";
import type { Settlement } from "../../../../src/settlement/settlement.ts";
import { conflicts } from "../../../../src/settlement/settlement.ts";
import { ASKING, DRAFT, HELD, IGNORED, MONEY, SETTLEMENT, UNMAPPABLE } from "../../../support/records.ts";

describe("the money that a mapping means", () => {
  it.each([
    ["a settlement", MONEY, SETTLEMENT],
    ["a settlement with a question before it", ASKING, DRAFT],
    ["nothing for the ledger", IGNORED, null],
    ["nobody knows", UNMAPPABLE, null],
  ])("%s → %3$j", (_, mapping, money) => {
    expect(moneyOf(mapping)).toBe(money);
  });
});

describe("against Stripe", () => {
  it.each([
    ["direction", "refund"],
    ["status", "failed"],
    ["amount_minor", "1"],
    ["currency", "EUR"],
    ["account_id", "acc_other"],
  ] as const)(
    "another %s → named, with both values, just when the webhook would call it a conflict",
    (field, value) => {
      const listed = { ...SETTLEMENT, [field]: value };
      expect(againstStripe(SETTLEMENT, listed)).toEqual([{ field, ours: SETTLEMENT[field], theirs: value }]);
      expect(conflicts(SETTLEMENT, listed)).toBe(true);
    },
  );

  it("another external id, of another object → named; of the same → nothing, whatever else differs", () => {
    const listed = { ...SETTLEMENT, external_payment_id: "txn_1", amount_minor: "1" };
    expect(againstStripe(SETTLEMENT, listed)).toEqual([]);
    expect(conflicts(SETTLEMENT, listed)).toBe(false);
    const another = { ...listed, metadata: { ...SETTLEMENT.metadata, stripe_object_id: "du_1" } };
    expect(againstStripe(SETTLEMENT, another).map(({ field }) => field)).toEqual([
      "external_payment_id",
      "amount_minor",
    ]);
    expect(conflicts(SETTLEMENT, another)).toBe(true);
  });

  it("an account that only one of them knows, other metadata, other times → nothing", () => {
    const { account_id: _, ...draft } = SETTLEMENT;
    const listed = { ...draft, metadata: {}, settled_at: "2020-01-01T00:00:00Z" };
    expect([againstStripe(SETTLEMENT, listed), againstStripe(draft, SETTLEMENT)]).toEqual([[], []]);
    expect(conflicts(SETTLEMENT, listed)).toBe(false);
  });
});

describe("against the ledger", () => {
  it("the same → nothing; all of it different → every field", () => {
    expect(againstLedger(SETTLEMENT, HELD)).toEqual([]);
    const other = { account_id: "x", amount_minor: "1", currency: "EUR", status: "reversed" };
    expect(
      againstLedger(SETTLEMENT, { ...HELD, ...other }).map(({ field, theirs }) => [field, theirs]),
    ).toEqual(Object.entries(other));
  });

  it("an account that we do not know → named, with nothing on our side", () => {
    const { account_id: _, ...draft } = SETTLEMENT;
    expect(againstLedger(draft, HELD)).toEqual([
      { field: "account_id", ours: null, theirs: SETTLEMENT.account_id },
    ]);
  });

  it("another status that no event brings → named, with both values", () => {
    expect(againstLedger(SETTLEMENT, { ...HELD, status: "failed" })).toEqual([
      { field: "status", ours: "confirmed", theirs: "failed" },
    ]);
  });

  it.each<[Settlement["direction"], Settlement["status"], string, boolean]>([
    ["payout", "confirmed", "confirmed", true],
    ["payout", "confirmed", "reversed", true],
    ["payout", "reversed", "confirmed", false],
    ["payout", "pending", "confirmed", true],
    ["payin", "pending", "confirmed", true],
    ["payin", "pending", "failed", true],
    ["payin", "pending", "reversed", false],
    ["payout", "failed", "confirmed", false],
    ["payin", "confirmed", "reversed", false],
    ["payin", "confirmed", "pending", false],
    ["payin", "failed", "confirmed", false],
    ["refund", "confirmed", "reversed", false],
    ["refund", "confirmed", "no such status", false],
  ])("%s %s, and the ledger says %s → in order: %s", (direction, status, held, inOrder) => {
    expect(isStatusInOrder({ direction, status }, held)).toBe(inOrder);
  });
});
