/**
 * The reconciliation drill: thousands of payments at Stripe, of which some never reached clawsettle and some
 * were changed at the ledger without any event. A reconciliation must find exactly these, also when it
 * is killed again and again, Stripe answers badly, and deliveries go on. A second one must find nothing to
 * do. At last the changes are undone, the lost deliveries come after all, and Stripe, clawsettle and the
 * ledger must agree on every payment.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { PlainError } from "../../lib/failure.ts";
import { pollUntil } from "../../lib/poll.ts";
import { Random } from "../../lib/random.ts";
import type { SandboxStripe } from "../../sandbox/clients/sandbox-stripe.ts";
import type { HistoryEvent } from "../histories/history.ts";
import { type DrillStack, openAccounts, withDrillStack } from "./drill-stack.ts";
import { gatherEvidence } from "./evidence.ts";
import { planReconciliation, type ReconciliationPlan } from "./plan-reconciliation.ts";
import { untilHealed } from "./until-healed.ts";
import { reconciliationVerdict } from "./verdict/reconciliation.ts";

interface ReconcileOptions {
  readonly payments: number;
  readonly lost: number;
  readonly altered: number;
  readonly kills: number;
  /** 429 and 500 from Stripe, together on one page in five. */
  readonly faults: boolean;
  readonly seed: number;
}

export type ReconcileResult = Awaited<ReturnType<typeof reconcileDrill>>;

/** Of a payment's object, what was settled. */
interface PaidIntent {
  readonly id: string;
  readonly amount_received: number;
  readonly metadata: { readonly account_id: string };
}

const SENDER = { firstGapMs: 500, longestGapMs: 5_000, connections: 32 };
const PAGE = { timeoutMs: 120_000, everyMs: 50 };
/** Into the next page: its events are being asked, delivered, compared. */
const KILL_DELAY_MS = [0, 600] as const;
const LIVE_GAP_MS = 20;
/** Of what has arrived. */
const EVERY_NTH_COMES_AGAIN = 4;

/** One way of changing a settlement for each, in turn. */
const ALTERATIONS = [
  { amount_minor: "1" },
  { currency: "XAF" },
  { account_id: "acc_somebody_else" },
  { status: "failed" },
] as const;

export async function reconcileDrill(options: ReconcileOptions, say: (line: string) => void) {
  const startedAt = performance.now();
  const { seed } = options;
  const vars = { LEDGER_TIMEOUT_MS: "5000" };
  return withDrillStack({ withStripe: true, vars, sender: { ...SENDER, seed } }, async (drill) => {
    const { stripe, sender, sandbox } = drill;
    if (stripe === null) throw new PlainError("The sandbox Stripe was not started.");
    const plan = planReconciliation(new Random(seed), options, Math.floor(Date.now() / 1000));
    await deliverAndAlter(drill, stripe, plan, say);
    const events = [...plan.payments, ...plan.live];
    const first = await firstRun(drill, stripe, plan, options, say);
    // What the run has delivered may still wait for the lane of its account,
    // which a kill has closed for a while.
    await untilHealed(drill, events, false);
    const second = await timedRun(drill, plan);
    say(`second run: ${second.seconds.toFixed(1)} s`);
    const runs = [first, second];
    for (const { body } of plan.altered) {
      const { id, amount_received, metadata } = body.data.object as unknown as PaidIntent;
      const was = { ...metadata, currency: "USD", amount_minor: String(amount_received) };
      await sandbox.alterPayin(id, { ...was, status: "confirmed" });
    }
    await sender.resend(plan.lost);
    const movements = events.flatMap(({ movement }) => movement ?? []);
    const evidence = await gatherEvidence(drill, { events, movements, dids: plan.dids });
    const reports = runs.map(({ report }) => report);
    const disagreements = reconciliationVerdict(plan, reports, evidence);
    return { options, plan, evidence, disagreements, runs, seconds: (performance.now() - startedAt) / 1000 };
  });
}

async function deliverAndAlter(
  drill: DrillStack,
  stripe: SandboxStripe,
  { dids, payments, lost, arrived, altered }: ReconciliationPlan,
  say: (line: string) => void,
): Promise<void> {
  await openAccounts(drill, dids);
  await stripe.know(payments.map(textOf));
  for (const event of arrived) drill.sender.send(event);
  await drill.sender.untilAccepted();
  say(`${payments.length} payments at Stripe, ${lost.length} of them lost on their way`);
  for (const [n, event] of altered.entries()) {
    const changes = ALTERATIONS[n % ALTERATIONS.length] ?? ALTERATIONS[0];
    await drill.sandbox.alterPayin(String(event.body.data.object["id"]), changes);
  }
  say(`${altered.length} settlements altered at the ledger`);
}

async function firstRun(
  drill: DrillStack,
  stripe: SandboxStripe,
  plan: ReconciliationPlan,
  { kills, faults, seed }: ReconcileOptions,
  say: (line: string) => void,
) {
  if (faults) {
    await stripe.addFault({ kind: "rate_limited", every: 10, retry_after_seconds: 1 });
    await stripe.addFault({ kind: "down", every: 9 });
  }
  const run = await timedRun(drill, plan, (id) =>
    Promise.all([killAgain(drill, id, kills, new Random(seed + 1), say), deliverLive(drill, stripe, plan)]),
  );
  await stripe.clearFaults();
  say(`first run: ${run.seconds.toFixed(1)} s, ${run.report.progress.pages} pages`);
  return run;
}

/** From its request to its end, with what goes on meanwhile. */
async function timedRun(
  { clawsettle }: DrillStack,
  { window }: ReconciliationPlan,
  meanwhile?: (id: string) => Promise<unknown>,
) {
  const from = performance.now();
  const id = await clawsettle.beginReconciliation({ ...window, actor: "drill" });
  const [report] = await Promise.all([clawsettle.reconciliationAtEnd(id), meanwhile?.(id)]);
  return { report, seconds: (performance.now() - from) / 1000 };
}

/** New payments come in, and those that are known come again: Stripe does not wait for us. */
async function deliverLive(
  { sender }: DrillStack,
  stripe: SandboxStripe,
  { live, arrived }: ReconciliationPlan,
): Promise<void> {
  await stripe.know(live.map(textOf));
  for (const [n, event] of live.entries()) {
    sender.send(event);
    if (n % EVERY_NTH_COMES_AGAIN === 0) await sender.resend(arrived.slice(n, n + 1));
    await sleep(LIVE_GAP_MS);
  }
  await sender.untilAccepted();
}

/** Only while it runs: a kill after its end would show nothing. Each comes a page after the last. */
async function killAgain(
  { stack, clawsettle }: DrillStack,
  id: string,
  kills: number,
  random: Random,
  say: (line: string) => void,
): Promise<void> {
  for (let n = 1, pages = 0; n <= kills; n++) {
    pages = await pollUntil(`page ${pages + 1}`, PAGE, async () => {
      const report = await clawsettle.reconciliation(id);
      if (report !== null && report.status !== "running") {
        throw new PlainError(`The run was over after ${n - 1} kills: more payments are needed for ${kills}.`);
      }
      return report !== null && report.progress.pages > pages ? report.progress.pages : null;
    });
    await sleep(random.whole(...KILL_DELAY_MS));
    await stack.kill9();
    await stack.restart();
    say(`killed ${n} times, the last time in page ${pages + 1} or soon after`);
  }
}

function textOf({ body }: HistoryEvent): string {
  return JSON.stringify(body);
}
