import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyLivemode } from "../../../src/reconciler/key-mode.ts";
import { MAX_FAILURES, waitMs } from "../../../src/reconciler/patience.ts";
import {
  activate,
  afterRun,
  dueRun,
  follow,
  gapAt,
  type Watermark,
} from "../../../src/reconciler/watermark.ts";
import { type Bounds, boundsAt, oldestFrom, type Window } from "../../../src/reconciler/window.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const T0 = 400 * DAY;

type Round = {
  readonly pass: number;
  readonly ends: "complete" | "failed" | "cancelled";
  readonly holding: number;
};

const rounds: fc.Arbitrary<Round[]> = fc.array(
  fc.record({
    pass: fc.oneof(fc.integer({ min: 1, max: 180 }), fc.integer({ min: 1, max: 40 * 24 * 60 })),
    ends: fc.constantFrom("complete", "complete", "failed", "cancelled"),
    holding: fc.constantFrom(0, 0, 3),
  }),
  { maxLength: 30 },
);

interface Walked {
  readonly watermark: Watermark;
  /** The windows of the runs that completed with nothing that holds. */
  readonly shown: readonly { readonly from: number; readonly to: number }[];
  readonly now: number;
  readonly due: Window | null;
  readonly oldest: number;
}

function live(all: readonly Round[], check: (state: Walked, before: Watermark) => void): void {
  let bounds: Bounds = boundsAt(null, { retentionMs: 30 * DAY, refundEvents: "charge" }, T0);
  let watermark = activate(T0, "charge");
  const shown: { from: number; to: number }[] = [];
  let now = T0;
  for (const [i, { pass, ends, holding }] of all.entries()) {
    now += pass * MINUTE;
    bounds = boundsAt(bounds, { retentionMs: 30 * DAY, refundEvents: "charge" }, now);
    const before = watermark;
    const due = dueRun(watermark, bounds, now);
    if (due !== null) {
      const run = {
        id: `rec_${i}`,
        status: ends,
        error: null,
        finished_at: now,
        refund_events: "charge",
      } as const;
      watermark = afterRun(
        { ...watermark, last_started_at: now },
        { ...run, to: due.to, gap: due.gap, holding },
      );
      if (ends === "complete" && holding === 0) shown.push(due);
    }
    check({ watermark, shown, now, due, oldest: oldestFrom(bounds, now).at }, before);
  }
}

describe("whatever happens to the hourly runs", () => {
  it("the watermark never goes back, never reaches now, and moves only by a complete run", () => {
    fc.assert(
      fc.property(rounds, (all) => {
        live(all, ({ watermark, shown, now }, before) => {
          expect(watermark.complete_up_to).toBeGreaterThanOrEqual(before.complete_up_to);
          expect(watermark.complete_up_to).toBeLessThanOrEqual(now);
          expect(watermark.complete_up_to).toBe(Math.max(watermark.since, ...shown.map(({ to }) => to)));
        });
      }),
    );
  });

  it("every moment up to the watermark was walked by a complete run, or stands in a gap", () => {
    fc.assert(
      fc.property(rounds, fc.nat(1_000), (all, at) => {
        live(all, ({ watermark, shown }) => {
          const { since, complete_up_to, gaps } = watermark;
          const moment = since + Math.floor(((complete_up_to - since) * at) / 1_001);
          if (moment === complete_up_to) return;
          const covered = [...shown, ...gaps].some(({ from, to }) => moment >= from && moment < to);
          expect(covered).toBe(true);
        });
      }),
    );
  });
});

it("whatever happens → no run reaches before the activation, before what may be purged, or to now", () => {
  fc.assert(
    fc.property(rounds, (all) => {
      live(all, ({ watermark, due, oldest, now }) => {
        const { from, to } = due ?? { from: Infinity, to: 0 };
        expect(from).toBeGreaterThanOrEqual(Math.max(watermark.since, oldest));
        expect(to).toBeLessThan(now);
      });
    }),
  );
});

describe("a gap", () => {
  const bounds = (now: number) => boundsAt(null, { retentionMs: 30 * DAY, refundEvents: "charge" }, now);

  it("none while the watermark can be reached; from it to the oldest that can, after", () => {
    const watermark = activate(T0, "charge");
    expect(gapAt(watermark, bounds(T0 + 29 * DAY), T0 + 29 * DAY)).toBeNull();
    const now = T0 + 31 * DAY;
    expect(gapAt(watermark, bounds(now), now)).toEqual({ from: T0, to: T0 + DAY + HOUR, why: "too_late" });
  });

  it("the refund family changed → the watermark begins there, once", () => {
    const changed: Bounds = { ...bounds(T0 + DAY), refund_events: "refund", refund_events_since: T0 + DAY };
    const followed = follow(activate(T0, "charge"), changed, T0 + DAY);
    expect(followed).toMatchObject({
      complete_up_to: T0 + DAY,
      gaps: [{ from: T0, to: T0 + DAY, why: "refund_events_changed" }],
    });
    expect(follow(followed, changed, T0 + 2 * DAY)).toBe(followed);
  });
});

describe("patience", () => {
  it("grows, up to ten minutes, and ends within about an hour", () => {
    const most = Array.from({ length: MAX_FAILURES - 1 }, (_, i) => waitMs(i + 1, null, 0.999) ?? 0);
    expect(most[0]).toBeLessThanOrEqual(5_000);
    expect(Math.max(...most)).toBeLessThanOrEqual(600_000);
    expect(most.reduce((sum, wait) => sum + wait, 0)).toBeLessThan(75 * MINUTE);
    expect(waitMs(MAX_FAILURES, null, 0)).toBeNull();
  });

  it("Retry-After → not earlier; nonsense → an hour", () => {
    expect(waitMs(1, 120_000, 0)).toBe(120_000);
    expect(waitMs(1, 99_999_999_999, 0)).toBe(HOUR);
    expect(waitMs(11, 1, 0)).toBe(300_000);
  });
});

it.each([
  ["sk_live_x", true],
  ["rk_live_x", true],
  ["sk_test_x", false],
  ["rk_test_x", false],
  ["pk_live_x", null],
  ["key", null],
])("the key %s → livemode %s", (key, livemode) => {
  expect(keyLivemode(key)).toBe(livemode);
});
