/** What the benchmarks make of their measurements. */
import { describe, expect, it } from "vitest";
import { inTurn, pairs } from "../../../../../scripts/proof/bench/measure.ts";
import { table } from "../../../../../scripts/proof/bench/report.ts";
import { isMet, judged, rowOf } from "../../../../../scripts/proof/bench/row.ts";
import { cpuRatio, type Run, speedRatio, summarize } from "../../../../../scripts/proof/bench/summarize.ts";

function run(facts: Partial<Run> = {}): Run {
  return { seconds: 1, cpuSeconds: 0.5, operations: 1_000, latenciesMs: [1, 2, 3], ...facts };
}

describe("a side's runs → their medians", () => {
  it("one run in which the machine stood still → changes nothing", () => {
    const spoilt = run({ seconds: 60, cpuSeconds: 30, latenciesMs: [900, 900, 900] });
    expect(summarize([run(), spoilt, run()])).toEqual(summarize([run(), run(), run()]));
  });

  it("speed and CPU are per operation, not per request", () => {
    const many = run({ seconds: 2, cpuSeconds: 1, operations: 10_000 });
    expect(summarize([many])).toMatchObject({ perSecond: 5_000, cpuMicros: 100 });
  });

  it("without CPU times or latencies → null, not 0", () => {
    const silent = run({ cpuSeconds: null, latenciesMs: [] });
    expect(summarize([silent])).toEqual({ perSecond: 1_000, cpuMicros: null, p50Ms: null, p99Ms: null });
  });
});

describe("ratios of rounds", () => {
  const twiceAsFast = {
    product: run({ seconds: 1, cpuSeconds: 0.2 }),
    other: run({ seconds: 2, cpuSeconds: 0.4 }),
  };

  it("clawsettle in half the time, for half the CPU → 2 and 2", () => {
    expect(speedRatio([twiceAsFast])).toBe(2);
    expect(cpuRatio([twiceAsFast])).toBe(2);
  });

  it("both sides slow in one round → its ratio stays: that is why they run in turn", () => {
    const slowed = { product: run({ seconds: 10 }), other: run({ seconds: 20 }) };
    expect(speedRatio([twiceAsFast, slowed])).toBe(2);
  });

  it("no CPU times → null", () => {
    expect(cpuRatio([{ product: run({ cpuSeconds: null }), other: run() }])).toBeNull();
  });
});

describe("in turn", () => {
  it("each side goes first as often as another", async () => {
    const order: string[] = [];
    const side = (name: string) => async (round: number) => {
      order.push(`${name}${round}`);
      return run({ operations: round });
    };
    const runs = await inTurn(2, { a: side("a"), b: side("b") });
    expect(order).toEqual(["a0", "b0", "b1", "a1"]);
    expect(pairs(runs.a, runs.b).map(({ product, other }) => [product.operations, other.operations])).toEqual(
      [
        [0, 0],
        [1, 1],
      ],
    );
  });
});

describe("a row", () => {
  const slower = [{ product: run({ seconds: 2, latenciesMs: [1] }), other: run({ latenciesMs: [2] }) }];

  it.each([
    ["half as fast", { of: "speed", least: 0.5 }, true],
    ["half as fast", { of: "speed", least: 0.51 }, false],
    ["half the p99", { of: "p99", least: 2 }, true],
    ["half the p99", { of: "p99", least: 2.01 }, false],
  ] as const)("%s, target %o → met: %s", (_, target, met) => {
    expect(isMet(rowOf({ name: "n", against: "o", target }, slower))).toBe(met);
  });

  it("without a target → nothing is judged, and nothing missed", () => {
    const row = rowOf({ name: "n", against: "o" }, slower);
    expect(judged(row)).toBeNull();
    expect(isMet(row)).toBe(true);
  });

  it("a p99 that nobody measured → not met", () => {
    const rounds = [{ product: run({ latenciesMs: [] }), other: run() }];
    expect(isMet(rowOf({ name: "n", against: "o", target: { of: "p99", least: 0.1 } }, rounds))).toBe(false);
  });

  it("in the table → both sides' numbers, and the verdict", () => {
    const text = table([
      rowOf({ name: "settle", against: "floor", target: { of: "speed", least: 0.8 } }, slower),
    ]);
    expect(text.split("\n")).toHaveLength(3);
    for (const cell of ["| settle |", "0.50", "≥ 0.80 MISSED", "500 / 1,000", "500 / 500", "1.00 / 2.00"]) {
      expect(text).toContain(cell);
    }
  });
});
