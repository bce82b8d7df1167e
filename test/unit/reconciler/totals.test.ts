import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Amount, SIDES } from "../../../src/reconciler/findings.ts";
import { addAmounts, isBalanced } from "../../../src/reconciler/totals.ts";

const amount = (over: Partial<Amount> = {}): Amount => ({
  side: "stripe",
  currency: "EUR",
  direction: "payin",
  status: "confirmed",
  amount_minor: "100",
  ...over,
});
const onAllSides = (over: Partial<Amount> = {}) => SIDES.map((side) => amount({ ...over, side }));

const amountArb = fc.record({
  side: fc.constantFrom(...SIDES),
  currency: fc.constantFrom("EUR", "USD"),
  direction: fc.constantFrom("payin", "refund"),
  status: fc.constantFrom("confirmed", "failed"),
  amount_minor: fc.bigInt({ min: 1n, max: 2n ** 53n }).map(String),
});

describe("sums", () => {
  it("one payment on all sides → one line, three equal sums", () => {
    const sum = { count: 1, amount_minor: "100" };
    expect(addAmounts([], onAllSides())).toEqual([
      { currency: "EUR", direction: "payin", status: "confirmed", stripe: sum, clawsettle: sum, ledger: sum },
    ]);
  });

  it("any amounts, in whatever portions → the same lines, and no minor unit lost", () => {
    fc.assert(
      fc.property(fc.array(amountArb), fc.nat(), (amounts, at) => {
        const split = at % (amounts.length + 1);
        const atOnce = addAmounts([], amounts);
        expect(addAmounts(addAmounts([], amounts.slice(0, split)), amounts.slice(split))).toEqual(atOnce);
        const sums = atOnce.flatMap((total) => SIDES.map((side) => total[side]));
        const all = (numbers: readonly { amount_minor: string }[]) =>
          numbers.reduce((sum, { amount_minor }) => sum + BigInt(amount_minor), 0n);
        expect(all(sums)).toBe(all(amounts));
        expect(sums.reduce((sum, { count }) => sum + count, 0)).toBe(amounts.length);
      }),
    );
  });

  it("lines → by currency, then direction, then status", () => {
    const keys = addAmounts(
      [],
      [
        amount({ currency: "USD" }),
        amount({ status: "failed" }),
        amount({ direction: "refund" }),
        amount(),
        amount({ status: "failed" }),
      ],
    ).map(({ currency, direction, status }) => [currency, direction, status].join(" "));
    expect(keys).toEqual([
      "EUR payin confirmed",
      "EUR payin failed",
      "EUR refund confirmed",
      "USD payin confirmed",
    ]);
  });
});

describe("balanced", () => {
  it.each([
    ["nothing", []],
    ["the same on all sides", onAllSides()],
    ["the same on all sides, twice", [...onAllSides(), ...onAllSides({ amount_minor: "7" })]],
  ])("%s → yes", (_, amounts) => {
    expect(isBalanced(addAmounts([], amounts))).toBe(true);
  });

  it.each([
    ["the ledger lacks it", onAllSides().slice(0, 2)],
    ["only the ledger has it", [amount({ side: "ledger" })]],
    ["clawsettle lacks it", [amount(), amount({ side: "ledger" })]],
    [
      "one minor unit more at the ledger",
      [...onAllSides().slice(0, 2), amount({ side: "ledger", amount_minor: "101" })],
    ],
    [
      "the same sum in fewer parts",
      [amount({ amount_minor: "50" }), amount({ amount_minor: "50" }), ...onAllSides().slice(1)],
    ],
    [
      "another status at the ledger",
      [...onAllSides().slice(0, 2), amount({ side: "ledger", status: "failed" })],
    ],
    ["one line of two is off", [...onAllSides(), amount({ currency: "USD" })]],
  ])("%s → no", (_, amounts) => {
    expect(isBalanced(addAmounts([], amounts))).toBe(false);
  });
});
