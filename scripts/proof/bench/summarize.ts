/** What is made of many noisy measurements. Pure. */
import { median, percentile } from "../../lib/statistics.ts";

/** One run of load against one side. */
export interface Run {
  /** Of the whole run. */
  readonly seconds: number;
  /** Of the measured process, over the whole run; null where the system does not say. */
  readonly cpuSeconds: number | null;
  readonly operations: number;
  /** One per request; none where a request stands for many operations. */
  readonly latenciesMs: readonly number[];
}

/** What one side did, over all its runs. */
export interface Side {
  readonly perSecond: number;
  readonly cpuMicros: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** Medians over the runs, of percentiles too: what else the machine does spoils one run, not all. */
export function summarize(runs: readonly Run[]): Side {
  const timed = runs.map((run) => run.latenciesMs).filter((latencies) => latencies.length > 0);
  return {
    perSecond: median(runs.map(perSecondOf)),
    cpuMicros: medianOrNull(runs.map(cpuMicrosOf).filter((value) => value !== null)),
    p50Ms: medianOrNull(timed.map((latencies) => percentile(latencies, 0.5))),
    p99Ms: medianOrNull(timed.map((latencies) => percentile(latencies, 0.99))),
  };
}

function medianOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : median(values);
}

/** One round: both sides, one right after the other, so that whatever else the machine does hits both. */
export interface Round {
  readonly product: Run;
  readonly other: Run;
}

/** How many times as fast the product is as the other: the median of the rounds' own ratios. */
export function speedRatio(rounds: readonly Round[]): number {
  return median(rounds.map(({ product, other }) => perSecondOf(product) / perSecondOf(other)));
}

/** Above 1: the product takes less CPU than the other. Null where the system does not say. */
export function cpuRatio(rounds: readonly Round[]): number | null {
  const ratios = rounds.flatMap(({ product, other }) => {
    const [ours, theirs] = [cpuMicrosOf(product), cpuMicrosOf(other)];
    return ours === null || theirs === null || ours === 0 ? [] : [theirs / ours];
  });
  return medianOrNull(ratios);
}

function perSecondOf({ operations, seconds }: Run): number {
  return operations / seconds;
}

function cpuMicrosOf({ operations, cpuSeconds }: Run): number | null {
  return cpuSeconds === null ? null : (cpuSeconds * 1e6) / operations;
}
