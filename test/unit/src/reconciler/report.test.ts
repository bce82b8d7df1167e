/** A run as operators see it, word by word where they act on the words. */
import { describe, expect, it } from "vitest";
import { KINDS } from "../../../../src/reconciler/findings.ts";
import {
  accountsBehind,
  reportOf,
  viewOf,
  type WatermarkFacts,
  watermarkStatus,
} from "../../../../src/reconciler/report.ts";
import { failureSchema } from "../../../../src/reconciler/run.ts";
import { activate, type Watermark } from "../../../../src/reconciler/watermark.ts";
import { boundsAt } from "../../../../src/reconciler/window.ts";
import { DAY, HOUR, T0 } from "../../../support/records.ts";
import {
  cancelledRun,
  completeRun,
  DIFFERENCE,
  failedRun,
  NEVER_RECONCILED,
  NOTHING_RECONCILED,
  RUN_ID,
  runningRun,
  SHA256,
} from "../../../support/runs.ts";

const iso = (ms: number) => new Date(ms).toISOString();
const AUDITING = { started_at: T0, walked: true };
const NONE = Object.fromEntries(KINDS.map((kind) => [kind, 0]));

describe("a run's view", () => {
  it("asked for a moment ago → it waits, and every kind of difference stands at zero", () => {
    expect(viewOf(runningRun())).toEqual({
      id: RUN_ID,
      status: "running",
      stripe_account: null,
      origin: "operator",
      actor: "ana",
      from: "2027-01-15T07:00:00.000Z",
      to: "2027-01-15T08:00:00.000Z",
      dry_run: false,
      account: null,
      created_at: "2027-01-15T08:00:00.000Z",
      started_at: null,
      finished_at: null,
      error: null,
      accepted: {},
      progress: {
        phase: "waiting",
        pages: 0,
        events: 0,
        transactions: 0,
        settlements: 0,
        reached: null,
        failures_in_a_row: 0,
        last_failure: null,
        next_try_at: null,
        cancel_requested: false,
      },
      content_sha256: null,
      counts: NONE,
    });
  });

  it.each([
    ["not begun", {}, "waiting"],
    ["not begun, and to be tried later", { next_try_at: T0 }, "waiting"],
    ["begun", { started_at: T0 }, "walking"],
    ["begun, and to be tried again later", { started_at: T0, next_try_at: T0 }, "backing_off"],
    ["all events walked", { started_at: T0, walked: true }, "auditing"],
    ["all events walked, and to be tried again", { ...AUDITING, next_try_at: T0 }, "backing_off"],
    ["all compared", { ...AUDITING, audit: { phase: "done" } }, "closing"],
    [
      "all compared, but the end failed",
      { ...AUDITING, audit: { phase: "done" }, next_try_at: T0 },
      "closing",
    ],
  ])("%s → phase %3$s", (_, fields, phase) => {
    expect(viewOf(runningRun(fields)).progress.phase).toBe(phase);
  });

  it("between two tries → how far it is, why it waits and until when", () => {
    const run = runningRun({
      started_at: T0 + 1,
      pages: 3,
      events: 250,
      reached: T0 - 2,
      failures: 4,
      last_failure: "ledger_unavailable",
      next_try_at: T0 + 3,
      cancel_requested: true,
      counts: { missing: 2 },
    });
    expect(viewOf(run)).toMatchObject({
      started_at: iso(T0 + 1),
      progress: {
        phase: "backing_off",
        pages: 3,
        events: 250,
        reached: iso(T0 - 2),
        failures_in_a_row: 4,
        last_failure: "ledger_unavailable",
        next_try_at: iso(T0 + 3),
        cancel_requested: true,
      },
      counts: { ...NONE, missing: 2 },
    });
  });

  it.each([
    ["complete", completeRun, { content_sha256: SHA256, error: null }],
    ["cancelled", cancelledRun, { content_sha256: null, error: null }],
    [
      "failed",
      failedRun,
      {
        content_sha256: null,
        error: {
          code: "INTERNAL",
          message: "Our own code failed at the same page again and again. The log says how.",
        },
      },
    ],
  ] as const)("%s → over, with when and what came of it", (status, run, facts) => {
    expect(viewOf(run({ pages: 3, events: 250, reached: T0 - 2 }))).toMatchObject({
      status,
      finished_at: iso(T0 + HOUR),
      ...facts,
      progress: {
        phase: "over",
        pages: 3,
        events: 250,
        reached: iso(T0 - 2),
        failures_in_a_row: 0,
        last_failure: null,
        next_try_at: null,
        cancel_requested: false,
      },
    });
  });

  it.each(failureSchema.options)("failed with %s → its code, and a sentence of its own", (error) => {
    const view = viewOf(failedRun({ error }));
    expect(view.error).toEqual({ code: error.toUpperCase(), message: expect.stringMatching(/^[A-Z].+\.$/) });
  });
});

