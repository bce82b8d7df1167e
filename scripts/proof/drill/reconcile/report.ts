/** A reconciliation drill in numbers, and as Markdown. Pure. */
import type { ReconcileResult } from "./drill.ts";

const LISTED = 20;

export function reconcileNumbers({ options, evidence, runSeconds, seconds }: ReconcileResult) {
  const [first, second] = evidence.runs;
  return {
    payments: options.events,
    lost: options.lost,
    altered: options.altered,
    kills: options.kills,
    stripe_faults: options.faults ? "429 or 500 on one page in five" : "none",
    live_payments: evidence.live.length,
    first_run: { seconds: rounded(runSeconds[0]), ...foundBy(first) },
    second_run: { seconds: rounded(runSeconds[1]), ...foundBy(second) },
    late_deliveries_that_were_replays: evidence.lateAnswers.filter(({ deduped }) => deduped === true).length,
    balances_compared: Object.keys(evidence.balances).length,
    seconds: rounded(seconds),
  };
}

function foundBy(run: ReconcileResult["evidence"]["runs"][number] | undefined) {
  const found = Object.entries(run?.counts ?? {}).filter(([, count]) => count > 0);
  return {
    pages: run?.progress.pages ?? 0,
    events: run?.progress.events ?? 0,
    found: Object.fromEntries(found),
  };
}

export function reconcileReport(result: ReconcileResult): string {
  const numbers = reconcileNumbers(result);
  const { first_run: first, second_run: second } = numbers;
  const rows: [string, string][] = [
    [
      "payments at Stripe, of them lost, altered at the ledger",
      `${numbers.payments}, ${numbers.lost}, ${numbers.altered}`,
    ],
    ["kills during the first run", String(numbers.kills)],
    ["Stripe's faults", numbers.stripe_faults],
    ["payments delivered meanwhile", String(numbers.live_payments)],
    ["first run", `${first.seconds} s, ${first.pages} pages, found ${JSON.stringify(first.found)}`],
    ["second run", `${second.seconds} s, ${second.pages} pages, found ${JSON.stringify(second.found)}`],
    ["lost deliveries that came late, and were replays", String(numbers.late_deliveries_that_were_replays)],
    ["accounts whose balance is Stripe's truth", String(numbers.balances_compared)],
    ["disagreements", String(result.disagreements.length)],
  ];
  return [
    `### Reconciliation drill: ${result.disagreements.length === 0 ? "all agree" : "DISAGREEMENT"} (seed ${result.options.seed}, ${numbers.seconds} s)`,
    "",
    "| | |",
    "|---|---|",
    ...rows.map(([name, value]) => `| ${name} | ${value} |`),
    ...result.disagreements.slice(0, LISTED).map((line) => `\n- ${line}`),
  ].join("\n");
}

function rounded(seconds: number | undefined): number {
  return Math.round((seconds ?? 0) * 10) / 10;
}
