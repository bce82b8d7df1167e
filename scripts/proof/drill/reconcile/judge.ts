/** The verdict over a reconciliation drill. Pure. */
import type { Report } from "../../../sandbox/clients/reconciliations.ts";
import type { Evidence } from "./evidence.ts";

/** What a run may find besides: each stands for the work it did, or for a lie it has found. */
const LIES_SHOW_AS = ["mismatched", "not_in_ledger"];

/** One line for each thing that is not as it must be; none: all is. */
export function judgeReconciliation(evidence: Evidence): string[] {
  const [first, second] = evidence.runs;
  if (first === undefined || second === undefined) return ["there are not two runs"];
  return [
    ...judgeRun("first run", first, evidence, evidence.lost),
    ...judgeRun("second run", second, evidence, []),
    ...judgeBalances(evidence),
    ...evidence.lateAnswers
      .filter(({ state, deduped }) => state !== "forwarded" || deduped !== true)
      .map(({ event_id }) => `${event_id}: its late delivery was not a replay`),
    ...evidence.requests
      .filter(({ bodies }) => bodies !== 1)
      .map(({ event_id, bodies }) => `${event_id}: the ledger saw ${bodies} different bodies`),
  ];
}

function judgeRun(
  name: string,
  run: Report,
  { payments, altered }: Evidence,
  backfilled: readonly string[],
): string[] {
  const says = (line: string) => `${name}: ${line}`;
  const found = (kinds: readonly string[]) =>
    run.differences.flatMap(({ event_id, kind }) => (kinds.includes(kind) ? event_id : []));
  const strange = Object.entries(run.counts).filter(
    ([kind, count]) => count > 0 && kind !== "backfilled" && !LIES_SHOW_AS.includes(kind),
  );
  const sum = payments.reduce((total, { amount_minor }) => total + amount_minor, 0);
  return [
    ...(run.status === "complete" ? [] : [says(`it is ${run.status}`)]),
    ...(run.progress.events === payments.length ? [] : [says(`it saw ${run.progress.events} events`)]),
    ...sameSet(found(["backfilled"]), backfilled, says("backfilled")),
    ...sameSet(found(LIES_SHOW_AS), altered, says("altered settlements")),
    ...strange.map(([kind, count]) => says(`${count} ${kind}, of which there are none`)),
    ...(run.balanced === (altered.length === 0) ? [] : [says(`balanced is ${String(run.balanced)}`)]),
    ...(["stripe", "clawsettle"] as const).flatMap((side) => {
      const told = run.totals.reduce((total, one) => total + BigInt(one[side].amount_minor), 0n);
      return told === BigInt(sum) ? [] : [says(`${side} sums to ${told}, not ${sum}`)];
    }),
  ];
}

function judgeBalances({ payments, live, balances }: Evidence): string[] {
  const owed = new Map<string, number>();
  for (const { account_id, amount_minor } of [...payments, ...live]) {
    owed.set(account_id, (owed.get(account_id) ?? 0) + amount_minor);
  }
  return Object.entries(balances).flatMap(([account, balance]) =>
    balance === String(owed.get(account) ?? 0)
      ? []
      : [`${account}: the ledger has ${balance}, Stripe says ${owed.get(account) ?? 0}`],
  );
}

function sameSet(found: readonly string[], wanted: readonly string[], what: string): string[] {
  const unique = new Set(found);
  const missing = wanted.filter((id) => !unique.has(id));
  const extra = [...unique].filter((id) => !wanted.includes(id));
  return [
    ...(missing.length > 0 ? [`${what}: ${missing.length} were not found, ${missing[0]} among them`] : []),
    ...(extra.length > 0 ? [`${what}: ${extra.length} too many, ${extra[0]} among them`] : []),
  ];
}
