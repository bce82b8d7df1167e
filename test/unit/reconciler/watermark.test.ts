import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  activate,
  afterRun,
  dueRun,
  type FinishedRun,
  follow,
  type Gap,
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

  it("a watermark that is just as old as the oldest that can be reached → none", () => {
    const now = T0 + 31 * DAY;
    const watermark = { ...activate(T0, "charge"), complete_up_to: oldestFrom(bounds(now), now).at };
    expect(gapAt(watermark, bounds(now), now)).toBeNull();
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

describe("the run that is due", () => {
  const bounds = (now: number) => boundsAt(null, { retentionMs: 30 * DAY, refundEvents: "charge" }, now);
  const due = (now: number, over: Partial<Watermark> = {}) =>
    dueRun({ ...activate(T0, "charge"), ...over }, bounds(now), now);

  it.each([
    ["just switched on: all of it may still be on its way", T0 + 10 * MINUTE, {}, null],
    ["a millisecond later", T0 + 10 * MINUTE + 1, {}, { from: T0, to: T0 + 1 }],
    [
      "a day later → from an hour before the watermark, up to ten minutes ago",
      T0 + DAY,
      { complete_up_to: T0 + 5 * HOUR },
      { from: T0 + 4 * HOUR, to: T0 + DAY - 10 * MINUTE },
    ],
    [
      "started 59 minutes ago",
      T0 + DAY,
      { last_started_at: T0 + DAY - 59 * MINUTE },
      { from: T0, to: T0 + DAY - 10 * MINUTE },
    ],
    ["started a millisecond less ago", T0 + DAY, { last_started_at: T0 + DAY - 59 * MINUTE + 1 }, null],
    ["complete up to what it would look at", T0 + DAY, { complete_up_to: T0 + DAY - 10 * MINUTE }, null],
    ["complete beyond that: the clock was set back", T0 + DAY, { complete_up_to: T0 + 2 * DAY }, null],
    [
      "off for forty days → from the oldest that can be reached, and the gap is said",
      T0 + 40 * DAY,
      {},
      {
        from: T0 + 10 * DAY + HOUR,
        to: T0 + 40 * DAY - 10 * MINUTE,
        gap: { from: T0, to: T0 + 10 * DAY + HOUR, why: "too_late" },
      },
    ],
  ] as const)("%s", (_, now, over, expected) => {
    expect(due(now, over)).toEqual(expected === null ? null : { gap: null, ...expected });
  });
});

describe("after an hourly run", () => {
  const watermark = activate(T0, "charge");
  const run: FinishedRun = {
    id: "rec_1",
    status: "complete",
    error: null,
    finished_at: T0 + DAY + 1,
    to: T0 + DAY,
    gap: null,
    refund_events: "charge",
    holding: 0,
  };
  const last_run = { id: "rec_1", status: "complete", error: null, finished_at: T0 + DAY + 1 };

  it("complete → up to its end, and it is remembered", () => {
    expect(afterRun(watermark, run)).toEqual({ ...watermark, complete_up_to: T0 + DAY, last_run });
  });

  it.each<[string, Partial<FinishedRun>]>([
    ["failed", { status: "failed", error: "STRIPE_UNAVAILABLE" }],
    ["cancelled", { status: "cancelled" }],
    ["complete, but an event is not here", { holding: 1 }],
    ["complete, of the other refund family", { refund_events: "refund" }],
  ])("%s → remembered, and nothing moves", (_, over) => {
    const { status, error } = { ...run, ...over };
    expect(afterRun(watermark, { ...run, ...over, gap: GAP })).toEqual({
      ...watermark,
      last_run: { ...last_run, status, error },
    });
  });

  const GAP: Gap = { from: T0, to: T0 + HOUR, why: "too_late" };
  const later = (from: number, to: number, why: Gap["why"] = "too_late"): Gap => ({ from, to, why });

  it.each<[string, Gap[], Gap, Gap[]]>([
    ["the first", [], GAP, [GAP]],
    ["one that touches the last", [GAP], later(T0 + HOUR, T0 + DAY), [later(T0, T0 + DAY)]],
    ["one within the last", [later(T0, T0 + DAY)], GAP, [later(T0, T0 + DAY)]],
    ["one after it", [GAP], later(T0 + HOUR + 1, T0 + DAY), [GAP, later(T0 + HOUR + 1, T0 + DAY)]],
    [
      "one for another reason",
      [GAP],
      later(T0 + HOUR, T0 + DAY, "refund_events_changed"),
      [GAP, later(T0 + HOUR, T0 + DAY, "refund_events_changed")],
    ],
    ["an empty one", [GAP], later(T0 + DAY, T0 + DAY), [GAP]],
    [
      "one that grows the last of two",
      [GAP, later(T0 + DAY, T0 + 2 * DAY)],
      later(T0 + 2 * DAY, T0 + 3 * DAY),
      [GAP, later(T0 + DAY, T0 + 3 * DAY)],
    ],
  ])("a gap: %s", (_, gaps, gap, expected) => {
    expect(afterRun({ ...watermark, gaps }, { ...run, gap }).gaps).toEqual(expected);
  });

  it("more gaps than fifty → the oldest go", () => {
    const gaps = Array.from({ length: 50 }, (_, i) => later(T0 + 2 * i * HOUR, T0 + (2 * i + 1) * HOUR));
    const next = later(T0 + 100 * DAY, T0 + 101 * DAY);
    expect(afterRun({ ...watermark, gaps }, { ...run, gap: next }).gaps).toEqual([...gaps.slice(1), next]);
  });
});
