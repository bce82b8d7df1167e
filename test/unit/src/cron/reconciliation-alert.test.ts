import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  behind,
  behindText,
  findingsText,
  isSilentForLong,
  readReconciliationNote,
  silentText,
  unreportedRuns,
} from "../../../../src/cron/reconciliation-alert.ts";
import { type Kind, KINDS, MEANINGS } from "../../../../src/reconciler/findings.ts";
import { viewOf } from "../../../../src/reconciler/report.ts";
import type { WatermarkStatus } from "../../../../src/reconciler/report-schema.ts";
import { HOUR, T0 } from "../../../support/records.ts";
import { completeRun, RUN_ID } from "../../../support/runs.ts";

const watermark = (fields: Partial<WatermarkStatus> = {}): WatermarkStatus => ({
  configured: true,
  account: null,
  since: "2027-01-01T00:00:00.000Z",
  complete_up_to: "2027-01-15T04:00:00.000Z",
  behind_seconds: 4 * 3_600,
  gaps: [],
  pending_gap: null,
  last_run: null,
  connected_accounts: [],
  ...fields,
});

describe("what was told, read back", () => {
  it.each([
    { run: null, behind: [], silent_since: null },
    { run: RUN_ID, behind: ["", "acct_1"], silent_since: T0 },
  ])("%j → the same", (note) => {
    expect(readReconciliationNote(note)).toEqual(note);
  });

  it.each([
    [true, [""]],
    [false, []],
  ])("as 1.0.0 stored it, behind: %s → %j", (stored, accounts) => {
    const note = { run: RUN_ID, behind: stored, silent_since: null };
    expect(readReconciliationNote(note)).toEqual({ ...note, behind: accounts });
  });

  it.each([
    undefined,
    null,
    "x",
    {},
    { run: RUN_ID, behind: true },
    { run: 1, behind: true, silent_since: null },
    { run: RUN_ID, behind: true, silent_since: 1.5 },
    { run: RUN_ID, behind: true, silent_since: null, more: true },
  ])("%j → nothing told: rather twice than never", (note) => {
    expect(readReconciliationNote(note)).toEqual({ run: null, behind: [], silent_since: null });
  });
});

describe("a watermark that stands", () => {
  it("no run yet → since when, in whole hours, and where to look", () => {
    expect(behindText("production", watermark({ behind_seconds: 5 * 3_600 - 1 }), [""])).toBe(
      "clawsettle production: events are known to be complete only up to 2027-01-15T04:00:00.000Z, 4 h ago.\nLook: /console/reconciliations",
    );
  });

  it("the last run failed → why, beside it", () => {
    const last_run = { id: RUN_ID, status: "failed", error: "stripe_unauthorized", finished_at: "x" };
    expect(behindText("staging", watermark({ last_run }), [""])).toBe(
      "clawsettle staging: events are known to be complete only up to 2027-01-15T04:00:00.000Z, 4 h ago. The last run failed: stripe_unauthorized.\nLook: /console/reconciliations",
    );
  });

  it("the last run was complete, and held it → no word of a failure", () => {
    const last_run = { id: RUN_ID, status: "complete", error: null, finished_at: "x" };
    expect(behindText("staging", watermark({ last_run }), [""])).toBe(
      behindText("staging", watermark(), [""]),
    );
  });

  it("a watermark that never began → never, without a strange number", () => {
    expect(behindText("staging", watermark({ complete_up_to: null, behind_seconds: null }), [""])).toContain(
      "complete only up to never, 0 h ago.",
    );
  });

  it("of connected accounts → each that stands is named, and a line says why of those asked for", () => {
    const { configured: _, account: __, connected_accounts: ___, ...late } = watermark();
    const last_run = { id: RUN_ID, status: "failed", error: "connected_account_refused", finished_at: "x" };
    const connected_accounts = [
      { ...late, stripe_account: "acct_away", last_run },
      { ...late, stripe_account: "acct_in_time", behind_seconds: 60 },
      { ...late, stripe_account: "acct_late" },
    ];
    const all = watermark({ behind_seconds: 60, connected_accounts });
    expect(behind(all)).toEqual(["acct_away", "acct_late"]);
    expect(behind({ ...all, behind_seconds: 4 * 3_600 })).toEqual(["", "acct_away", "acct_late"]);
    expect(behindText("staging", all, ["acct_away"])).toBe(
      "clawsettle staging: events of acct_away are known to be complete only up to 2027-01-15T04:00:00.000Z, 4 h ago. The last run failed: connected_account_refused.\nLook: /console/reconciliations",
    );
  });
});

