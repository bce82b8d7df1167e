import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatMoney } from "../../../src/format-money.ts";

const NBSP = "\u00a0";

describe("formatMoney", () => {
  it.each([
    ["1234", "USD", "USD 12.34"],
    ["5", "USD", "USD 0.05"],
    ["0", "EUR", "EUR 0.00"],
    ["007", "EUR", "EUR 0.07"],
    ["-5", "EUR", "-EUR 0.05"],
    ["-82000", "JPY", "-JPY 82,000"],
    ["1", "KWD", "KWD 0.001"],
    ["82000", "JPY", "JPY 82,000"],
    ["12345", "KWD", "KWD 12.345"],
    ["-1234", "GBP", "-GBP 12.34"],
    ["9007199254740993", "USD", "USD 90,071,992,547,409.93"],
    ["123456789012345678901234567890", "USD", "USD 1,234,567,890,123,456,789,012,345,678.90"],
    ["100", "SLE", "SLE 1.00"],
    ["4250000", "CLP", "CLP 4,250,000"],
  ])("%s %s → %s, to the last digit", (amount, currency, text) => {
    expect(formatMoney(amount, currency).replaceAll(NBSP, " ")).toBe(text);
  });

  it("any amount of any currency → its very digits, and its sign", () => {
    const currencies = fc.constantFrom("USD", "JPY", "KWD", "HUF");
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), currencies, (amount, currency) => {
        expect(BigInt(formatMoney(`${amount}`, currency).replaceAll(/[^-0-9]/g, ""))).toBe(amount);
      }),
    );
  });

  it.each("AFN ALL COP HUF IDR LAK LBP MMK PKR RSD SLL SOS TWD YER".split(" "))(
    "1045 %s, whose hundredths few people write → still hundredths",
    (currency) => {
      expect(formatMoney("1045", currency).replaceAll(NBSP, " ")).toBe(`${currency} 10.45`);
    },
  );

  it.each([
    ["1000", "MGA", "MGA 1,000"],
    ["1000", "UGX", "UGX 10.00"],
    ["1000", "ISK", "ISK 10.00"],
  ])("%s %s, whose minor unit is Stripe's own → %s", (amount, currency, text) => {
    expect(formatMoney(amount, currency).replaceAll(NBSP, " ")).toBe(text);
  });

  it.each([
    ["12.5", "USD"],
    ["", "USD"],
    ["1e9", "USD"],
    ["x5", "USD"],
    ["5x", "USD"],
    ["--5", "USD"],
    ["100", "XUSD"],
    ["100", "USDX"],
    ["100", "US"],
    ["100", "usd"],
    ["100", "<b>"],
  ])("%s %s is no amount → as it is", (amount, currency) => {
    expect(formatMoney(amount, currency)).toBe(`${currency} ${amount}`);
  });
});
