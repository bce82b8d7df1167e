/** A report as CSV (RFC 4180): one line per total, part of Stripe's money, count and difference, under one header. */
import { decimalAmount } from "../format-money.ts";
import type { Content } from "./canonical-text.ts";
import { DIFFERENCE_FIELDS, KINDS, SIDES } from "./findings.ts";

const COLUMNS = [
  "line",
  "kind",
  ...DIFFERENCE_FIELDS.filter((field) => field !== "kind"),
  "amount",
  "part",
  "class",
  "count",
  ...SIDES.flatMap((side) => [`${side}_count`, `${side}_amount_minor`, `${side}_amount`]),
];

/** The library is loaded at the first request: most objects never make a CSV. */
export async function toCsv({
  totals,
  counts,
  lines,
  differences,
}: Pick<Content, "totals" | "counts" | "lines" | "differences">): Promise<string> {
  const { stringify } = await import("csv-stringify/browser/esm/sync");
  const rows = [
    ...totals.map(({ currency, direction, status, ...sums }) => {
      const columns = SIDES.flatMap((side) => [
        [`${side}_count`, sums[side].count],
        [`${side}_amount_minor`, sums[side].amount_minor],
        [`${side}_amount`, decimalAmount(sums[side].amount_minor, currency)],
      ]);
      return { line: "total", currency, direction, status, ...Object.fromEntries(columns) };
    }),
    ...lines.map((line) => ({ line: "money", ...withDecimals(line) })),
    ...KINDS.flatMap((kind) => (counts[kind] ? { line: "count", kind, count: counts[kind] } : [])),
    ...differences.map((difference) => ({ line: "difference", ...withDecimals(difference) })),
  ];
  return stringify(rows, {
    columns: COLUMNS,
    header: true,
    record_delimiter: "\r\n",
    // An account or a currency is text from outside: a spreadsheet must not run it as a formula (OWASP, CSV injection).
    escape_formulas: true,
    // A negative amount is none.
    cast: {
      string: (value, { column }) =>
        /amount/.test(String(column)) && /^-[0-9.]+$/.test(value) ? { value, escape_formulas: false } : value,
    },
  });
}

function withDecimals<Row extends { readonly currency: string | null; readonly amount_minor: string | null }>(
  row: Row,
): Row & { readonly amount: string | null } {
  const { currency, amount_minor } = row;
  const amount = currency === null || amount_minor === null ? null : decimalAmount(amount_minor, currency);
  return { ...row, amount };
}
