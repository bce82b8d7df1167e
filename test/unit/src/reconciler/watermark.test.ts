import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  activate,
  afterRun,
  dueRun,
  type Gap,
  gapAt,
  type Watermark,
  storedWatermark,
} from "../../../../src/reconciler/watermark.ts";
import { type Bounds, boundsAt, oldestFrom, type Window } from "../../../../src/reconciler/window.ts";

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
  let bounds: Bounds = boundsAt(null, { retentionMs: 30 * DAY }, T0);
  let watermark = activate(T0);
  const shown: { from: number; to: number }[] = [];
  let now = T0;
  for (const [i, { pass, ends, holding }] of all.entries()) {
    now += pass * MINUTE;
    bounds = boundsAt(bounds, { retentionMs: 30 * DAY }, now);
    const before = watermark;
    const due = dueRun(watermark, bounds, now);
    if (due !== null) {
      const run = {
        id: `rec_${i}`,
        status: ends,
        error: null,
        dry_run: false,
        finished_at: now,
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

const RUN = {
  id: "rec_1",
  status: "complete",
  error: null,
  dry_run: false,
  finished_at: T0 + HOUR,
  holding: 0,
} as const;

describe("an hourly run", () => {
  const bounds = boundsAt(null, { retentionMs: 30 * DAY }, T0);
  const known = (fields: Partial<Watermark> = {}): Watermark => ({
    ...activate(T0 - DAY),
    ...fields,
  });

  it("due → from an hour before the watermark to ten minutes ago", () => {
    expect(dueRun(known({ complete_up_to: T0 - 2 * HOUR }), bounds, T0)).toEqual({
      from: T0 - 3 * HOUR,
      to: T0 - 10 * MINUTE,
      gap: null,
    });
  });

  it.each([
    ["never", null, true],
    ["an hour ago, by a cron that came a minute late", T0 - 59 * MINUTE, true],
    ["less than that ago", T0 - 59 * MINUTE + 1, false],
  ])("the last one began %s → due: %3$s", (_, last_started_at, due) => {
    const watermark = known({ complete_up_to: T0 - 2 * HOUR, last_started_at });
    expect(dueRun(watermark, bounds, T0) !== null).toBe(due);
  });

  it.each([
    [T0 - 10 * MINUTE - 1, true],
    [T0 - 10 * MINUTE, false],
    [T0, false],
  ])("the watermark stands at %i, ten minutes before now or later → due: %s", (complete_up_to, due) => {
    expect(dueRun(known({ complete_up_to }), bounds, T0) !== null).toBe(due);
  });

  it("all that it could look at may have been purged → none", () => {
    const purged = { ...bounds, purged_before: T0 - HOUR - 10 * MINUTE };
    expect(dueRun(known({ complete_up_to: T0 - 2 * HOUR }), purged, T0)).toBeNull();
  });

  it.each([
    ["complete → it moves", {}, T0, true],
    ["complete, of a stretch that is known already → it stands", { to: T0 - 3 * HOUR }, T0 - 2 * HOUR, true],
    ["complete, but an event is missing → it stands", { holding: 1 }, T0 - 2 * HOUR, false],
    ["failed → it stands", { status: "failed", error: "internal" }, T0 - 2 * HOUR, false],
    ["cancelled → it stands", { status: "cancelled" }, T0 - 2 * HOUR, false],
  ] as const)("%s; its gap is known: %4$s; what it said is kept", (_, fields, complete_up_to, hasGap) => {
    const before = known({ complete_up_to: T0 - 2 * HOUR });
    const gap = { from: T0 - 2 * HOUR, to: T0 - HOUR, why: "too_late" } as const;
    const run = { ...RUN, to: T0, gap, ...fields };
    const { id, status, error, finished_at } = run;
    expect(afterRun(before, run)).toEqual({
      ...before,
      complete_up_to,
      gaps: hasGap ? [gap] : [],
      last_run: { id, status, error, finished_at },
    });
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
  const bounds = (now: number) => boundsAt(null, { retentionMs: 30 * DAY }, now);

  it("none while the watermark can be reached; from it to the oldest that can, after", () => {
    const watermark = activate(T0);
    expect(gapAt(watermark, bounds(T0 + 29 * DAY), T0 + 29 * DAY)).toBeNull();
    const last = T0 + 30 * DAY - HOUR;
    expect(gapAt(watermark, bounds(last), last)).toBeNull();
    const now = T0 + 31 * DAY;
    expect(gapAt(watermark, bounds(now), now)).toEqual({ from: T0, to: T0 + DAY + HOUR, why: "too_late" });
  });

  it("movements are named otherwise since an hour → the run begins there, and what was before it is a gap", () => {
    const renamed_at = T0 + 3 * HOUR;
    const renamed: Bounds = { ...bounds(T0 + 4 * HOUR), renamed_at };
    const watermark = activate(T0);
    const gap = { from: T0, to: renamed_at, why: "mapping_changed" };
    expect(gapAt(watermark, renamed, T0 + 4 * HOUR)).toEqual(gap);
    expect(dueRun(watermark, renamed, T0 + 4 * HOUR)).toEqual({
      from: renamed_at,
      to: T0 + 4 * HOUR - 10 * MINUTE,
      gap,
    });
    expect(gapAt({ ...watermark, complete_up_to: renamed_at }, renamed, T0 + 4 * HOUR)).toBeNull();
  });

  it("a run that only reported, since nobody has confirmed the Stripe account → it stays", () => {
    const run = { ...RUN, dry_run: true, to: T0 + HOUR, gap: null };
    expect(afterRun(activate(T0), run).complete_up_to).toBe(T0);
  });

  const gap = (from: number, to: number, why: Gap["why"] = "too_late"): Gap => ({
    from: T0 + from,
    to: T0 + to,
    why,
  });
  const joined = (gaps: Gap[], next: Gap | null) =>
    afterRun({ ...activate(T0), gaps }, { ...RUN, to: T0 + HOUR, gap: next }).gaps;

  it.each([
    ["none", [gap(0, 5)], null, [gap(0, 5)]],
    ["the first", [], gap(0, 5), [gap(0, 5)]],
    ["one that touches the last", [gap(0, 5)], gap(5, 9), [gap(0, 9)]],
    ["one that overlaps the last", [gap(0, 5)], gap(2, 9), [gap(0, 9)]],
    ["one within the last", [gap(0, 5)], gap(2, 3), [gap(0, 5)]],
    ["one apart", [gap(0, 5)], gap(6, 9), [gap(0, 5), gap(6, 9)]],
    [
      "one that touches, for another reason",
      [gap(0, 5, "mapping_changed")],
      gap(5, 9),
      [gap(0, 5, "mapping_changed"), gap(5, 9)],
    ],
    ["one that touches, after one apart", [gap(0, 1), gap(3, 5)], gap(5, 9), [gap(0, 1), gap(3, 9)]],
    ["an empty one", [gap(0, 5)], gap(9, 9), [gap(0, 5)]],
  ])("a run that left %s → known from then on, and one where they touch", (_, before, next, after) => {
    expect(joined(before, next)).toEqual(after);
  });

  it("more than fifty of them → the newest fifty", () => {
    const many = Array.from({ length: 50 }, (_, i) => gap(10 * i, 10 * i + 1));
    expect(joined(many, gap(500, 501))).toEqual([...many.slice(1), gap(500, 501)]);
  });
});

it("as 1.0.0 stored it → read, and its word for a gap is ours", () => {
  const stored = {
    ...activate(T0),
    refund_events: "charge",
    gaps: [{ from: T0, to: T0 + 1, why: "refund_events_changed" }],
  };
  const gaps = [{ from: T0, to: T0 + 1, why: "mapping_changed" }];
  expect(storedWatermark.parse(stored)).toEqual({ ...activate(T0), gaps });
});
