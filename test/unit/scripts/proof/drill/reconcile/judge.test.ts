import { describe, expect, it } from "vitest";
import type { Evidence } from "../../../../../../scripts/proof/drill/reconcile/evidence.ts";
import { judgeReconciliation } from "../../../../../../scripts/proof/drill/reconcile/judge.ts";
import type { Report } from "../../../../../../scripts/sandbox/clients/reconciliations.ts";

/** The verdict itself is judged: a drill whose verdict sees nothing proves nothing. */

const PAYMENTS = [1, 2, 3, 4].map((n) => ({
  event_id: `evt_${n}`,
  account_id: "acc_1",
  amount_minor: 100 * n,
}));

function run(changes: Partial<Report> = {}): Report {
  const sum = { count: 4, amount_minor: "1000" };
  return {
    status: "complete",
    balanced: false,
    content_sha256: "x",
    progress: { pages: 1, events: 4 },
    counts: { mismatched: 1 },
    totals: [{ stripe: sum, clawsettle: sum }],
    differences: [{ event_id: "evt_2", kind: "mismatched" }],
    next_cursor: null,
    ...changes,
  };
}

const first = run({
  counts: { backfilled: 1, mismatched: 1 },
  differences: [
    { event_id: "evt_1", kind: "backfilled" },
    { event_id: "evt_2", kind: "mismatched" },
  ],
});

function evidence(changes: Partial<Evidence> = {}): Evidence {
  return {
    payments: PAYMENTS,
    live: [{ event_id: "evt_5", account_id: "acc_1", amount_minor: 7 }],
    lost: ["evt_1"],
    altered: ["evt_2"],
    runs: [first, run()],
    lateAnswers: [{ event_id: "evt_1", state: "forwarded", deduped: true }],
    balances: { acc_1: "1007" },
    requests: [{ event_id: "evt_1", bodies: 1 }],
    ...changes,
  };
}

describe("judgeReconciliation", () => {
  it("all as it must be → nothing to say", () => {
    expect(judgeReconciliation(evidence())).toEqual([]);
  });

  it.each<[string, Partial<Evidence>, string]>([
    [
      "a lost delivery that was not found",
      { runs: [run(), run()] },
      "first run: backfilled: 1 were not found",
    ],
    ["one backfilled that had arrived", { lost: [] }, "first run: backfilled: 1 too many"],
    ["one that is backfilled again", { runs: [first, first] }, "second run: backfilled: 1 too many"],
    ["a lie that was not found", { altered: ["evt_2", "evt_3"] }, "altered settlements: 1 were not found"],
    ["a lie that was none", { altered: [] }, "altered settlements: 1 too many"],
    ["a run that failed", { runs: [first, run({ status: "failed" })] }, "second run: it is failed"],
    [
      "events that were not looked at",
      { runs: [first, run({ progress: { pages: 1, events: 3 } })] },
      "it saw 3 events",
    ],
    ["a kind that must not be", { runs: [first, run({ counts: { expired: 1 } })] }, "1 expired"],
    ["sides called equal that are not", { runs: [first, run({ balanced: true })] }, "balanced is true"],
    [
      "a wrong sum",
      { payments: PAYMENTS.map((payment) => Object.assign({}, payment, { amount_minor: 1 })) },
      "sums to 1000, not 4",
    ],
    ["money too much", { balances: { acc_1: "1107" } }, "the ledger has 1107, Stripe says 1007"],
    [
      "a late delivery that was taken for new",
      { lateAnswers: [{ event_id: "evt_1", state: "forwarded", deduped: false }] },
      "was not a replay",
    ],
    ["bytes that changed", { requests: [{ event_id: "evt_1", bodies: 2 }] }, "2 different bodies"],
    ["no second run", { runs: [first] }, "there are not two runs"],
  ])("%s → said", (_, changes, line) => {
    expect(judgeReconciliation(evidence(changes)).join("\n")).toContain(line);
  });
});
