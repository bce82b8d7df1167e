import { describe, expect, it } from "vitest";
import { isNewCase, readTold } from "../../../../src/cron/open-age-alert.ts";

const AGE = 3_600_000;
const NOW = 1_790_000_000_000;

describe("isNewCase", () => {
  it.each([
    ["nothing is untold", 0, null, false],
    ["something is untold, and nobody was ever told", 1, null, true],
    ["something is untold, but somebody was told just now", 1, { told_at: NOW - AGE + 1 }, false],
    ["something is untold, and the last telling is as old as the limit", 1, { told_at: NOW - AGE }, true],
    ["all of it was told, long ago", 0, { told_at: NOW - 10 * AGE }, false],
  ])("%s → %s", (_, untold, told, expected) => {
    expect(isNewCase({ untold }, told, AGE, NOW)).toBe(expected);
  });
});

describe("readTold", () => {
  it("what was written → the same", () => {
    expect(readTold({ told_at: NOW })).toEqual({ told_at: NOW });
    expect(readTold(null)).toBeNull();
  });

  it.each([undefined, "x", 1, {}, { told_at: NOW, more: true }])(
    "%j → nothing told: rather twice than never",
    (note) => {
      expect(readTold(note)).toBeNull();
    },
  );
});
