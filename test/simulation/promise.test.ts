/**
 * The promise under faults: every money movement reaches the ledger once, or stands before an operator. A seed that
 * fails here is told in full by `npm run simulate -- --seed <n>`.
 */
import { expect, test } from "vitest";
import { runHistory } from "./history.ts";
import { runMany } from "./simulate-many.ts";
import { tell } from "./describe-history.ts";
import { LEDGER_FAULTS } from "./faults.ts";

const HISTORIES = 2_000;

/** A simulation in which these never happen proves less than it says. */
const MUST_HAPPEN = [
  ...under("crash ", [
    "before a commit, after a commit, before a save, before setting the alarm, before clearing the alarm",
    "before reading the alarm, after reading the alarm, before the ledger request, after the ledger request",
    "before the look-up, after the look-up, before the publish, after the publish, before the purge",
    "after the purge, before the answer to a delivery, before the answer to a poke, before the answer to a retry",
    "before the answer to the alarm, before the answer to a look",
  ]),
  ...under("fault: ledger ", LEDGER_FAULTS),
  ...under("fault: ", [
    "alarm late, alarm days late, alarm lost, alarm twice, alarm unasked, slow commit",
    "index refuses, index hangs, index late, index loses answer, ledger outage",
    "silence, overtaken, same moment, lost reply, worker crash",
  ]),
  ...under("end: ", ["failed, forwarded, ignored, resolved"]),
  ...under("answer: ", ["ok, ledger_ingest_failed, event_conflict"]),
  ...under("", ["rescues, resends, purges, contradictions, not mapped yet, operator resolves"]),
];

function under(prefix: string, names: readonly string[]): string[] {
  return names.flatMap((line) => line.split(", ")).map((name) => `${prefix}${name}`);
}

test(`${HISTORIES} histories under every fault: no promise is broken`, { timeout: 240_000 }, async () => {
  const { failed, runs, counts } = await runMany({ from: 1, runs: HISTORIES, most: 1 });
  const [first] = failed;
  if (first !== undefined) {
    throw new Error(tell(await runHistory(first.seed, { tells: true }), { whole: false }));
  }
  expect(runs).toBe(HISTORIES);
  expect(MUST_HAPPEN.filter((name) => !counts.has(name))).toEqual([]);
});

test("a seed gives the same history each time, told or not", async () => {
  const told = await runHistory(7, { tells: true });
  const again = await runHistory(7, { tells: true });
  const untold = await runHistory(7);
  expect(again.diary).toEqual(told.diary);
  expect(told.diary?.length).toBeGreaterThan(100);
  expect(untold.counts).toEqual(told.counts);
});

test("neighbouring seeds give different histories", async () => {
  const [one, two] = [await runHistory(8, { tells: true }), await runHistory(9, { tells: true })];
  expect(one.diary).not.toEqual(two.diary);
});

test("the platform's clock and randomness are given back", async () => {
  const before = [Date.now, Math.random, crypto.getRandomValues, crypto.subtle.digest];
  await runHistory(1);
  expect([Date.now, Math.random, crypto.getRandomValues, crypto.subtle.digest]).toEqual(before);
  expect(Math.abs(Date.now() - performance.timeOrigin - performance.now())).toBeLessThan(60_000);
});
