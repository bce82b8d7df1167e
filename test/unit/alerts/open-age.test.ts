import { describe, expect, it } from "vitest";
import { isNewCase, readTold, settledNote } from "../../../src/alerts/open-age.ts";
import type { LongOpen } from "../../../src/event-index/alerting.ts";

const AGE = 3_600_000;
const NOW = 1_790_000_000_000;

const NOTHING: LongOpen = { money: [], oldest: null, newest: null };
const open = (oldest: number, newest: number): LongOpen => ({ money: [], oldest, newest });
const told = (told_at: number, received_by: number) => ({ told_at, received_by });

describe("isNewCase", () => {
  const OLD = NOW - 2 * AGE;
  it.each([
    ["nothing is old", NOTHING, null, false],
    ["nothing is old, something was told", NOTHING, told(NOW - AGE, OLD), false],
    ["something is old, nothing was told", open(OLD, OLD), null, true],
    ["all of it was told", open(OLD, OLD), told(NOW - 10 * AGE, OLD), false],
    ["the newest that was told is gone", open(OLD - 5, OLD - 5), told(NOW - 10 * AGE, OLD), false],
    [
      "one more grew old, but somebody was told just now",
      open(OLD, OLD + 1),
      told(NOW - AGE + 1, OLD),
      false,
    ],
    ["one more grew old, and the last telling is as old", open(OLD, OLD + 1), told(NOW - AGE, OLD), true],
  ])("%s → %s", (_, found, before, expected) => {
    expect(isNewCase(found, before, AGE, NOW)).toBe(expected);
  });
});

describe("settledNote", () => {
  it("something is still old → the note stays; nothing is → the next case is told at once", () => {
    const note = told(NOW, NOW - AGE);
    expect(settledNote(open(1, 1), note)).toBe(note);
    expect(settledNote(NOTHING, note)).toBeNull();
  });
});

describe("readTold", () => {
  it("what was written → the same", () => {
    expect(readTold(told(NOW, NOW - AGE))).toEqual(told(NOW, NOW - AGE));
    expect(readTold(null)).toBeNull();
  });

  it.each([undefined, "x", 1, {}, { told_at: NOW }, { ...told(1, 2), more: true }])(
    "%j → nothing told: rather twice than never",
    (note) => {
      expect(readTold(note)).toBeNull();
    },
  );
});
