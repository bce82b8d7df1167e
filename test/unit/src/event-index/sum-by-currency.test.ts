import * as fc from "fast-check";
import { expect, it } from "vitest";
import { sumByCurrency } from "../../../../src/event-index/sum-by-currency.ts";

it("per currency, in order, what has none last", () => {
  const part = (currency: string | null, amount_minor: string | null) => ({
    currency,
    count: 2,
    amount_minor,
  });
  expect(sumByCurrency([part("USD", "1"), part(null, null), part("EUR", "5"), part("USD", "2")])).toEqual([
    { currency: "EUR", count: 2, amount_minor: "5" },
    { currency: "USD", count: 4, amount_minor: "3" },
    { currency: null, count: 2, amount_minor: null },
  ]);
});

it("exact beyond what a JSON number can hold", () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }), { minLength: 1 }), (amounts) => {
      const parts = amounts.map((amount) => ({ currency: "USD", count: 1, amount_minor: String(amount) }));
      const total = amounts.reduce((sum, amount) => sum + amount, 0n);
      expect(sumByCurrency(parts)).toEqual([
        { currency: "USD", count: amounts.length, amount_minor: String(total) },
      ]);
    }),
  );
});

it("what has no currency comes last, wherever it came", () => {
  const of = (currency: string | null) => ({ currency, count: 1, amount_minor: currency && "1" });
  for (const given of [
    [null, "USD", "EUR"],
    ["USD", null, "EUR"],
    ["USD", "EUR", null],
  ]) {
    expect(sumByCurrency(given.map(of)).map(({ currency }) => currency)).toEqual(["EUR", "USD", null]);
  }
});
