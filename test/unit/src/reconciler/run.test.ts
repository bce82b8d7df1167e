import { describe, expect, it } from "vitest";
import { HOLDING, KINDS } from "../../../../src/reconciler/findings.ts";
import { finish, holdingOf, newRun, runSchema } from "../../../../src/reconciler/run.ts";
import { HOUR, T0 } from "../../../support/records.ts";
import { cancelledRun, completeRun, failedRun, RUN_ID, runningRun, SHA256 } from "../../../support/runs.ts";

describe("a new run", () => {
  it("as it was asked for → waits at the newest event, with nothing found", () => {
    const gap = { from: 1, to: 2, why: "too_late" } as const;
    const asked = {
      id: RUN_ID,
      origin: "schedule",
      actor: null,
      stripe_account: "acct_1",
      from: T0 - HOUR,
      to: T0,
      dry_run: true,
      gap,
    } as const;
    expect(newRun(asked, T0 + 5)).toEqual(runningRun({ ...asked, created_at: T0 + 5 }));
  });
});

describe("the end of a run", () => {
  const found = {
    started_at: T0 + 1,
    pages: 3,
    events: 250,
    reached: T0 - HOUR,
    counts: { missing: 2 },
    listed: 2,
    gap: { from: 1, to: 2, why: "too_late" },
  };
  const atWork = runningRun({
    ...found,
    walked: true,
    acting: { evt_1: "deliver" },
    failures: 11,
    last_failure: "stripe_unavailable",
    next_try_at: T0 + 9,
    cancel_requested: true,
  });

  it.each([
    ["complete", { status: "complete", content_sha256: SHA256 }, completeRun(found)],
    ["failed", { status: "failed", error: "internal" }, failedRun(found)],
    ["cancelled", { status: "cancelled" }, cancelledRun(found)],
  ] as const)("%s → what was found stays, what was under way is gone", (_, end, over) => {
    const finished = finish(atWork, end, T0 + HOUR);
    expect(finished).toEqual(over);
    expect(runSchema.parse(finished)).toEqual(finished);
  });
});

describe("events that hold the watermark", () => {
  it.each(KINDS)("%s → holds it just when nobody can say that it arrived", (kind) => {
    expect(holdingOf({ counts: { [kind]: 3 } })).toBe(HOLDING.includes(kind) ? 3 : 0);
  });

  it("several kinds → their sum; none → nothing", () => {
    expect(holdingOf({ counts: { missing: 2, expired: 3, backfilled: 70, ignored: 900 } })).toBe(5);
    expect(holdingOf({ counts: {} })).toBe(0);
  });
});