describe("a run's report", () => {
  const key = "evt_1.mismatched.amount_minor";
  const page = { differences: [{ ...DIFFERENCE, key, amount: "0.01" }], next_cursor: key };
  const one = { count: 1, amount_minor: "5" };
  const money = { currency: "USD", direction: "payin", status: "confirmed" };
  const even = { ...money, stripe: one, clawsettle: one, ledger: one };

  it("complete → the view, the sums, and the first of the differences with where they go on", () => {
    const run = completeRun({ totals: [even], counts: { mismatched: 2 }, listed: 2 });
    expect(reportOf(run, page, null)).toEqual({
      ...viewOf(run),
      totals: [even],
      balanced: true,
      account_pinned: false,
      statements: [],
      differences_listed: 2,
      differences_truncated: false,
      ...page,
    });
  });

  it("the ledger holds less → not balanced", () => {
    const totals = [{ ...even, ledger: { count: 0, amount_minor: "0" } }];
    expect(reportOf(completeRun({ totals }), page, null).balanced).toBe(false);
  });

  it.each([
    ["nothing", {}, 0, false, {}],
    ["all of them listed", { missing: 2, mismatched: 1 }, 3, false, {}],
    ["one more than is listed", { missing: 2, mismatched: 2 }, 3, true, {}],
    ["ignored events, which are only counted", { missing: 2, ignored: 900 }, 2, false, {}],
    ["accepted ones, which are listed too", { missing: 1 }, 2, true, { orphan: 2 }],
  ])("%s → truncated: %4$s", (_, counts, listed, truncated, accepted) => {
    expect(reportOf(completeRun({ counts, accepted, listed }), page, null)).toMatchObject({
      differences_listed: listed,
      differences_truncated: truncated,
    });
  });
});

describe("a watermark that stands", () => {
  const THREE_HOURS_S = 3 * 3_600;

  it.each([
    ["three hours behind", true, THREE_HOURS_S, false],
    ["a second more", true, THREE_HOURS_S + 1, true],
    ["no longer configured, days behind", false, 20 * THREE_HOURS_S, false],
    ["that never began", true, null, false],
  ])("%s → behind: %4$s", (_, configured, behind_seconds, behind) => {
    const status = { configured, ...NOTHING_RECONCILED, behind_seconds };
    const connected = { ...NOTHING_RECONCILED, stripe_account: "acct_1", behind_seconds };
    expect(accountsBehind(status)).toEqual(behind ? [null] : []);
    expect(accountsBehind({ ...status, behind_seconds: 0, connected_accounts: [connected] })).toEqual(
      behind ? ["acct_1"] : [],
    );
  });
});

describe("the watermark, told", () => {
  const facts = (now: number, more: Partial<WatermarkFacts> = {}): WatermarkFacts => ({
    bounds: boundsAt(null, { retentionMs: 30 * DAY }, now),
    configured: true,
    pinned: null,
    now,
    ...more,
  });
  const NO_CONNECTED = new Map<string, null>();
  const known = (fields: Partial<Watermark> = {}): Watermark => ({ ...activate(T0), ...fields });

  it.each([true, false])("none yet, configured: %s → nothing is claimed", (configured) => {
    expect(watermarkStatus(null, NO_CONNECTED, facts(T0, { configured }))).toEqual({
      configured,
      ...NOTHING_RECONCILED,
    });
  });

  const PINNED = { id: "acct_1", livemode: false, actor: "ana", pinned_at: T0 };

  it("after runs → since when, up to when, how far behind, and what the last run said", () => {
    const last_run = { id: RUN_ID, status: "failed", error: "internal", finished_at: T0 + HOUR };
    const watermark = known({ complete_up_to: T0 + HOUR, last_run });
    const now = T0 + HOUR + 90_999;
    expect(watermarkStatus(watermark, new Map([["acct_2", null]]), facts(now, { pinned: PINNED }))).toEqual({
      configured: true,
      account: { ...PINNED, pinned_at: iso(T0) },
      since: iso(T0),
      complete_up_to: iso(T0 + HOUR),
      behind_seconds: 90,
      gaps: [],
      pending_gap: null,
      last_run: { ...last_run, finished_at: iso(T0 + HOUR) },
      connected_accounts: [{ stripe_account: "acct_2", ...NEVER_RECONCILED }],
    });
  });

  it("a clock that was set back → not behind, never a negative number", () => {
    expect(watermarkStatus(known(), NO_CONNECTED, facts(T0 - 5_000)).behind_seconds).toBe(0);
  });

  it("gaps, and one that still grows → from when to when, and why", () => {
    const gaps = [{ from: T0, to: T0 + 1, why: "too_late" as const }];
    const now = T0 + 31 * DAY;
    expect(watermarkStatus(known({ gaps }), NO_CONNECTED, facts(now, { configured: false }))).toMatchObject({
      configured: false,
      gaps: [{ from: iso(T0), to: iso(T0 + 1), why: "too_late" }],
      pending_gap: { from: iso(T0), to: iso(T0 + DAY + HOUR), why: "too_late" },
      last_run: null,
    });
  });
});
