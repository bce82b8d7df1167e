/**
 * The reconciliation drill: thousands of payments at Stripe, of which some never reached clawsettle and some were changed at the
 * ledger behind everybody's back. A reconciliation must find exactly these, also when it is killed again and again, Stripe
 * answers badly, and deliveries go on. A second one must find nothing to do.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { startTempStack, type TempStack } from "../../../sandbox/stack/temp-stack.ts";
import { PlainError } from "../../../lib/failure.ts";
import { newAccount } from "../../../sandbox/clients/ledger.ts";
import { pollUntil } from "../../../lib/poll.ts";
import { Random } from "../../../lib/random.ts";
import type { Report, RunRequest } from "../../../sandbox/clients/reconciliations.ts";
import type { SandboxStripe } from "../../../sandbox/clients/sandbox-stripe.ts";
import { deliverArrived, deliverLive, know } from "./deliveries.ts";
import { type Evidence, gather } from "./evidence.ts";
import { judgeReconciliation } from "./judge.ts";
import { type Story, type StoryOptions, tellStory } from "./plan-histories.ts";

export interface ReconcileOptions extends StoryOptions {
  readonly kills: number;
  /** 429 and 500 from Stripe, together on one page in five. */
  readonly faults: boolean;
  readonly seed: number;
}

export interface ReconcileResult {
  readonly options: ReconcileOptions;
  readonly evidence: Evidence;
  readonly disagreements: readonly string[];
  /** Of the first and of the second run. */
  readonly runSeconds: readonly number[];
  readonly seconds: number;
}

const ACCOUNTS = 20;
const AIM_POLL_MS = 50;
/** Into the next page: its events are being asked, delivered, compared. */
const KILL_DELAY_MS = [0, 600] as const;

/** One way of lying for each, in turn. */
const LIES = [
  { amount_minor: "1" },
  { currency: "XAF" },
  { account_id: "acc_somebody_else" },
  { status: "failed" },
] as const;

export async function reconcileDrill(
  options: ReconcileOptions,
  say: (line: string) => void,
): Promise<ReconcileResult> {
  const startedAt = performance.now();
  const temp = await startTempStack({ withStripe: true, vars: { LEDGER_TIMEOUT_MS: "5000" } });
  try {
    const stripe = temp.stripe;
    if (stripe === null) throw new PlainError("The sandbox Stripe was not started.");
    const story = await prepare(temp, stripe, options, say);
    const first = await firstRun(temp, stripe, story, options, say);
    const second = await timed(async () => {
      const id = await temp.reconciliations.begin(requestOf(story));
      return temp.reconciliations.untilOver(id);
    });
    say(`second run: ${second.seconds.toFixed(1)} s`);
    const evidence = await gather(temp, story, [first.value, second.value]);
    const disagreements = judgeReconciliation(evidence);
    const seconds = (performance.now() - startedAt) / 1000;
    return { options, evidence, disagreements, runSeconds: [first.seconds, second.seconds], seconds };
  } finally {
    await temp.stop();
  }
}

async function prepare(
  temp: TempStack,
  stripe: SandboxStripe,
  options: ReconcileOptions,
  say: (line: string) => void,
): Promise<Story> {
  const accounts = await Promise.all(
    Array.from({ length: ACCOUNTS }, () => newAccount(temp.ledger, "drill")),
  );
  const story = tellStory(new Random(options.seed), options, accounts, Math.floor(Date.now() / 1000));
  await know(stripe, story.payments);
  await deliverArrived(temp, story);
  say(`${story.payments.length} payments at Stripe, ${story.lost.length} of them lost on their way`);
  for (const [n, event] of story.altered.entries()) {
    const lie = LIES[n % LIES.length];
    if (lie !== undefined) await temp.sandbox.alterPayin(String(event.data.object["id"]), lie);
  }
  say(`${story.altered.length} settlements altered at the ledger`);
  return story;
}

async function firstRun(
  temp: TempStack,
  stripe: SandboxStripe,
  story: Story,
  { kills, faults, seed }: ReconcileOptions,
  say: (line: string) => void,
): Promise<{ value: Report; seconds: number }> {
  if (faults) {
    await stripe.addFault({ kind: "rate_limited", every: 10, retry_after_seconds: 1 });
    await stripe.addFault({ kind: "down", every: 9 });
  }
  const run = await timed(async () => {
    const id = await temp.reconciliations.begin(requestOf(story));
    const [, , report] = await Promise.all([
      killAgain(temp, id, kills, new Random(seed + 1), say),
      deliverLive(temp, stripe, story),
      temp.reconciliations.untilOver(id),
    ]);
    return report;
  });
  await stripe.clearFaults();
  say(`first run: ${run.seconds.toFixed(1)} s, ${run.value.progress.pages} pages`);
  return run;
}

/** While it runs, and no longer: a kill after its end would show nothing. Each after a page more than the one before. */
async function killAgain(
  { stack, reconciliations }: TempStack,
  id: string,
  kills: number,
  random: Random,
  say: (line: string) => void,
): Promise<void> {
  for (let n = 1, pages = 0; n <= kills; n++) {
    pages = await pollUntil(`page ${pages + 1}`, { timeoutMs: 120_000, everyMs: AIM_POLL_MS }, async () => {
      const report = await reconciliations.show(id);
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

function requestOf({ window }: Story): RunRequest {
  return { ...window, actor: "drill" };
}

async function timed<T>(act: () => Promise<T>): Promise<{ value: T; seconds: number }> {
  const from = performance.now();
  const value = await act();
  return { value, seconds: (performance.now() - from) / 1000 };
}
