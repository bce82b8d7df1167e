import { describe, expect, it } from "vitest";
import {
  BEHIND_SECONDS,
  behindText,
  findingsText,
  isBehind,
  isSilentForLong,
  readReconciliationTold,
  silentText,
  untoldRuns,
} from "../../../src/alerts/reconciliation.ts";
import { type Kind, KINDS } from "../../../src/reconciler/findings.ts";
import type { WatermarkStatus } from "../../../src/reconciler/report.ts";

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;

const status = (over: Partial<WatermarkStatus> = {}): WatermarkStatus => ({
  configured: true,
  since: "2027-01-01T00:00:00.000Z",
  complete_up_to: "2027-01-15T00:00:00.000Z",
  behind_seconds: BEHIND_SECONDS,
  gaps: [],
  pending_gap: null,
  last_run: null,
  ...over,
});

describe("what was told before", () => {
  it.each([
    { run: null, behind: false, silent_since: null },
    { run: "rec_1", behind: true, silent_since: NOW },
  ])("%j → the same", (note) => {
    expect(readReconciliationTold(note)).toEqual(note);
  });

  it.each([
    undefined,
    null,
    "x",
    {},
    { run: "rec_1", behind: true },
    { run: "rec_1", behind: true, silent_since: null, more: 1 },
    { run: 1, behind: true, silent_since: null },
    { run: "rec_1", behind: true, silent_since: 1.5 },
  ])("%j, of another version → nothing told: rather twice than never", (note) => {
    expect(readReconciliationTold(note)).toEqual({ run: null, behind: false, silent_since: null });
  });
});

describe("a watermark that stands", () => {
  it.each([
    ["three hours behind", status(), false],
    ["a second more", status({ behind_seconds: BEHIND_SECONDS + 1 }), true],
    ["switched off", status({ behind_seconds: BEHIND_SECONDS + 1, configured: false }), false],
    ["never begun", status({ behind_seconds: null }), false],
  ])("%s → behind: %s", (_, given, behind) => {
    expect(isBehind(given)).toBe(behind);
  });

  it.each([
    ["no run yet", null, ""],
    ["the last run went well", run(null), ""],
    ["the last run failed", run("STRIPE_UNAUTHORIZED"), " The last run failed: STRIPE_UNAUTHORIZED."],
  ])("%s → since when, how long, and why if that is known", (_, last_run, why) => {
    const behind = status({ behind_seconds: 4 * 3_600 + 3_599, last_run });
    expect(behindText("production", behind)).toBe(
      `clawsettle production: events are known to be complete only up to 2027-01-15T00:00:00.000Z, 4 h ago.${why}\n` +
        "Look: /console/reconciliations",
    );
  });

  it("complete up to no time at all → never", () => {
    const text = behindText("staging", status({ complete_up_to: null, behind_seconds: null }));
    expect(text).toContain("complete only up to never, 0 h ago.");
  });

  function run(error: string | null) {
    return { id: "rec_1", status: "failed", error, finished_at: "2027-01-15T01:00:00.000Z" };
  }
});

describe("a Reconciler that does not answer", () => {
  it.each([
    ["it answers", null, false],
    ["since three hours", NOW - 3 * HOUR, false],
    ["since a millisecond more", NOW - 3 * HOUR - 1, true],
  ])("%s → long: %s", (_, since, long) => {
    expect(isSilentForLong(since, NOW)).toBe(long);
  });

  it("→ for how many whole hours, and what that means", () => {
    expect(silentText("staging", NOW - 5 * HOUR + 1, NOW)).toBe(
      "clawsettle staging: the Reconciler has not answered for 4 h, so nobody knows whether events are missing.\nLook: /console",
    );
    expect(silentText("staging", null, NOW)).toContain("for 0 h,");
  });
});

describe("runs of which nobody was told", () => {
  const runs = (...ids: string[]) =>
    ids.map((id) => ({ id, origin: "schedule" as const, status: "complete" as const }));
  const idsOf = (untold: readonly { id: string }[]) => untold.map(({ id }) => id);

  it.each([
    ["rec_1", ["rec_2", "rec_3"]],
    ["rec_3", []],
    ["one that is gone", ["rec_1", "rec_2", "rec_3"]],
    [null, ["rec_1", "rec_2", "rec_3"]],
  ])("told up to %s → the later ones, oldest first", (told, expected) => {
    expect(idsOf(untoldRuns(runs("rec_3", "rec_2", "rec_1"), told))).toEqual(expected);
  });

  it("never told, and more than a day of them → the last day's", () => {
    const all = runs(...Array.from({ length: 30 }, (_, i) => `rec_${30 - i}`));
    expect(idsOf(untoldRuns(all, null))).toEqual(Array.from({ length: 24 }, (_, i) => `rec_${7 + i}`));
  });

  it("an operator's, or one still at work → nobody waits to hear of it", () => {
    const given = [
      { id: "rec_4", origin: "schedule" as const, status: "running" as const },
      { id: "rec_3", origin: "operator" as const, status: "complete" as const },
      { id: "rec_2", origin: "schedule" as const, status: "failed" as const },
      { id: "rec_1", origin: "schedule" as const, status: "complete" as const },
    ];
    expect(idsOf(untoldRuns(given, null))).toEqual(["rec_1", "rec_2"]);
  });
});

describe("what a run has found", () => {
  const NOTHING = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>;
  const found = (counts: Partial<Record<Kind, number>>) =>
    findingsText("staging", {
      id: "rec_1",
      from: "2027-01-15T00:00:00.000Z",
      to: "2027-01-15T01:00:00.000Z",
      counts: { ...NOTHING, ...counts },
    });

  it("nothing, or only what stands in the list of events → nobody is told", () => {
    expect(found({})).toBeNull();
    expect(found({ healed: 1, open: 2, failed: 3, unmappable: 4, resolved: 5, ignored: 6 })).toBeNull();
  });

  it.each([
    "backfilled",
    "missing",
    "expired",
    "malformed",
    "unreachable",
    "conflicting",
    "mismatched",
    "not_in_ledger",
    "unverified",
  ] as const)("%s → told", (kind) => {
    expect(found({ [kind]: 1 })).toContain(`\n• 1 ${kind}: `);
  });

  it("two kinds → one line each, with its meaning, and where to look", () => {
    expect(found({ backfilled: 2, mismatched: 1, open: 9 })).toBe(
      [
        "clawsettle staging: the reconciliation of 2027-01-15T00:00:00.000Z to 2027-01-15T01:00:00.000Z found something.",
        "• 2 backfilled: clawsettle had never got it; this run delivered it",
        "• 1 mismatched: the ledger holds something else than clawsettle forwarded",
        "Look: /console/reconciliations/rec_1",
      ].join("\n"),
    );
  });
});
