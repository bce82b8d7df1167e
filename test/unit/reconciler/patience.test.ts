import { describe, expect, it } from "vitest";
import { MAX_FAILURES, waitMs } from "../../../src/reconciler/patience.ts";

describe("how long a run waits for an answer", () => {
  it.each([
    [1, 2_500, 5_000],
    [2, 5_000, 10_000],
    [7, 160_000, 320_000],
    [8, 300_000, 600_000],
    [11, 300_000, 600_000],
  ])("failure %i in a row → from %i to %i ms", (failures, least, most) => {
    expect([waitMs(failures, null, 0), waitMs(failures, null, 1)]).toEqual([least, most]);
  });

  it("twelve in a row → it gives up, whatever it was told to wait", () => {
    expect(MAX_FAILURES).toBe(12);
    expect([waitMs(12, null, 0), waitMs(12, 1, 0), waitMs(13, null, 0)]).toEqual([null, null, null]);
  });

  it("all of it together → about an hour", () => {
    const waits = Array.from({ length: MAX_FAILURES - 1 }, (_, i) => waitMs(i + 1, null, 0.5) ?? 0);
    const minutes = waits.reduce((sum, wait) => sum + wait, 0) / 60_000;
    expect(minutes).toBeGreaterThan(30);
    expect(minutes).toBeLessThan(90);
  });

  it.each([
    ["shorter than the delay", 1_000, 5_000],
    ["longer", 60_000, 60_000],
    ["nonsense", 10 ** 12, 3_600_000],
  ])("Retry-After %s → %i becomes %i ms", (_, asked, waited) => {
    expect(waitMs(1, asked, 1)).toBe(waited);
  });
});
