/** The table, as Markdown, which is also readable as it stands. Pure. */
import { isMet, judged, type Row } from "./row.ts";
import type { Side } from "./statistics.ts";

const HEAD = ["what", "against", "ratio", "target", "CPU ratio", "ops/s", "µs CPU", "p50 ms", "p99 ms"];

export interface Ceiling {
  /** Requests a second that the load generator gets out of a Worker that does nothing. */
  readonly perSecond: number;
}

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
    both((side) => (side.cpuMicros === null ? "?" : side.cpuMicros.toFixed(side.cpuMicros < 100 ? 1 : 0))),
    both((side) => side.p50Ms.toFixed(2)),
    both((side) => side.p99Ms.toFixed(2)),
  ];
}

/** Names to the left, numbers to the right. */
function padded(cell: string, width: number, column: number): string {
  return column < 2 ? cell.padEnd(width) : cell.padStart(width);
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
