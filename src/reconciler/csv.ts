/**
 * A report as CSV (RFC 4180): one line per total, class and part of Stripe's money,
 * count and difference, under one header.
 */
import { decimalAmount } from "../format-money.ts";
import type { Content } from "./canonical-text.ts";
import { DIFFERENCE_FIELDS, type Judged, KINDS, SIDES } from "./findings.ts";
import { PARTS, type Statement, statementsOf } from "./statement.ts";

const COLUMNS = [
  "line",
  "kind",
  ...DIFFERENCE_FIELDS.filter((field) => field !== "kind"),
  "amount",
  "part",
  "class",
  "count",
  ...SIDES.flatMap((side) => [`${side}_count`, `${side}_amount_minor`, `${side}_amount`]),
  "accepted_by",
  "accepted_at",
  "accepted_note",
];

/** The library is loaded at the first request: most objects never make a CSV. */
export async function toCsv({
  totals,
  counts,
  accepted,
  lines,
  differences,
}: Pick<Content, "totals" | "counts" | "accepted" | "lines" | "differences">): Promise<string> {
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
    ...statementsOf(lines).flatMap(sumRows),
    ...KINDS.flatMap((kind) => (counts[kind] ? { line: "count", kind, count: counts[kind] } : [])),
    ...KINDS.flatMap((kind) => (accepted[kind] ? { line: "accepted", kind, count: accepted[kind] } : [])),
    ...differences.map(differenceRow),
  ];
  return stringify(rows, {
    columns: COLUMNS,
    header: true,
    record_delimiter: "\r\n",
    // An account or a currency is text from outside: a spreadsheet must not run it
    // as a formula (OWASP, CSV injection).
    escape_formulas: true,
    // A negative amount is none.
    cast: {
      string: (value, { column }) =>
        /amount/.test(String(column)) && /^-[0-9.]+$/.test(value) ? { value, escape_formulas: false } : value,
    },
  });
}

/** Each part of the statement as a whole, and what is left: nothing, if it adds up. */
function sumRows({ currency, ...statement }: Statement) {
  return ([...PARTS, "difference"] as const).map((part) => {
    const amount_minor = statement[`${part}_minor`];
    return { line: "statement", currency, part, amount_minor, amount: statement.decimals[part] };
  });
}

function differenceRow({ accepted, ...difference }: Judged) {
  const { actor, accepted_at, note } = accepted ?? {};
  const columns = { accepted_by: actor, accepted_at, accepted_note: note };
  return { line: "difference", ...withDecimals(difference), ...columns };
}

function withDecimals<Row extends { readonly currency: string | null; readonly amount_minor: string | null }>(
  row: Row,
): Row & { readonly amount: string | null } {
  const { currency, amount_minor } = row;
  const amount = currency === null || amount_minor === null ? null : decimalAmount(amount_minor, currency);
  return { ...row, amount };
}
