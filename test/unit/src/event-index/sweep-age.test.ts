import { describe, expect, it } from "vitest";
import { isOverdueAge, isSweepOverdue, sweepAgeSeconds } from "../../../../src/event-index/sweep-age.ts";

const MINUTE = 60_000;
const NOW = Date.UTC(2031, 0, 1);

describe("the age of the last sweep", () => {
  it.each([
    [null, null],
    [NOW, 0],
    [NOW - 1_999, 1],
    [NOW - 20 * MINUTE, 1_200],
    // Two clocks need not agree.
    [NOW + 5_000, 0],
  ])("swept at %d → %d s", (sweptAt, age) => {
    expect(sweepAgeSeconds(sweptAt, NOW)).toBe(age);
  });

  it.each([
    [null, false],
    [0, false],
    [1_200, false],
    [1_201, true],
  ])("%d s → overdue: %o", (age, isOverdue) => {
    expect(isOverdueAge(age)).toBe(isOverdue);
  });
});

describe("overdue", () => {
  it.each<[string, number | null, number, boolean]>([
    ["swept 20 min ago", NOW - 20 * MINUTE, 0, false],
    ["swept 20 min and 1 s ago, whenever it was first asked for", NOW - 20 * MINUTE - 1_000, NOW, true],
    ["never swept, first asked for now", null, NOW, false],
    ["never swept, first asked for 20 min ago", null, NOW - 20 * MINUTE, false],
    ["never swept, first asked for 20 min and 1 s ago", null, NOW - 20 * MINUTE - 1_000, true],
  ])("%s → %o", (_, swept_at, seen_at, isOverdue) => {
    expect(isSweepOverdue({ swept_at, seen_at }, NOW)).toBe(isOverdue);
  });
});
