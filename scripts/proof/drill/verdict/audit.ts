/**
 * The verdict on an audit drill: exactly what went wrong is found, by kind and by
 * payment, and every sum adds up. Pure.
 */
import type { Kind } from "../../../../src/reconciler/findings.ts";
import type { Report } from "../../../../src/reconciler/report-schema.ts";
import type { AuditOptions, AuditPlan, Paid } from "../plan-audit.ts";
import type { Disagree, Disagreement } from "./disagreement.ts";

type Wanted = Partial<Record<Kind, readonly string[]>>;

/** They need no operator, or end by themselves. */
const HARMLESS: ReadonlySet<Kind> = new Set(["ignored", "open", "healed"] as const);

export function auditVerdict(
  plan: AuditPlan,
  options: AuditOptions,
  [first, second, repaired, accepted]: readonly Report[],
): Disagreement[] {
  const found: Disagreement[] = [];
  const disagree: Disagree = (about, what) => void found.push({ about, what });
  const beyondRepair: Wanted = {
    orphan: Array.from({ length: options.invented }, (_, n) => `pi_invented${n}`),
    booked_twice: plan.twice.map(({ charge }) => charge),
  };
  const misread = plan.misread.map(({ refund }) => refund);
  const wrong: Wanted = {
    ...beyondRepair,
    mismatched: intents(plan.altered),
    booked_differently: [...intents(plan.altered), ...misread],
    money_without_event: intents(plan.never),
    without_effect: intents(plan.effectless),
  };
  // A payment has two events of the types that are listed, and its charge's own names none.
  const backfilled = plan.lost.flatMap(({ events }) => events.map(({ id }) => id));
  check("the first run", first, { ...wrong, backfilled }, plan, disagree);
  check("the second run", second, wrong, plan, disagree);
  // The ledger is right again; what clawsettle has recorded of them is as it was.
  const stays: Wanted = { ...beyondRepair, mismatched: misread };
  check("the run after the repair", repaired, stays, plan, disagree);
  check("the run after all is accepted", accepted, stays, plan, disagree);
  const left = Object.entries(accepted?.counts ?? {}).filter(
    ([kind, count]) => count > 0 && !HARMLESS.has(kind as Kind),
  );
  if (left.length > 0) disagree("the run after all is accepted", `counts ${JSON.stringify(left)}`);
  for (const { currency, unexplained_minor } of repaired?.statements ?? []) {
    if (unexplained_minor !== "0")
      disagree(currency, `has ${unexplained_minor} unexplained after the repair`);
  }
  return found;
}

function intents(paid: readonly Paid[]): string[] {
  return paid.map(({ intent }) => intent);
}

function check(
  name: string,
  run: Report | undefined,
  wanted: Wanted,
  plan: AuditPlan,
  disagree: Disagree,
): void {
  if (run?.status !== "complete")
    return disagree(name, `is ${run?.status ?? "missing"}: ${run?.error?.code ?? ""}`);
  const kinds = new Set([...run.differences.map(({ kind }) => kind), ...(Object.keys(wanted) as Kind[])]);
  for (const kind of kinds) {
    if (HARMLESS.has(kind)) continue;
    const ids = run.differences.flatMap((each) =>
      each.kind === kind ? (kind === "backfilled" ? each.event_id : each.payment_id) : [],
    );
    const [theirs, ours] = [ids.map(String).sort().join(), (wanted[kind] ?? []).toSorted().join()];
    if (theirs !== ours) disagree(name, `found as ${kind}: ${theirs || "none"}; it is ${ours || "none"}`);
  }
  const { transactions } = plan.stripe;
  if (run.progress.transactions !== transactions.length)
    disagree(name, `walked ${run.progress.transactions} transactions`);
  for (const statement of run.statements) {
    const its = transactions.filter(({ currency }) => currency.toUpperCase() === statement.currency);
    const moved = String(its.reduce((sum, { net }) => sum + net, 0));
    if (statement.moved_minor !== moved)
      disagree(name, `says ${statement.currency} moved ${statement.moved_minor}, not ${moved}`);
    if (statement.difference_minor !== "0") disagree(name, `does not add up in ${statement.currency}`);
  }
  if (run.statements.length !== new Set(transactions.map(({ currency }) => currency)).size)
    disagree(name, "has not every currency");
}
