import { describe, expect, it } from "vitest";
import { SIDES } from "../../../src/reconciler/findings.ts";
import { reportOf, viewOf, watermarkStatus } from "../../../src/reconciler/report.ts";
import { finish, newRun, type Running } from "../../../src/reconciler/run.ts";
import { activate, type Watermark } from "../../../src/reconciler/watermark.ts";
import { addAmounts } from "../../../src/reconciler/totals.ts";

const NOW = Date.UTC(2027, 0, 15, 12);
const HOUR = 3_600_000;

const run = (over: Partial<Running> = {}): Running => ({
  ...newRun(
    {
      id: "rec_1",
      origin: "operator",
      actor: "ada",
      from: NOW - 2 * HOUR,
      to: NOW - HOUR,
      dry_run: true,
      refund_events: "charge",
      gap: null,
    },
    NOW,
  ),
  ...over,
});
const started = (over: Partial<Running> = {}) => run({ started_at: NOW + 1, ...over });

describe("a run as operators see it", () => {
  it.each([
    ["not begun", run(), "waiting"],
    ["at work", started(), "walking"],
    ["between two tries", started({ next_try_at: NOW }), "backing_off"],
    ["all pages done", started({ walked: true, next_try_at: NOW }), "closing"],
    ["over", finish(started(), { status: "cancelled" }, NOW), "over"],
  ])("%s → phase %s", (_, given, phase) => {
    expect(viewOf(given).progress.phase).toBe(phase);
  });

  it("at work → its progress, and no end", () => {
    const given = started({
      pages: 2,
      events: 150,
      reached: NOW - HOUR,
      counts: { missing: 3 },
      failures: 2,
      last_failure: "stripe_unavailable",
      next_try_at: NOW + 5_000,
      cancel_requested: true,
    });
    const view = viewOf(given);
    expect(view).toMatchObject({
      id: "rec_1",
      status: "running",
      origin: "operator",
      actor: "ada",
      from: "2027-01-15T10:00:00.000Z",
      to: "2027-01-15T11:00:00.000Z",
      dry_run: true,
      created_at: "2027-01-15T12:00:00.000Z",
      started_at: "2027-01-15T12:00:00.001Z",
      finished_at: null,
      error: null,
      content_sha256: null,
      progress: {
        pages: 2,
        events: 150,
        reached: "2027-01-15T11:00:00.000Z",
        failures_in_a_row: 2,
        last_failure: "stripe_unavailable",
        next_try_at: "2027-01-15T12:00:05.000Z",
        cancel_requested: true,
      },
    });
    expect([view.counts.missing, view.counts.backfilled]).toEqual([3, 0]);
  });

  it("failed → why, in our words, and none of what only a run at work has", () => {
    const given = finish(
      started({ failures: 11, last_failure: "stripe_rejected", next_try_at: NOW, cancel_requested: true }),
      { status: "failed", error: "stripe_unauthorized" },
      NOW + HOUR,
    );
    expect(viewOf(given)).toMatchObject({
      status: "failed",
      finished_at: "2027-01-15T13:00:00.000Z",
      error: {
        code: "STRIPE_UNAUTHORIZED",
        message: expect.stringMatching(/^Stripe refused STRIPE_API_KEY/),
      },
      content_sha256: null,
      progress: { failures_in_a_row: 0, last_failure: null, next_try_at: null, cancel_requested: false },
    });
  });

  it("complete → its content's hash", () => {
    const given = finish(started(), { status: "complete", content_sha256: "abc" }, NOW);
    expect(viewOf(given)).toMatchObject({ status: "complete", content_sha256: "abc", error: null });
  });
});

describe("a report", () => {
  const page = { differences: [], next_cursor: "evt_1.missing." };

  it.each([
    ["all found are listed", { missing: 2, backfilled: 1 }, 3, false],
    ["more were found than are listed", { missing: 2, backfilled: 2 }, 3, true],
    ["ignored events, which are only counted", { missing: 3, ignored: 9 }, 3, false],
  ])("%s → truncated as said", (_, counts, listed, truncated) => {
    expect(reportOf(started({ counts, listed }), page).differences).toEqual({
      listed,
      truncated,
      first: [],
      next_cursor: "evt_1.missing.",
    });
  });

  it("a sum that differs → not balanced", () => {
    const sides = SIDES.map((side) => ({
      side,
      currency: "EUR",
      direction: "payin",
      status: "confirmed",
      amount_minor: "1",
    }));
    const balanced = started({ totals: addAmounts([], sides) });
    expect(reportOf(balanced, page)).toMatchObject({ balanced: true, totals: balanced.totals });
    expect(reportOf(started({ totals: addAmounts([], sides.slice(1)) }), page).balanced).toBe(false);
  });
});

describe("the watermark's status", () => {
  const bounds = { purged_before: 0, refund_events: "charge", refund_events_since: null } as const;
  const watermark = (over: Partial<Watermark> = {}): Watermark => ({
    ...activate(NOW - 10 * HOUR, "charge"),
    complete_up_to: NOW - 2 * HOUR,
    ...over,
  });

  it("never begun → nothing is claimed", () => {
    expect(watermarkStatus(null, bounds, true, NOW)).toEqual({
      configured: true,
      since: null,
      complete_up_to: null,
      behind_seconds: null,
      gaps: [],
      pending_gap: null,
      last_run: null,
    });
  });

  it("→ since when, up to when, how far behind in whole seconds, and the last run", () => {
    const last_run = { id: "rec_1", status: "complete", error: null, finished_at: NOW - 1 } as const;
    const given = watermark({
      complete_up_to: NOW - 1_999,
      last_run,
      gaps: [{ from: 0, to: HOUR, why: "too_late" }],
    });
    expect(watermarkStatus(given, bounds, false, NOW)).toEqual({
      configured: false,
      since: "2027-01-15T02:00:00.000Z",
      complete_up_to: "2027-01-15T11:59:58.001Z",
      behind_seconds: 1,
      gaps: [{ from: "1970-01-01T00:00:00.000Z", to: "1970-01-01T01:00:00.000Z", why: "too_late" }],
      pending_gap: null,
      last_run: { ...last_run, finished_at: "2027-01-15T11:59:59.999Z" },
    });
  });

  it("a clock that was set back → not behind, rather than ahead", () => {
    expect(watermarkStatus(watermark({ complete_up_to: NOW + 5 }), bounds, true, NOW).behind_seconds).toBe(0);
  });
});
