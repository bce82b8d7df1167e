import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_FAILURES, waitMs } from "../../../../src/reconciler/retry-wait.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe("patience", () => {
  it.each([
    [1, 2.5 * SECOND, 5 * SECOND],
    [2, 5 * SECOND, 10 * SECOND],
    [7, 160 * SECOND, 320 * SECOND],
    [8, 5 * MINUTE, 10 * MINUTE],
    [MAX_FAILURES - 1, 5 * MINUTE, 10 * MINUTE],
  ])("failure %i in a row → between %i and %i ms", (failures, least, most) => {
    expect([waitMs(failures, null, 0), waitMs(failures, null, 1)]).toEqual([least, most]);
  });

  it("all of it together → about an hour, then it gives up", () => {
    const most = Array.from({ length: MAX_FAILURES - 1 }, (_, i) => waitMs(i + 1, null, 0.999) ?? 0);
    const sum = most.reduce((total, wait) => total + wait, 0);
    expect(sum).toBeGreaterThan(45 * MINUTE);
    expect(sum).toBeLessThan(75 * MINUTE);
    expect(waitMs(MAX_FAILURES, null, 0)).toBeNull();
  });

  it("the last failure names a time to come back → it gives up all the same", () => {
    expect(waitMs(MAX_FAILURES, MINUTE, 0)).toBeNull();
  });

  it.each([
    ["longer than its own wait", 1, 120_000, 120_000],
    ["shorter", 11, 1, 300_000],
    ["an hour", 1, HOUR, HOUR],
    ["nonsense", 1, 99_999_999_999, HOUR],
  ])("Retry-After that is %s → %4$i ms", (_, failures, retryAfterMs, wait) => {
    expect(waitMs(failures, retryAfterMs, 0)).toBe(wait);
  });

  it("whatever is asked for → never longer than an hour", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: MAX_FAILURES - 1 }),
        fc.option(fc.nat()),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (failures, retryAfterMs, random) => {
          const wait = waitMs(failures, retryAfterMs, random);
          expect(wait).toBeGreaterThanOrEqual(waitMs(failures, null, 0) ?? Infinity);
          expect(wait).toBeLessThanOrEqual(HOUR);
        },
      ),
    );
  });
});
