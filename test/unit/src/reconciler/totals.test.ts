import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Amount, SIDES } from "../../../../src/reconciler/findings.ts";
import { addAmounts, isBalanced } from "../../../../src/reconciler/totals.ts";

const amountArb: fc.Arbitrary<Amount> = fc.record({
  side: fc.constantFrom(...SIDES),
  currency: fc.constantFrom("USD", "JPY"),
  direction: fc.constantFrom("payin", "payout"),
  status: fc.constantFrom("confirmed", "reversed"),
  amount_minor: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map(String),
});

const SUM = { count: 1, amount_minor: "5" };

describe("totals", () => {
  it("in any order and in any pages → the same sums, exact beyond 2⁵³", () => {
    fc.assert(
      fc.property(fc.array(amountArb, { maxLength: 40 }), fc.nat(40), (amounts, cut) => {
        const whole = addAmounts([], amounts);
        expect(addAmounts(addAmounts([], amounts.slice(cut)), amounts.slice(0, cut))).toEqual(whole);
        for (const side of SIDES) {
          const sum = (parts: readonly string[]) => parts.reduce((total, part) => total + BigInt(part), 0n);
          const given = amounts.flatMap((each) => (each.side === side ? each.amount_minor : []));
          expect(sum(whole.map((total) => total[side].amount_minor))).toBe(sum(given));
          expect(whole.reduce((count, total) => count + total[side].count, 0)).toBe(given.length);
        }
      }),
    );
  });

  it("the same on every side → balanced; one more, or one less, anywhere → not", () => {
    fc.assert(
      fc.property(fc.array(amountArb, { minLength: 1, maxLength: 10 }), (amounts) => {
        const on = (side: Amount["side"]) => amounts.map((amount) => Object.assign({}, amount, { side }));
        const equal = SIDES.flatMap(on);
        expect(isBalanced(addAmounts([], equal))).toBe(true);
        expect(isBalanced(addAmounts([], equal.slice(1)))).toBe(false);
      }),
    );
  });

  const one = { currency: "USD", direction: "payin", status: "confirmed" };
  const nothing = { count: 0, amount_minor: "0" };

  it("nothing → no line, and balanced", () => {
    expect(addAmounts([], [])).toEqual([]);
    expect(isBalanced([])).toBe(true);
  });

  it("money on one side → that side alone, the others at zero", () => {
    expect(addAmounts([], [{ ...one, side: "ledger", amount_minor: "5" }])).toEqual([
      { ...one, stripe: nothing, clawsettle: nothing, ledger: { count: 1, amount_minor: "5" } },
    ]);
  });

  it("any other currency, direction or status → a line of its own, in one order", () => {
    const lines = [
      { ...one, currency: "EUR" },
      { ...one, direction: "dispute" },
      one,
      { ...one, status: "pending" },
      { ...one, direction: "payout" },
    ];
    const amounts = lines.map((line) => ({ ...line, side: "stripe", amount_minor: "1" }) as const);
    expect(
      addAmounts([], amounts.toReversed()).map(({ currency, direction, status }) => ({
        currency,
        direction,
        status,
      })),
    ).toEqual(lines);
  });

  it.each([
    ["the same sum of another number of events", { count: 2, amount_minor: "5" }],
    ["another sum of as many events", { count: 1, amount_minor: "6" }],
  ])("%s, on any side → not balanced", (_, other) => {
    const even = { ...one, stripe: SUM, clawsettle: SUM, ledger: SUM };
    expect(isBalanced([even])).toBe(true);
    for (const side of SIDES) expect(isBalanced([even, { ...even, [side]: other }])).toBe(false);
  });
});
