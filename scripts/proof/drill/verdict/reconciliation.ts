/** The verdict on a reconciliation drill: what its two runs found, then what holds for any drill. Pure. */
import type { Report } from "../../../../src/reconciler/report-schema.ts";
import type { HistoryEvent } from "../../histories/history.ts";
import type { Evidence } from "../evidence.ts";
import type { ReconciliationPlan } from "../plan-reconciliation.ts";
import type { Disagree, Disagreement } from "./disagreement.ts";
import { verdict } from "./verdict.ts";

/** As what an altered settlement is found. */
const ALTERED_SHOW_AS = ["mismatched", "not_in_ledger"];

export function reconciliationVerdict(
  plan: ReconciliationPlan,
  [first, second]: readonly Report[],
  evidence: Evidence,
): Disagreement[] {
  const found = verdict(evidence);
  const disagree: Disagree = (about, what) => void found.push({ about, what });
  if (first === undefined || second === undefined) disagree("the drill", "has not two runs");
  else {
    checkRun("the first run", first, plan, plan.lost, disagree);
    checkRun("the second run", second, plan, [], disagree);
  }
  for (const { id } of plan.lost) {
    if (evidence.delivered.get(id)?.firsts !== 0) disagree(id, "came late, and was not a replay");
  }
  return found;
}

function checkRun(
  name: string,
  run: Report,
  { payments, altered }: ReconciliationPlan,
  backfilled: readonly HistoryEvent[],
  disagree: Disagree,
): void {
  const found = (kinds: readonly string[]) =>
    new Set(
      run.differences.flatMap(({ event_id, kind }) =>
        event_id !== null && kinds.includes(kind) ? event_id : [],
      ),
    );
  if (run.status !== "complete") disagree(name, `is ${run.status}`);
  if (run.progress.events !== payments.length) disagree(name, `saw ${run.progress.events} events`);
  compare(found(["backfilled"]), backfilled, (what) => disagree(name, `backfilled: ${what}`));
  compare(found(ALTERED_SHOW_AS), altered, (what) => disagree(name, `altered settlements: ${what}`));
  // Delivered by the run, and not settled yet: it heals by itself, and the next run finds none.
  const open = found(["open"]);
  const delivered = new Set(backfilled.map(({ id }) => id));
  for (const id of open) if (!delivered.has(id)) disagree(id, `is open in ${name}`);
  for (const [kind, count] of Object.entries(run.counts)) {
    if (count === 0 || ["backfilled", "open", ...ALTERED_SHOW_AS].includes(kind)) continue;
    disagree(name, `found ${count} ${kind}, of which there are none`);
  }
  if (run.balanced !== (altered.length === 0)) disagree(name, `says balanced: ${String(run.balanced)}`);
  const settled = payments.filter(({ id }) => !open.has(id));
  for (const [side, truth] of [
    ["stripe", sumOf(payments)],
    ["clawsettle", sumOf(settled)],
  ] as const) {
    const sum = run.totals.reduce((total, one) => total + BigInt(one[side].amount_minor), 0n);
    if (sum !== truth) disagree(name, `sums ${side} to ${sum}, not ${truth}`);
  }
}

function sumOf(events: readonly HistoryEvent[]): bigint {
  return events.reduce((sum, { movement }) => sum + (movement?.delta ?? 0n), 0n);
}

function compare(
  found: ReadonlySet<string>,
  wanted: readonly HistoryEvent[],
  disagree: (what: string) => void,
): void {
  const ids = new Set(wanted.map(({ id }) => id));
  const missing = [...ids].filter((id) => !found.has(id));
  const extra = [...found].filter((id) => !ids.has(id));
  if (missing.length > 0) disagree(`${missing.length} were not found, ${missing[0]} among them`);
  if (extra.length > 0) disagree(`${extra.length} too many, ${extra[0]} among them`);
}
