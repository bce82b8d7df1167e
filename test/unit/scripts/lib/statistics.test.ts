import { describe, expect, it } from "vitest";
import { median, percentile } from "../../../../scripts/lib/statistics.ts";

describe("median", () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2.5],
    [[10, 9], 9.5],
  ])("%o → %d", (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it("of nothing → an error, not a number", () => {
    expect(() => median([])).toThrow(RangeError);
  });

  it("leaves its input in its order", () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe("percentile", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);

  it.each([
    [0.5, 50],
    [0.99, 99],
    [1, 100],
    [0.001, 1],
  ])("of 1 to 100, share %d → %d", (share, expected) => {
    expect(percentile(hundred, share)).toBe(expected);
  });

  it("of few values → one that was measured", () => {
    expect(percentile([5, 7], 0.99)).toBe(7);
  });

  it("of nothing → an error, not a number", () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError);
  });
});
