/**
 * What the Reconciler may hold: a run in each state that it can wake in, and with all that a run can keep.
 */
import type { Run } from "../../../src/reconciler/run.ts";
import { DAY, HOUR, T0 } from "../../support/records.ts";
import { cancelledRun, completeRun, failedRun, runningRun } from "../../support/runs.ts";

const SUM = { count: 1, amount_minor: "9007199254740993" };

/** An hourly run that has found something. */
const FOUND = {
  origin: "schedule",
  actor: null,
  gap: { from: T0 - DAY, to: T0 - HOUR, why: "too_late" },
  started_at: T0,
  pages: 2,
  events: 150,
  reached: T0 - HOUR,
  totals: [
    { currency: "USD", direction: "payin", status: "confirmed", stripe: SUM, clawsettle: SUM, ledger: SUM },
  ],
  counts: { backfilled: 1, money_without_event: 1 },
  listed: 2,
  account: { id: "acct_1", livemode: true },
  transactions: 100,
  settlements: 90,
  lines: [
    { currency: "USD", part: "moved", class: "", count: 1, amount_minor: "-1" },
    { currency: "USD", part: "booked", class: "payin", count: 1, amount_minor: "1" },
  ],
};

const POSITION = {
  starting_after: "evt_1",
  created_lt: T0 / 1_000,
  last_created: T0 / 1_000 - 1,
  seen: ["evt_1"],
};

export const RUNS: Readonly<Record<string, () => Run>> = {
  "running, waiting for its turn": () => runningRun(),
  "running, among the events": () =>
    runningRun({
      ...FOUND,
      cursor: POSITION,
      acting: { evt_1: "deliver", evt_2: "redeliver", evt_3: "poke" },
    }),
  "running, waiting for Stripe": () =>
    runningRun({
      ...FOUND,
      failures: 3,
      last_failure: "stripe_unavailable",
      next_try_at: T0 + HOUR,
      cancel_requested: true,
    }),
  "running, among balance transactions": () =>
    runningRun({ ...FOUND, walked: true, audit: { phase: "transactions", position: POSITION } }),
  "running, among settlements": () =>
    runningRun({ ...FOUND, walked: true, audit: { phase: "settlements", cursor: "c1" } }),
  "running, comparing": () =>
    runningRun({ ...FOUND, walked: true, audit: { phase: "comparing", after: "txn_1" } }),
  "running, what is left": () =>
    runningRun({ ...FOUND, walked: true, audit: { phase: "backing", after: ["pi_1", "payin"] } }),
  "running, to be closed": () => runningRun({ ...FOUND, walked: true, audit: { phase: "done" } }),
  complete: () => completeRun(),
  "complete, with findings": () => completeRun(FOUND),
  failed: () => failedRun({ ...FOUND, dry_run: true, error: "other_stripe_account" }),
  cancelled: () => cancelledRun(FOUND),
};
