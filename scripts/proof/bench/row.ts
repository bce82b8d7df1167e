/** One row of the table: clawsettle, and what it is measured against. Pure. */
import { cpuRatio, type Round, type Side, speedRatio, summarize } from "./summarize.ts";

export interface Row {
  readonly name: string;
  /** What stands on the other side. */
  readonly against: string;
  readonly product: Side;
  readonly other: Side;
  /** Above 1: clawsettle is faster. */
  readonly speed: number;
  /** Above 1: clawsettle takes less CPU. */
  readonly cpu: number | null;
  readonly target: Target | null;
}

/** `speed` must reach it; or the 99th percentile, other side's to ours, must. */
export interface Target {
  readonly of: "speed" | "p99";
  readonly least: number;
}

interface Comparison {
  readonly name: string;
  readonly against: string;
  readonly target?: Target;
}

export function rowOf({ name, against, target }: Comparison, rounds: readonly Round[]): Row {
  return {
    name,
    against,
    product: summarize(rounds.map((round) => round.product)),
    other: summarize(rounds.map((round) => round.other)),
    speed: speedRatio(rounds),
    cpu: cpuRatio(rounds),
    target: target ?? null,
  };
}

/** What the target is about. */
export function judged(row: Row): number | null {
  if (row.target === null) return null;
  if (row.target.of === "speed") return row.speed;
  const [ours, theirs] = [row.product.p99Ms, row.other.p99Ms];
  return ours === null || theirs === null ? null : theirs / ours;
}

export function isMet(row: Row): boolean {
  return row.target === null || (judged(row) ?? 0) >= row.target.least;
}
