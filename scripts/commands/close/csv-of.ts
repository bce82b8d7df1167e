/**
 * A month's statement as CSV (RFC 4180). No value of it needs quotes: they are words
 * of ours, numbers and currencies. Pure.
 */
import { decimalAmount } from "../../../src/format-money.ts";
import type { MonthStatement } from "./sum-up.ts";

const COLUMNS = "currency,line,class,count,amount_minor,amount";

/**
 * Of each currency: the opening balance, each class, what it moved by in all,
 * the closing balance, and what is left.
 */
export function csvOf(statements: readonly MonthStatement[]): string {
  const rows = statements.flatMap(
    ({ currency, opening_minor, lines, moved_minor, closing_minor, difference_minor }) => {
      const row = (line: string, amount: string | null, which = "", count = "") => {
        const decimal = amount === null ? "" : decimalAmount(amount, currency);
        return [currency, line, which, count, amount ?? "", decimal].join(",");
      };
      return [
        row("opening", opening_minor),
        ...lines.map((line) => row(line.part, line.amount_minor, line.class, String(line.count))),
        row("moved", moved_minor),
        row("closing", closing_minor),
        row("difference", difference_minor),
      ];
    },
  );
  return [COLUMNS, ...rows].map((line) => `${line}\r\n`).join("");
}
