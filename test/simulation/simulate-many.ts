/** Many histories, one after the other, seed by seed. */
import { setImmediate } from "node:timers/promises";
import { playInAnyOrder } from "./any-order.ts";
import type { Bug } from "./bug.ts";
import { type History, runHistory } from "./run-history.ts";

export interface Many {
  readonly runs: number;
  readonly seconds: number;
  readonly counts: ReadonlyMap<string, number>;
  /** Those in which something was violated, by seed. */
  readonly failed: readonly Pick<History, "seed" | "violations">[];
}

export interface ManyOptions {
  readonly from: number;
  readonly runs: number;
  readonly bug?: Bug | null;
  /** Without faults, in any order: see `playInAnyOrder`. */
  readonly inAnyOrder?: boolean;
  /** Stop after so many that failed. */
  readonly most?: number;
  readonly onRun?: () => void;
}

export async function runMany(options: ManyOptions): Promise<Many> {
  const { from, runs, bug = null, inAnyOrder = false, most = Infinity, onRun } = options;
  const counts = new Map<string, number>();
  const failed: Pick<History, "seed" | "violations">[] = [];
  const started = performance.now();
  let done = 0;
  for (let seed = from; seed < from + runs && failed.length < most; seed++) {
    const history = await (inAnyOrder ? playInAnyOrder(seed) : runHistory(seed, { bug }));
    for (const [name, count] of history.counts) counts.set(name, (counts.get(name) ?? 0) + count);
    if (history.violations.length > 0) failed.push({ seed, violations: history.violations });
    done++;
    onRun?.();
    // A history never leaves the microtasks: without this nothing else of the process would ever run.
    await setImmediate();
  }
  return { runs: done, seconds: (performance.now() - started) / 1_000, counts, failed };
}
