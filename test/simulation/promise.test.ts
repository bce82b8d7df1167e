/**
 * The promise under faults: every money movement reaches the ledger once, or stands before an operator. A
 * seed that fails here is described by `npm run simulate -- --seed <n>`.
 */
import { expect, test } from "vitest";
import { STATEMENTS } from "../../scripts/sandbox/ledger/statements.ts";
import { isProof } from "../support/effort.ts";
import { describeHistory } from "./describe-history.ts";
import { LEDGER_FAULTS } from "./fault-plan.ts";
import { runHistory } from "./run-history.ts";
import { runMany } from "./simulate-many.ts";

const HISTORIES = isProof ? 2_000 : 200;

/** So few histories need not have a request that dies right after these. */
const SELDOM_LAST: ReadonlySet<string> = new Set(["update_status", "delete_settlement", "restore_status"]);

/** A simulation in which these never happen proves less than it claims. */
const MUST_HAPPEN = [
  ...under("crash event: ", [
    "before a commit, after a commit, before a save, before setting the alarm, before clearing the alarm",
    "before reading the alarm, after reading the alarm, before the turn, during the turn, after the turn",
    "before the look-up, during the look-up, after the look-up, before the publish, after the publish",
    "before closing the movement, during closing the movement, after closing the movement, before the answer to a resolve",
    "before the purge, after the purge, before the answer to a delivery, before the answer to a poke, before the answer to a retry",
    "before the answer to the alarm, before the answer to an inspection",
  ]),
  ...under("crash lane: ", [
    "before a save, before a commit, after a commit, before the ingest, during the ingest, after the ingest",
    "before the read-back, during the read-back, after the read-back, at a timer, before the answer to a turn",
    "before the answer to a look at a movement, before the answer to closing a movement",
  ]),
  ...under("fault: ledger ", LEDGER_FAULTS),
  ...under("fault: ", [
    "alarm late, alarm days late, alarm lost, alarm lost for good, alarm twice, alarm unasked, slow commit",
    "index refuses, index hangs, index late, index loses answer, ledger outage",
    "silence, overtaken, same moment, lost reply, worker crash",
    "Stripe's API fails, Stripe's API slow, Stripe's API refuses",
  ]),
  ...under("forgotten, then ", ["redelivery, inspection, retry"]),
  ...under("end: ", ["forwarded, ignored, resolved"]),
  "end: failed, ledger",
  "end: failed, currency",
  "end: failed, unmappable",
  ...under("answer: ", ["ok, ledger_ingest_failed, event_conflict"]),
  ...under("outcome: ", [
    "accepted, rejected, unavailable, unknown, unproven, busy, overtaken, movement_resolved",
  ]),
  ...under("ignored: ", [
    "authorization_released, payout_overtaken, refund_not_moved, dispute_moved_nothing",
  ]),
  ...under("repair: ", ["event added, effect completed, settlement removed"]),
  ...under(
    "died after ",
    STATEMENTS.filter((statement) => !SELDOM_LAST.has(statement)),
  ),
  ...under("", ["rescues, resends, purges, contradictions, not mapped yet, operator resolves, assignments"]),
  "questions to Stripe's API",
];

function under(prefix: string, names: readonly string[]): string[] {
  return names.flatMap((line) => line.split(", ")).map((name) => `${prefix}${name}`);
}

test(`${HISTORIES} histories under every fault: no promise is broken`, { timeout: 240_000 }, async () => {
  const { failed, runs, counts } = await runMany({ from: 1, runs: HISTORIES, most: 1 });
  const [first] = failed;
  if (first !== undefined) {
    throw new Error(describeHistory(await runHistory(first.seed, { keepsLog: true }), { whole: false }));
  }
  expect(runs).toBe(HISTORIES);
  // In a few histories the rarest need not happen.
  const missing = isProof ? MUST_HAPPEN.filter((name) => !counts.has(name)) : [];
  expect(missing).toEqual([]);
});

test("a seed gives the same history each time, with its log or without", async () => {
  const first = await runHistory(7, { keepsLog: true });
  const again = await runHistory(7, { keepsLog: true });
  const without = await runHistory(7);
  expect(again.log).toEqual(first.log);
  expect(first.log?.length).toBeGreaterThan(100);
  expect(without.counts).toEqual(first.counts);
});

test("neighbouring seeds give different histories", async () => {
  const [one, two] = [await runHistory(8, { keepsLog: true }), await runHistory(9, { keepsLog: true })];
  expect(one.log).not.toEqual(two.log);
});

test("the platform's clock and randomness are given back", async () => {
  const before = [Date.now, Math.random, crypto.getRandomValues, crypto.subtle.digest];
  await runHistory(1);
  expect([Date.now, Math.random, crypto.getRandomValues, crypto.subtle.digest]).toEqual(before);
  expect(Math.abs(Date.now() - performance.timeOrigin - performance.now())).toBeLessThan(60_000);
});
