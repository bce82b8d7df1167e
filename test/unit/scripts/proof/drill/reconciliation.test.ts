/**
 * The verdict on a reconciliation drill is tested: each way to break the
 * promise is planted, and must be found.
 */
import { describe, expect, it } from "vitest";
import { Random } from "../../../../../scripts/lib/random.ts";
import type { Evidence } from "../../../../../scripts/proof/drill/evidence.ts";
import { planReconciliation } from "../../../../../scripts/proof/drill/plan-reconciliation.ts";
import { reconciliationVerdict } from "../../../../../scripts/proof/drill/verdict/reconciliation.ts";
import type { Report } from "../../../../../src/reconciler/report-schema.ts";
import { perfectEvidence } from "./perfect.ts";

const plan = planReconciliation(new Random(1), { payments: 6, lost: 1, altered: 2 }, 1_800_000_000);
const lost = plan.lost[0]!;
const arrived = plan.arrived.find((event) => !plan.altered.includes(event))!;
const total = plan.payments.reduce((sum, { movement }) => sum + movement!.delta, 0n);

const events = [...plan.payments, ...plan.live];
const movements = events.map(({ movement }) => movement!);
const perfect = perfectEvidence({ events, movements, dids: plan.dids });
const sound: Evidence = { ...perfect, delivered: withFirsts(0) };

/** How often a delivery of the lost event was answered as new. */
function withFirsts(firsts: number): Evidence["delivered"] {
  return new Map([...perfect.delivered, [lost.id, { ...perfect.delivered.get(lost.id)!, firsts }]]);
}

const difference = ({ id }: { id: string }, kind: string) => ({ event_id: id, kind });
const altered = plan.altered.map((event) => difference(event, "mismatched"));

function run(changes: object = {}): Report {
  const sum = { count: 6, amount_minor: String(total) };
  const report: object = {
    status: "complete",
    balanced: false,
    progress: { pages: 1, events: 6 },
    counts: { mismatched: 2 },
    totals: [{ stripe: sum, clawsettle: sum }],
    differences: altered,
    ...changes,
  };
  return report as Report;
}

const second = run();
const first = run({
  counts: { mismatched: 2, backfilled: 1 },
  differences: [...altered, difference(lost, "backfilled")],
});

function said(runs: readonly Report[], evidence: Evidence = sound): string {
  const found = reconciliationVerdict(plan, runs, evidence);
  return found.map(({ about, what }) => `${about} ${what}`).join("\n");
}

describe("the verdict on a reconciliation drill", () => {
  it("all as it must be → nothing to say", () => {
    expect(said([first, second])).toBe("");
  });

  it("one that the first run delivered, and that is still open there → nothing to say", () => {
    const sum = { count: 6, amount_minor: String(total) };
    const settled = { count: 5, amount_minor: String(total - lost.movement!.delta) };
    const differences = [...first.differences, difference(lost, "open")];
    const open = { counts: { mismatched: 2, backfilled: 1, open: 1 }, differences };
    expect(said([run({ ...open, totals: [{ stripe: sum, clawsettle: settled }] }), second])).toBe("");
    expect(said([run(open), second])).toContain("sums clawsettle to");
  });

  it.each<[string, readonly Report[], string]>([
    [
      "one that is open in the second run",
      [first, run({ differences: [...altered, difference(lost, "open")] })],
      "is open in the second run",
    ],
    [
      "one that had arrived, and is open in the first run",
      [run({ differences: [...first.differences, difference(arrived, "open")] }), second],
      "is open in the first run",
    ],
    ["a lost delivery that was not found", [second, second], "the first run backfilled: 1 were not found"],
    [
      "one backfilled that had arrived",
      [run({ differences: [...first.differences, difference(arrived, "backfilled")] }), second],
      "the first run backfilled: 1 too many",
    ],
    ["one that is backfilled again", [first, first], "the second run backfilled: 1 too many"],
    [
      "an altered settlement that was not found",
      [first, run({ differences: altered.slice(1) })],
      "the second run altered settlements: 1 were not found",
    ],
    [
      "an altered settlement that is none",
      [first, run({ differences: [...altered, difference(arrived, "not_in_ledger")] })],
      "the second run altered settlements: 1 too many",
    ],
    ["a run that failed", [first, run({ status: "failed" })], "the second run is failed"],
    ["events that were not compared", [first, run({ progress: { pages: 1, events: 5 } })], "saw 5 events"],
    ["a kind that must not be", [first, run({ counts: { expired: 1 } })], "found 1 expired"],
    ["sides called equal that are not", [first, run({ balanced: true })], "says balanced: true"],
    [
      "a wrong sum",
      [first, run({ totals: [{ ...second.totals[0], stripe: { count: 6, amount_minor: "4" } }] })],
      `sums stripe to 4, not ${total}`,
    ],
    ["no second run", [first], "the drill has not two runs"],
  ])("%s → found", (_, runs, line) => {
    expect(said(runs)).toContain(line);
  });

  it("a late delivery that was taken for new → found", () => {
    const evidence = { ...sound, delivered: withFirsts(1) };
    expect(said([first, second], evidence)).toBe(`${lost.id} came late, and was not a replay`);
  });

  it("money too much on an account → found", () => {
    const [account, sums] = [...sound.balances].find(([, { USD }]) => USD !== undefined)!;
    const USD = String(BigInt(sums["USD"]!) + 100n);
    const evidence = { ...sound, balances: new Map([...sound.balances, [account, { USD }]]) };
    expect(said([first, second], evidence)).toContain(`${account} has ${USD} USD in the ledger`);
  });

  it("another body to the ledger for a lost event → found", () => {
    const again = sound.requests.find(({ idempotency_key }) => idempotency_key.endsWith(lost.id))!;
    const requests = [...sound.requests, { ...again, seq: sound.requests.length + 1, body_sha256: "other" }];
    expect(said([first, second], { ...sound, requests })).toContain(
      `${lost.id} was sent to the ledger with 2 payloads`,
    );
  });
});