describe("a Reconciler that does not answer", () => {
  it.each([
    ["it answers", null, false],
    ["silent for three hours", T0 - 3 * HOUR, false],
    ["silent for a millisecond more", T0 - 3 * HOUR - 1, true],
  ])("%s → told: %3$s", (_, since, told) => {
    expect(isSilentForLong(since, T0)).toBe(told);
  });

  it.each([
    [T0 - 4 * HOUR + 1, 3],
    [T0 - 4 * HOUR, 4],
    [null, 0],
  ])("since %s → %i h, and where to look", (since, hours) => {
    expect(silentText("production", since, T0)).toBe(
      `clawsettle production: the Reconciler has not answered for ${hours} h, so nobody knows whether events are missing.\nLook: /console`,
    );
  });
});

type Listed = Parameters<typeof unreportedRuns>[0][number];

const run = (id: string, fields: Partial<Listed> = {}): Listed => ({
  id,
  origin: "schedule",
  status: "complete",
  finished_at: new Date(T0 + Number(id) || 0).toISOString(),
  ...fields,
});
const idsOf = (runs: readonly Listed[]) => runs.map(({ id }) => id);

describe("runs that nobody was told of", () => {
  it.each([
    ["none was told", null, ["1", "2", "3"]],
    ["the first was told", "1", ["2", "3"]],
    ["the newest was told", "3", []],
    ["the told one is no longer listed", "0", ["1", "2", "3"]],
  ])("%s → %3$j, oldest first", (_, told, ids) => {
    expect(idsOf(unreportedRuns([run("3"), run("2"), run("1")], told))).toEqual(ids);
  });

  it.each(["complete", "failed", "cancelled"] as const)("an hourly run that is %s → told", (status) => {
    expect(idsOf(unreportedRuns([run("1", { status })], null))).toEqual(["1"]);
  });

  it.each<[string, Partial<Listed>]>([
    ["one that is not over", { status: "running" }],
    ["an operator's, who looks himself", { origin: "operator" }],
  ])("%s → not told", (_, fields) => {
    expect(unreportedRuns([run("2", fields)], null)).toEqual([]);
    expect(unreportedRuns([run("2", fields), run("1")], "1")).toEqual([]);
  });

  it("alerts are switched on after weeks → the last day's 24, the oldest of them first", () => {
    const newestFirst = Array.from({ length: 40 }, (_, i) => run(String(40 - i)));
    expect(idsOf(unreportedRuns(newestFirst, null))).toEqual(
      Array.from({ length: 24 }, (_, i) => String(17 + i)),
    );
  });

  it("whenever the sweep comes → each hourly run is told once, in the order in which they came", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10)), (passes) => {
        const newestFirst = [run("first")];
        const all: string[] = ["first"];
        const heard: string[] = ["first"];
        for (const [i, count] of passes.entries()) {
          const came = Array.from({ length: count }, (_, j) => `${i}.${j}`);
          all.push(...came);
          newestFirst.unshift(...came.map((id) => run(id)).toReversed());
          heard.push(...idsOf(unreportedRuns(newestFirst, heard.at(-1) ?? null)));
        }
        expect(heard).toEqual(all);
      }),
    );
  });
});

describe("what an hourly run has found", () => {
  const SILENT = new Set<Kind>(["healed", "open", "failed", "unmappable", "resolved", "ignored"]);
  const found = (counts: Partial<Record<Kind, number>>) =>
    findingsText("production", viewOf(completeRun({ counts, from: T0 - HOUR, to: T0 })));

  it.each(KINDS.map((kind) => [kind, SILENT.has(kind)] as const))("%s → silence: %s", (kind, silent) => {
    expect(found({ [kind]: 1 })?.split("\n") ?? null).toEqual(
      silent
        ? null
        : [
            "clawsettle production: the reconciliation of 2027-01-15T07:00:00.000Z to 2027-01-15T08:00:00.000Z found something.",
            `• 1 ${kind}: ${MEANINGS[kind]}`,
            `Look: /console/reconciliations/${RUN_ID}`,
          ],
    );
  });

  it("nothing → nobody hears of it", () => {
    expect(found({})).toBeNull();
  });

  it("several kinds → a line for each that must be heard, with its number", () => {
    expect(found({ missing: 2, ignored: 900, not_in_ledger: 31 })?.match(/^• \d+ \w+/gm)).toEqual([
      "• 2 missing",
      "• 31 not_in_ledger",
    ]);
  });
});
