import { describe, expect, it } from "vitest";
import { isNewCase, readOpenAgeNote } from "../../../../src/cron/open-age-alert.ts";

const AGE = 3_600_000;
const NOW = 1_790_000_000_000;

describe("isNewCase", () => {
  it.each([
    ["nothing is unreported", 0, null, false],
    ["something is unreported, and nobody was ever told", 1, null, true],
    ["something is unreported, but somebody was told just now", 1, { told_at: NOW - AGE + 1 }, false],
    ["something is unreported, and the last telling is as old as the limit", 1, { told_at: NOW - AGE }, true],
    ["all of it was told, long ago", 0, { told_at: NOW - 10 * AGE }, false],
  ])("%s → %s", (_, unreported, told, expected) => {
    expect(isNewCase({ unreported }, told, AGE, NOW)).toBe(expected);
  });
});

describe("readOpenAgeNote", () => {
  it("what was written → the same", () => {
    expect(readOpenAgeNote({ told_at: NOW })).toEqual({ told_at: NOW });
    expect(readOpenAgeNote(null)).toBeNull();
  });

  it.each([undefined, "x", 1, {}, { told_at: NOW, more: true }])(
    "%j → nothing told: rather twice than never",
    (note) => {
      expect(readOpenAgeNote(note)).toBeNull();
    },
  );
});
