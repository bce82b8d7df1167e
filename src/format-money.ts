/** Amounts as people read them. Exact: minor units stay text from the ledger's payload to the page. Pure. */

/**
 * Where Stripe's minor unit is not the hundredth (docs.stripe.com/currencies). A list of our own: `Intl`
 * tells how people write prices, and leaves the hundredths of HUF, COP, IDR and a dozen more away, so that
 * sums would look a hundredfold. ISK and UGX have none either, but Stripe still counts them in hundredths.
 */
const WITHOUT_DECIMALS = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF";
const WITH_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND";
const DECIMALS: Readonly<Record<string, number>> = Object.fromEntries([
  ...WITHOUT_DECIMALS.split(" ").map((currency) => [currency, 0]),
  ...WITH_THREE_DECIMALS.split(" ").map((currency) => [currency, 3]),
]);
const USUAL_DECIMALS = 2;

/** "USD 1,234.56". What is not an amount is shown as it is. */
export function formatMoney(amountMinor: string, currency: string): string {
  if (!/^-?\d+$/.test(amountMinor) || !/^[A-Z]{3}$/.test(currency)) return `${currency} ${amountMinor}`;
  const decimals = DECIMALS[currency] ?? USUAL_DECIMALS;
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

/** "1234.56", for a spreadsheet. */
export function decimalAmount(amountMinor: string, currency: string): string {
  return decimalText(amountMinor, DECIMALS[currency] ?? USUAL_DECIMALS);
}

function decimalText(amountMinor: string, decimals: number): string {
  const sign = amountMinor.startsWith("-") ? "-" : "";
  const digits = BigInt(amountMinor.replace("-", ""))
    .toString()
    .padStart(decimals + 1, "0");
  const point = digits.length - decimals;
  return decimals === 0 ? sign + digits : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
