/** Amounts as people read them. Exact: minor units stay text from the ledger's payload to the page. Pure. */

/** Where Stripe's minor unit is not the one of ISO 4217 (docs.stripe.com/currencies, "Special cases"). */
const STRIPE_DECIMALS: Readonly<Record<string, number>> = { ISK: 2, MGA: 0, UGX: 2 };

/** "USD 1,234.56". What is not an amount is shown as it is. */
export function formatMoney(amountMinor: string, currency: string): string {
  if (!/^-?\d+$/.test(amountMinor) || !/^[A-Z]{3}$/.test(currency)) return `${currency} ${amountMinor}`;
  const decimals = STRIPE_DECIMALS[currency] ?? isoDecimals(currency);
  const format = new Intl.NumberFormat("en", {
    style: "currency",
    currency,
    currencyDisplay: "code",
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  // A decimal text is formatted digit by digit; a number would lose the cents of large sums.
  return format.format(decimalText(amountMinor, decimals) as Intl.StringNumericLiteral);
}

function isoDecimals(currency: string): number {
  const { maximumFractionDigits } = new Intl.NumberFormat("en", {
    style: "currency",
    currency,
  }).resolvedOptions();
  return maximumFractionDigits ?? 2;
}

function decimalText(amountMinor: string, decimals: number): string {
  const sign = amountMinor.startsWith("-") ? "-" : "";
  const digits = BigInt(amountMinor.replace("-", ""))
    .toString()
    .padStart(decimals + 1, "0");
  const point = digits.length - decimals;
  return decimals === 0 ? sign + digits : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
