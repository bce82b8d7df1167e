/** A report as CSV (RFC 4180): one line per total, per count and per difference, under one header. */
import { type Difference, type Kind, KINDS } from "./findings.ts";
import type { Total } from "./totals.ts";

const COLUMNS = [
  "line",
  "kind",
  "event_id",
  "event_type",
  "created_at",
  "field",
  "ours",
  "theirs",
  "reason",
  "payment_id",
  "direction",
  "status",
  "currency",
  "amount_minor",
  "count",
  "stripe_count",
  "stripe_amount_minor",
  "clawsettle_count",
  "clawsettle_amount_minor",
  "ledger_count",
  "ledger_amount_minor",
] as const;

export interface CsvContent {
  readonly totals: readonly Total[];
  readonly counts: Readonly<Partial<Record<Kind, number>>>;
  readonly differences: readonly Difference[];
}

/** Loaded when somebody asks for it: no event's object ever does. */
export async function toCsv({ totals, counts, differences }: CsvContent): Promise<string> {
  const { stringify } = await import("csv-stringify/browser/esm/sync");
  const lines = [
    ...totals.map(({ stripe, clawsettle, ledger, ...of }) => ({
      line: "total",
      ...of,
      stripe_count: stripe.count,
      stripe_amount_minor: stripe.amount_minor,
      clawsettle_count: clawsettle.count,
      clawsettle_amount_minor: clawsettle.amount_minor,
      ledger_count: ledger.count,
      ledger_amount_minor: ledger.amount_minor,
    })),
    ...KINDS.flatMap((kind) => (counts[kind] ? { line: "count", kind, count: counts[kind] } : [])),
    ...differences.map((difference) => ({ line: "difference", ...difference })),
  ];
  return stringify(lines, {
    columns: [...COLUMNS],
    header: true,
    record_delimiter: "\r\n",
    // An account or a currency is somebody's text: a spreadsheet must not run it as a formula (OWASP, CSV injection).
    escape_formulas: true,
  });
}
