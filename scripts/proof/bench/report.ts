/** The table, as Markdown, which is also readable as it stands. Pure. */
import { isMet, judged, type Row } from "./row.ts";
import type { Side } from "./summarize.ts";

const HEAD = ["what", "against", "ratio", "target", "CPU ratio", "ops/s", "µs CPU", "p50 ms", "p99 ms"];

export function table(rows: readonly Row[]): string {
  const cells = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
  const lines = cells.map((row) =>
    line(row.map((cell, column) => padded(cell, widths[column] ?? 0, column))),
  );
  const rule = line(
    widths.map((width, column) => (column < 2 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)),
  );
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

function cellsOf(row: Row): string[] {
  const { product, other, target } = row;
  const both = (of: (side: Side) => string) => `${of(product)} / ${of(other)}`;
  return [
    row.name,
    row.against,
    (judged(row) ?? row.speed).toFixed(2),
    target === null
      ? ""
      : `${target.of === "p99" ? "p99 " : ""}≥ ${target.least.toFixed(2)} ${isMet(row) ? "met" : "MISSED"}`,
    row.cpu?.toFixed(2) ?? "",
    both((side) => Math.round(side.perSecond).toLocaleString("en")),
    both((side) => number(side.cpuMicros)),
    both((side) => number(side.p50Ms)),
    both((side) => number(side.p99Ms)),
  ];
}

/** Three digits that mean something. */
function number(value: number | null): string {
  if (value === null) return "–";
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(value >= 10 ? 1 : 2);
}

/** Names to the left, numbers to the right. */
function padded(cell: string, width: number, column: number): string {
  return column < 2 ? cell.padEnd(width) : cell.padStart(width);
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
