import { describe, expect, it } from "vitest";
import { z } from "zod";
import { freeze, type Settlement, settlementSchema, thaw } from "../../../../src/settlement/settlement.ts";

/**
 * The last look at what goes to the ledger: whatever a mapping row made of an event, this shape or nothing.
 */

const SETTLEMENT: Settlement = {
  provider: "stripe",
  external_payment_id: "pi_1",
  direction: "payin",
  status: "confirmed",
  account_id: "acc_1",
  amount_minor: "1234",
  currency: "USD",
  network: "stripe",
  rail: "card",
  provider_created_at: "2027-01-15T00:00:00.000Z",
  metadata: { stripe_event_id: "evt_1" },
};

describe("a settlement", () => {
  it("whole → frozen and thawed as it was", () => {
    expect(thaw(freeze(SETTLEMENT))).toEqual(SETTLEMENT);
  });

  it.each([
    ["payin", "confirmed"],
    ["refund", "pending"],
    ["payout", "failed"],
    ["payout", "reversed"],
  ])("%s %s → taken", (direction, status) => {
    expect(settlementSchema.safeParse({ ...SETTLEMENT, direction, status }).success).toBe(true);
  });

  it.each(["1", "9", "10", "9007199254740991", "1234567890123456"])(
    "%s minor units → taken",
    (amount_minor) => {
      expect(settlementSchema.safeParse({ ...SETTLEMENT, amount_minor }).success).toBe(true);
    },
  );

  it.each<[string, Record<string, unknown>]>([
    ["another provider", { provider: "paypal" }],
    ["another network", { network: "visa" }],
    ["no id", { external_payment_id: "" }],
    ["no account", { account_id: "" }],
    ["an unknown account", { account_id: undefined }],
    ["an unknown direction", { direction: "transfer" }],
    ["an unknown status", { status: "done" }],
    ["zero", { amount_minor: "0" }],
    ["a leading zero", { amount_minor: "01" }],
    ["a negative amount", { amount_minor: "-1" }],
    ["a fraction", { amount_minor: "1.5" }],
    ["a sum before a text", { amount_minor: "1234 " }],
    ["seventeen digits", { amount_minor: "12345678901234567" }],
    ["a number", { amount_minor: 1234 }],
    ["an empty amount", { amount_minor: "" }],
    ["a small currency", { currency: "usd" }],
    ["two letters", { currency: "US" }],
    ["four letters", { currency: "USDC" }],
    ["a letter before it", { currency: "xUSD" }],
    ["a letter after it", { currency: "USDx" }],
    ["an empty rail", { rail: "" }],
    ["a time that is none", { settled_at: "yesterday" }],
    ["metadata that is no text", { metadata: { amount: 1 } }],
    ["no metadata", { metadata: undefined }],
    ["a field too many", { customer: "cus_1" }],
  ])("%s → refused", (_, changes) => {
    const settlement = { ...SETTLEMENT, ...changes };
    expect(settlementSchema.safeParse(settlement).success).toBe(false);
    expect(() => freeze(settlement as Settlement)).toThrow(z.ZodError);
  });
});
