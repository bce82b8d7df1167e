/** A report as CSV (RFC 4180): one line per total, per count and per difference, under one header. */
import type { Content } from "./canonical-text.ts";
import { DIFFERENCE_FIELDS, KINDS, SIDES } from "./findings.ts";

const COLUMNS = [
  "line",
  "kind",
  ...DIFFERENCE_FIELDS.filter((field) => field !== "kind"),
  "count",
  ...SIDES.flatMap((side) => [`${side}_count`, `${side}_amount_minor`]),
];

/** The library is loaded at the first request: most objects never make a CSV. */
export async function toCsv({
  totals,
  counts,
  differences,
}: Pick<Content, "totals" | "counts" | "differences">): Promise<string> {
  const { stringify } = await import("csv-stringify/browser/esm/sync");
  const lines = [
    ...totals.map(({ currency, direction, status, ...sums }) => {
      const columns = SIDES.flatMap((side) => [
        [`${side}_count`, sums[side].count],
        [`${side}_amount_minor`, sums[side].amount_minor],
      ]);
      return { line: "total", currency, direction, status, ...Object.fromEntries(columns) };
    }),
    ...KINDS.flatMap((kind) => (counts[kind] ? { line: "count", kind, count: counts[kind] } : [])),
    ...differences.map((difference) => ({ line: "difference", ...difference })),
  ];
  return stringify(lines, {
    columns: COLUMNS,
    header: true,
    record_delimiter: "\r\n",
    // An account or a currency is somebody's text: a spreadsheet must not run it as a formula (OWASP, CSV injection).
    escape_formulas: true,
  });
}
