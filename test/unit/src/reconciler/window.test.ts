import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Bounds,
  boundsAt,
  createdRange,
  isBookedOtherwise,
  isExpired,
  oldestFrom,
  PURGE_MARGIN_MS,
  refuseWindow,
  storedBounds,
} from "../../../../src/reconciler/window.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = 100 * DAY;

const bounds = (changes: Partial<Bounds> = {}): Bounds => ({
  purged_before: NOW - 90 * DAY,
  naming: 2,
  renamed_at: null,
  ...changes,
});

describe("a window", () => {
  it("that is refused → why, in words, and the earliest that would be taken", () => {
    expect(refuseWindow({ from: NOW - 31 * DAY, to: NOW }, bounds(), NOW)).toEqual({
      kind: "window_refused",
      why: "before_stripe_list",
      problem: "from is older than 30 days: Stripe lists no events from then",
      oldest: NOW - 30 * DAY,
    });
  });

  it.each([
    ["the last hour", { from: NOW - HOUR, to: NOW }, null],
    ["one millisecond", { from: NOW - 1, to: NOW }, null],
    ["all that Stripe lists", { from: NOW - 30 * DAY, to: NOW }, null],
    ["a moment more", { from: NOW - 30 * DAY - 1, to: NOW }, "before_stripe_list"],
    ["nothing", { from: NOW, to: NOW }, "empty"],
    ["backwards", { from: NOW, to: NOW - 1 }, "empty"],
    ["no beginning", { from: Number.NaN, to: NOW }, "empty"],
    ["no end", { from: NOW - HOUR, to: Number.NaN }, "empty"],
    ["a fraction", { from: NOW - HOUR + 0.5, to: NOW }, "empty"],
    ["a fraction at its end", { from: NOW - HOUR, to: NOW - 0.5 }, "empty"],
    ["the future", { from: NOW - HOUR, to: NOW + 1 }, "in_future"],
  ])("of %s", (_, window, why) => {
    expect(refuseWindow(window, bounds(), NOW)?.why ?? null).toBe(why);
  });

  it.each([
    [
      "a short retention",
      bounds({ purged_before: NOW - 7 * DAY }),
      NOW - 7 * DAY + PURGE_MARGIN_MS,
      "before_retention",
    ],
    ["other names of movements since", bounds({ renamed_at: NOW - DAY }), NOW - DAY, "before_mapping"],
  ])("%s → the oldest is %i", (_, known, oldest, why) => {
    expect(oldestFrom(known, NOW)).toEqual({ at: oldest, why });
    expect(refuseWindow({ from: oldest, to: NOW }, known, NOW)).toBeNull();
    expect(refuseWindow({ from: oldest - 1, to: NOW }, known, NOW)).toMatchObject({ why, oldest });
  });

  it("for Stripe → whole seconds: an event is in it when its second is", () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(10_000), fc.nat(10), (from, length, second) => {
        const { gte, lt } = createdRange({ from, to: from + length });
        const isIn = second * 1_000 >= from && second * 1_000 < from + length;
        expect(second >= gte && second < lt).toBe(isIn);
      }),
    );
  });
});

describe("what is remembered of the retention", () => {
  it("at first → what the retention says, and no change of names", () => {
    expect(boundsAt(null, { retentionMs: 30 * DAY }, NOW)).toEqual({
      purged_before: NOW - 30 * DAY,
      naming: 2,
      renamed_at: null,
    });
    const sinceBefore1970 = boundsAt(null, { retentionMs: 90 * DAY }, 10 * DAY);
    expect(sinceBefore1970.purged_before).toBe(0);
  });

  it.each([
    ["a moment before what may be purged", {}, NOW - 90 * DAY + PURGE_MARGIN_MS - 1, true],
    ["from then on", {}, NOW - 90 * DAY + PURGE_MARGIN_MS, false],
    ["before movements were named otherwise", { renamed_at: NOW - DAY }, NOW - DAY - 1, true],
    ["since movements were named otherwise", { renamed_at: NOW - DAY }, NOW - DAY, false],
  ])("an event of %s → too old to be delivered: %4$s", (_, fields, created, expired) => {
    expect(isExpired(created, bounds(fields))).toBe(expired);
  });

  it("whatever it was set to, and when → nothing that may have been purged counts as missing", () => {
    const days = fc.array(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 40 })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(days, (settings) => {
        let now = NOW;
        let known: Bounds | null = null;
        let purged = 0;
        for (const [retention, pass] of settings) {
          now += pass * DAY;
          known = boundsAt(known, { retentionMs: retention * DAY }, now);
          purged = Math.max(purged, now - retention * DAY);
        }
        expect(known?.purged_before).toBe(purged);
        expect(isExpired(purged + PURGE_MARGIN_MS - 1, known ?? bounds())).toBe(true);
        expect(isExpired(purged + PURGE_MARGIN_MS, known ?? bounds())).toBe(false);
      }),
    );
  });

  it("as 1.0.0 stored it → movements are named otherwise from now on, once", () => {
    const stored = { purged_before: NOW - DAY, refund_events: "charge", refund_events_since: null };
    const setting = { retentionMs: 30 * DAY };
    const upgraded = boundsAt(storedBounds.parse(stored), setting, NOW);
    expect(upgraded).toEqual({ purged_before: NOW - DAY, naming: 2, renamed_at: NOW });
    expect(boundsAt(upgraded, setting, NOW + 1)).toEqual(upgraded);
    expect(isBookedOtherwise(NOW - 1, upgraded)).toBe(true);
    expect(isBookedOtherwise(NOW, upgraded)).toBe(false);
  });

  it("the same names as ever → nothing was booked otherwise", () => {
    expect(isBookedOtherwise(0, bounds())).toBe(false);
  });
});
