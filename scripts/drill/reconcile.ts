/**
 * The reconciliation drill: thousands of payments at Stripe, of which some never reached clawsettle and some were changed at the
 * ledger behind everybody's back. A reconciliation must find exactly these, also when it is killed again and again, Stripe
 * answers badly, and deliveries go on. A second one must find nothing to do.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { concurrently } from "../../src/concurrently.ts";
import { startTempStack, type TempStack } from "../dev/temp-stack.ts";
import { PlainError } from "../lib/failure.ts";
import { at } from "../lib/http.ts";
import { newAccount } from "../lib/ledger.ts";
import { pollUntil } from "../lib/poll.ts";
import { Random } from "../lib/random.ts";
import { paymentIntentSucceeded, type StripeEventBody } from "../lib/stripe-events.ts";
import type { SandboxStripe } from "../lib/sandbox-stripe.ts";
import { type Evidence, judgeReconciliation, type Report } from "./reconcile-judge.ts";

export interface ReconcileOptions {
  readonly events: number;
  readonly lost: number;
  readonly altered: number;
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
const AT_ONCE = 32;
const KNOWN_AT_ONCE = 500;
/** The payments lie within it, so that one window holds them all. */
const SPREAD_SECONDS = 3_000;
const LIVE_PAYMENTS = 200;
const RUN_TIMEOUT_MS = 900_000;
const POLL_MS = 250;
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
    const second = await timed(() => runOver(temp, story));
    say(`second run: ${second.seconds.toFixed(1)} s`);
    const evidence = await gather(temp, story, [first.value, second.value]);
    const disagreements = judgeReconciliation(evidence);
    const seconds = (performance.now() - startedAt) / 1000;
    return { options, evidence, disagreements, runSeconds: [first.seconds, second.seconds], seconds };
  } finally {
    await temp.stop();
  }
}

interface Story {
  readonly accounts: readonly string[];
  readonly payments: readonly StripeEventBody[];
  readonly lost: readonly StripeEventBody[];
  readonly arrived: readonly StripeEventBody[];
  readonly altered: readonly StripeEventBody[];
  readonly live: readonly StripeEventBody[];
  readonly window: { readonly from: string; readonly to: string };
}

async function prepare(
  temp: TempStack,
  stripe: SandboxStripe,
  { events, lost, altered, seed }: ReconcileOptions,
  say: (line: string) => void,
): Promise<Story> {
  const random = new Random(seed);
  const accounts = await Promise.all(
    Array.from({ length: ACCOUNTS }, () => newAccount(temp.ledger, "drill")),
  );
  const now = Math.floor(Date.now() / 1000);
  const pay = (created: number) =>
    paymentIntentSucceeded(
      { account_id: random.pick(accounts), amount: random.whole(100, 99_999) },
      { created },
    );
  const payments = Array.from({ length: events }, (_, n) =>
    pay(now - 60 - Math.floor((n * SPREAD_SECONDS) / events)),
  );
  const order = payments.map((event) => ({ event, at: random.next() })).sort((a, b) => a.at - b.at);
  const mixed = order.map(({ event }) => event);
  const story: Story = {
    accounts,
    payments,
    lost: mixed.slice(0, lost),
    arrived: mixed.slice(lost),
    altered: mixed.slice(lost, lost + altered),
    live: Array.from({ length: LIVE_PAYMENTS }, () => pay(now)),
    window: {
      from: new Date((now - 120 - SPREAD_SECONDS) * 1000).toISOString(),
      to: new Date((now - 30) * 1000).toISOString(),
    },
  };
  await know(stripe, payments);
  await concurrently(story.arrived, AT_ONCE, (event) => deliver(temp, event));
  say(`${events} payments at Stripe, ${lost} of them lost on their way`);
  for (const [n, event] of story.altered.entries()) {
    const lie = LIES[n % LIES.length];
    if (lie !== undefined) await temp.sandbox.alterPayin(paymentOf(event), lie);
  }
  say(`${altered} settlements altered at the ledger`);
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
    const id = await begin(temp, story);
    const [, , report] = await Promise.all([
      killAgain(temp, id, kills, new Random(seed + 1), say),
      deliverLive(temp, stripe, story),
      untilOver(temp, id),
    ]);
    return report;
  });
  await stripe.clearFaults();
  say(`first run: ${run.seconds.toFixed(1)} s, ${run.value.progress.pages} pages`);
  return run;
}

