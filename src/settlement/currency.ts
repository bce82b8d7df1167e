/**
 * Currency codes: ISO 4217, and a few retired codes that refunds and disputes of old payments still carry.
 *
 * A list of our own rather than `Intl.supportedValuesOf("currency")`: the Workers runtime's data lacks SLE
 * and XCG, which Stripe settles in, and a mapping must not change with the runtime's version. A test compares
 * the two, so that a new currency is noticed. Left out: units that nobody pays with (XDR, XAU, XTS, …).
 *
 * Pure: no I/O, no clock.
 */
import { read, type Reading, unreadable } from "./fields.ts";

const CODES =
  "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF " +
  "CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD " +
  "HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD " +
  "MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN " +
  "PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY " +
  "TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";
const RETIRED_CODES = "BYR CUC EEK HRK LTL LVL MRO SLL STD VEF ZMK ZWL";

export const CURRENCIES: ReadonlySet<string> = new Set(`${CODES} ${RETIRED_CODES}`.split(" "));

/** Three capitals; Stripe writes them small. How many decimals a currency has never matters here. */
export function currencyOf(value: unknown): Reading<string> {
  if (value === undefined || value === null || value === "") return unreadable("currency_missing");
  // Three plain letters first: some letters of other alphabets turn into plain ones as capitals ("uſd").
  if (typeof value !== "string" || !/^[A-Za-z]{3}$/.test(value)) return unreadable("currency_unknown");
  const code = value.toUpperCase();
  return CURRENCIES.has(code) ? read(code) : unreadable("currency_unknown");
}
