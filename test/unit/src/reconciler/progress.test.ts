import { describe, expect, it } from "vitest";
import type { Finding, Judged } from "../../../../src/reconciler/findings.ts";
import { MAX_FAILURES } from "../../../../src/reconciler/retry-wait.ts";
import { afterFailure, afterPage } from "../../../../src/reconciler/progress.ts";
import { addAmounts } from "../../../../src/reconciler/totals.ts";
import { HOUR, SECOND, T0 } from "../../../support/records.ts";
import { ACCEPTANCE, differenceOf, failedRun, runningRun } from "../../../support/runs.ts";

const AMOUNT = {
  side: "stripe",
  currency: "USD",
  direction: "payin",
  status: "confirmed",
  amount_minor: "5",
} as const;
const POSITION = { starting_after: "evt_9", created_lt: null, last_created: 9, seen: ["evt_9"] };

const judged: Judged[] = [differenceOf("missing"), differenceOf("ignored"), differenceOf("missing")];
const findings: Finding[] = [
  { differences: [differenceOf("missing"), differenceOf("ignored")], amounts: [AMOUNT] },
  { differences: [differenceOf("missing")], amounts: [AMOUNT, { ...AMOUNT, side: "ledger" }] },
  { differences: [], amounts: [] },
];

describe("a page", () => {
  const page = {
    kind: "page",
    findings,
    names: [],
    backed: [],
    examined: ["evt_1", "evt_2", "evt_3"],
    position: POSITION,
    walked: false,
    reached: T0 - 7,
  } as const;

  it("the first → its events, sums and kinds are counted, and where it ended is kept", () => {
    const run = runningRun({ started_at: T0 });
    expect(afterPage(run, page, judged, 2)).toEqual(
      runningRun({
        started_at: T0,
        pages: 1,
        events: 3,
        reached: T0 - 7,
        totals: addAmounts(
          [],
          findings.flatMap(({ amounts }) => amounts),
        ),
        counts: { missing: 2, ignored: 1 },
        listed: 2,
        cursor: POSITION,
      }),
    );
  });

  it("what was begun is remembered until its event is examined", () => {
    const run = runningRun({ acting: { evt_1: "deliver", evt_9: "poke" } });
    expect(afterPage(run, page, judged, 2).acting).toEqual({ evt_9: "poke" });
  });

  it("one more → added to what was found before", () => {
    const first = afterPage(runningRun(), page, judged, 2);
    expect(afterPage(first, { ...page, walked: true, reached: T0 - 8 }, judged, 1)).toMatchObject({
      pages: 2,
      events: 6,
      reached: T0 - 8,
      totals: [{ stripe: { count: 4, amount_minor: "20" }, ledger: { count: 2, amount_minor: "10" } }],
      counts: { missing: 4, ignored: 2 },
      listed: 3,
      walked: true,
    });
    expect(first.counts).toEqual({ missing: 2, ignored: 1 });
  });

  it("what is accepted → is counted apart", () => {
    const found = [...judged, { ...differenceOf("mismatched"), accepted: ACCEPTANCE }];
    expect(afterPage(runningRun({ accepted: { mismatched: 2 } }), page, found, 4)).toMatchObject({
      counts: { missing: 2, ignored: 1 },
      accepted: { mismatched: 3 },
      listed: 4,
    });
  });

  it("after failures → they are forgotten, and so is what the run did about the page", () => {
    const run = runningRun({
      failures: 11,
      last_failure: "ledger_unavailable",
      next_try_at: T0,
      acting: { evt_1: "deliver" },
    });
    expect(afterPage(run, page, judged, 0)).toMatchObject({
      failures: 0,
      last_failure: null,
      next_try_at: null,
      acting: {},
    });
  });
});

describe("a page that failed", () => {
  const moment = { now: T0, random: 0 };
  /** A retry must not deliver anew what this run has already delivered. */
  const found = {
    pages: 4,
    events: 9,
    counts: { missing: 1 },
    acting: { evt_1: "deliver" },
    cursor: POSITION,
  };

  it("the first time → the same page again, soon; nothing that was found is lost", () => {
    expect(afterFailure(runningRun(found), "stripe_unavailable", null, moment)).toEqual(
      runningRun({
        ...found,
        failures: 1,
        last_failure: "stripe_unavailable",
        next_try_at: T0 + 2.5 * SECOND,
      }),
    );
  });

  it("again → later, with the newest reason", () => {
    const run = runningRun({ failures: 1, last_failure: "stripe_unavailable" });
    expect(afterFailure(run, "ledger_unavailable", null, moment)).toMatchObject({
      failures: 2,
      last_failure: "ledger_unavailable",
      next_try_at: T0 + 5 * SECOND,
    });
  });

  it("Retry-After → not before it; chance → later", () => {
    expect(afterFailure(runningRun(), "stripe_unavailable", 60_000, moment)).toMatchObject({
      next_try_at: T0 + 60_000,
    });
    expect(afterFailure(runningRun(), "stripe_unavailable", null, { now: T0, random: 0.5 })).toMatchObject({
      next_try_at: T0 + 3_750,
    });
  });

  it("too often in a row → the run has failed, for that reason, with what it had found", () => {
    const run = runningRun({ ...found, failures: MAX_FAILURES - 1 });
    const { pages, events, counts } = run;
    expect(afterFailure(run, "internal", null, { now: T0 + HOUR, random: 0 })).toEqual(
      failedRun({ pages, events, counts, error: "internal", finished_at: T0 + HOUR }),
    );
  });
});
