import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs, type BackoffPolicy, nextRetryAt } from "../../../../src/event/backoff.ts";
import { HOUR, POLICY, SECOND, T0 } from "../../../support/records.ts";

const LAST = 1 - Number.EPSILON;

describe("the delay after attempt n: min(max, base·2ⁿ⁻¹), of which half is random", () => {
  it.each([
    [1, 15],
    [2, 30],
    [3, 60],
    [4, 120],
    [8, 1_920],
    [9, 3_600],
    [10, 3_600],
    [80, 3_600],
    [1_024, 3_600],
    [1_000_000, 3_600],
  ])("attempt %i → between half of %i s and all of it", (attempts, fullSeconds) => {
    expect(backoffMs(POLICY, attempts, 0)).toBe((fullSeconds * SECOND) / 2);
    expect(backoffMs(POLICY, attempts, 0.5)).toBe(fullSeconds * SECOND * 0.75);
    expect(backoffMs(POLICY, attempts, LAST)).toBe(fullSeconds * SECOND);
  });
});

describe("the time of the next attempt", () => {
  const next = (now: number, attempts: number, retryAfterMs: number | null, random = 0) =>
    nextRetryAt(POLICY, now, T0, attempts, retryAfterMs, random);

  it("no Retry-After → now + the delay", () => {
    expect(next(T0, 1, null)).toBe(T0 + 7_500);
  });

  it("Retry-After shorter than the delay → now + the delay", () => {
    expect(next(T0, 3, SECOND)).toBe(T0 + 30 * SECOND);
  });

  it("Retry-After longer than the delay → now + Retry-After", () => {
    expect(next(T0, 1, 600 * SECOND)).toBe(T0 + 600 * SECOND);
  });

  it("Retry-After that everybody was given → spread over half a delay after it", () => {
    const spread = [0, 0.25, 0.5, 0.75, LAST].map((random) => next(T0, 1, 600 * SECOND, random));
    expect(spread[0]).toBe(T0 + 600 * SECOND);
    expect(spread.at(-1)).toBe(T0 + 600 * SECOND + 7_500);
    expect(new Set(spread).size).toBe(5);
  });

  it("Retry-After past the horizon → the horizon", () => {
    expect(next(T0, 1, 100 * HOUR)).toBe(T0 + 72 * HOUR);
  });

  it("delay past the horizon → the horizon, so that the last attempt is as late as can be", () => {
    expect(next(T0 + 72 * HOUR - 1, 80, null)).toBe(T0 + 72 * HOUR);
  });

  it("horizon reached to the millisecond → null", () => {
    expect(next(T0 + 72 * HOUR, 80, null)).toBeNull();
  });

  it("horizon long past → null, whatever Retry-After asks", () => {
    expect(next(T0 + 100 * HOUR, 1, SECOND)).toBeNull();
  });

  it("clock set back before the first delivery → still a time after now", () => {
    expect(next(T0 - HOUR, 1, null)).toBe(T0 - HOUR + 7_500);
  });
});

describe("for any policy, attempt, clock and random number", () => {
  const policies: fc.Arbitrary<BackoffPolicy> = fc.record({
    retryBaseMs: fc.integer({ min: SECOND, max: 86_400 * SECOND }),
    retryMaxMs: fc.integer({ min: SECOND, max: 86_400 * SECOND }),
    retryHorizonMs: fc.integer({ min: HOUR, max: 720 * HOUR }),
  });
  const attempts = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 2 ** 31 }));
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  it("the delay is a whole number within [half, full]", () => {
    fc.assert(
      fc.property(policies, attempts, random, (policy, n, r) => {
        const full = Math.min(policy.retryMaxMs, policy.retryBaseMs * 2 ** (n - 1));
        const delay = backoffMs(policy, n, r);
        expect(Number.isSafeInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(full / 2);
        expect(delay).toBeLessThanOrEqual(full);
      }),
    );
  });

  const waits = fc.option(fc.integer({ min: 0, max: 31 * 24 * HOUR }), { nil: null });

  it("before the horizon, the next attempt is after now, within the horizon, and not before Retry-After", () => {
    const left = fc.integer({ min: 1, max: 720 * HOUR });
    fc.assert(
      fc.property(policies, left, attempts, waits, random, (policy, leftMs, n, retryAfterMs, r) => {
        const horizon = T0 + policy.retryHorizonMs;
        // At the earliest, a clock that was set back by an hour.
        const now = Math.max(T0 - HOUR, horizon - leftMs);
        const at = nextRetryAt(policy, now, T0, n, retryAfterMs, r);
        expect(Number.isSafeInteger(at)).toBe(true);
        expect(at).toBeGreaterThan(now);
        expect(at).toBeLessThanOrEqual(horizon);
        expect(at).toBeGreaterThanOrEqual(Math.min(horizon, now + (retryAfterMs ?? 0)));
        expect(at).toBeGreaterThanOrEqual(Math.min(horizon, now + backoffMs(policy, n, r)));
      }),
    );
  });

  it("from the horizon on, there is no next attempt", () => {
    fc.assert(
      fc.property(policies, fc.nat(HOUR), attempts, waits, random, (policy, late, n, retryAfterMs, r) => {
        const now = T0 + policy.retryHorizonMs + late;
        expect(nextRetryAt(policy, now, T0, n, retryAfterMs, r)).toBeNull();
      }),
    );
  });
});