/** While it runs, and no longer: a kill after its end would show nothing. Each after a page more than the one before. */
async function killAgain(
  { stack, http }: TempStack,
  id: string,
  kills: number,
  random: Random,
  say: (line: string) => void,
): Promise<void> {
  for (let n = 1, pages = 0; n <= kills; n++) {
    pages = await pollUntil(`page ${pages + 1}`, { timeoutMs: 120_000, everyMs: AIM_POLL_MS }, async () => {
      const report = await show({ stack, http }, id);
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

/** New payments come in, and those that are known come again: Stripe does not wait for us. */
async function deliverLive(temp: TempStack, stripe: SandboxStripe, { live, arrived }: Story): Promise<void> {
  await know(stripe, live);
  for (const [n, event] of live.entries()) {
    await untilAccepted(temp, event);
    const again = arrived[n];
    if (again !== undefined && n % 4 === 0) await deliver(temp, again).catch(() => null);
  }
}

/** As Stripe does: again, until it is taken. */
async function untilAccepted(temp: TempStack, event: StripeEventBody): Promise<void> {
  const patience = { timeoutMs: 120_000, everyMs: 200 };
  await pollUntil(`${event.id} to be taken`, patience, () => deliver(temp, event).catch(() => null));
}

async function deliver({ clawsettle }: TempStack, event: StripeEventBody): Promise<true> {
  const answer = await clawsettle.deliver({ body: JSON.stringify(event) });
  if (answer.status !== 200) throw new PlainError(`${event.id} was answered ${answer.status}`);
  return true;
}

async function know(stripe: SandboxStripe, events: readonly StripeEventBody[]): Promise<void> {
  for (let from = 0; from < events.length; from += KNOWN_AT_ONCE) {
    await stripe.know(events.slice(from, from + KNOWN_AT_ONCE).map((event) => JSON.stringify(event)));
  }
}

const RUNS = "/v1/admin/reconciliations";
type Reach = Pick<TempStack, "stack" | "http">;

async function begin(reach: Reach, { window }: Story): Promise<string> {
  const answer = await ask(reach, "POST", RUNS, JSON.stringify({ ...window, actor: "drill" }));
  if (answer.status !== 202) throw new PlainError(`No run was begun: ${JSON.stringify(answer.body)}`);
  return String(at(answer.body, "id"));
}

async function runOver(temp: TempStack, story: Story): Promise<Report> {
  return untilOver(temp, await begin(temp, story));
}

function untilOver(reach: Reach, id: string): Promise<Report> {
  return pollUntil("the run to end", { timeoutMs: RUN_TIMEOUT_MS, everyMs: POLL_MS }, async () => {
    const report = await show(reach, id);
    return report === null || report.status === "running" ? null : report;
  });
}

/** With all of its differences. Null while clawsettle is down. */
async function show(reach: Reach, id: string): Promise<Report | null> {
  const differences: Report["differences"][number][] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const path: string = `${RUNS}/${id}${cursor === "" ? "" : `?cursor=${encodeURIComponent(cursor)}`}`;
    const answer = await ask(reach, "GET", path).catch(() => null);
    if (answer?.status !== 200) return null;
    const page = answer.body as Report;
    differences.push(...page.differences);
    cursor = page.status === "running" ? null : page.next_cursor;
    if (cursor === null) return { ...page, differences };
  }
  return null;
}

function ask({ stack, http }: Reach, method: "GET" | "POST", path: string, body?: string) {
  const headers = {
    authorization: `Bearer ${stack.secrets.SETTLE_ADMIN_KEY}`,
    "content-type": "application/json",
  };
  const url = new URL(path, stack.clawsettleUrl);
  return http.send({ method, url, headers, ...(body === undefined ? {} : { body }) });
}

/** Everything that the verdict needs; and at last the lost deliveries come after all. */
async function gather(temp: TempStack, story: Story, runs: readonly Report[]): Promise<Evidence> {
  const lateAnswers = await concurrently(story.lost, AT_ONCE, async (event) => {
    const { body } = await temp.clawsettle.deliver({ body: JSON.stringify(event) });
    return { event_id: event.id, state: at(body, "state"), deduped: at(body, "deduped") };
  });
  const balances = await Promise.all(
    story.accounts.map(async (account) => {
      const { body } = await temp.ledger.account(account);
      return [account, String(at(body, "balances", "available"))] as const;
    }),
  );
  const requests = await concurrently(story.lost, AT_ONCE, async ({ id }) => ({
    event_id: id,
    bodies: new Set(
      (await temp.sandbox.requests(`stripe:event:${id}`)).map((request) => at(request, "body_sha256")),
    ).size,
  }));
  return {
    payments: story.payments.map(moneyOf),
    live: story.live.map(moneyOf),
    lost: story.lost.map(({ id }) => id),
    altered: story.altered.map(({ id }) => id),
    runs,
    lateAnswers,
    balances: Object.fromEntries(balances),
    requests,
  };
}

function moneyOf(event: StripeEventBody) {
  const { amount_received, metadata } = event.data.object as {
    amount_received?: number;
    metadata?: { account_id?: string };
  };
  return { event_id: event.id, account_id: metadata?.account_id ?? "", amount_minor: amount_received ?? 0 };
}

function paymentOf(event: StripeEventBody): string {
  return String(event.data.object["id"]);
}

async function timed<T>(act: () => Promise<T>): Promise<{ value: T; seconds: number }> {
  const from = performance.now();
  const value = await act();
  return { value, seconds: (performance.now() - from) / 1000 };
}
