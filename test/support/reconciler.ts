/** The Reconciler as its callers meet it, in workerd, between a scripted Stripe and the sandbox ledger. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { Random } from "../../scripts/lib/random.ts";
import { StripeAccount } from "../../scripts/sandbox/stripe-account/stripe-account.ts";
import { paymentIntentSucceeded, type StripeEventBody } from "../../scripts/sandbox/events/stripe-events.ts";
import type { RpcResult } from "../../src/durable-object/rpc.ts";
import type { Reconciler } from "../../src/reconciler/reconciler.ts";
import type { Difference, Kind } from "../../src/reconciler/findings.ts";
import { askReconciler, type ReconcilerStub, startRun } from "../../src/reconciler/call-reconciler.ts";
import type { Report } from "../../src/reconciler/report-schema.ts";
import type { StartReply } from "../../src/reconciler/start-run.ts";
import { concurrently } from "../../src/concurrently.ts";
import { askSandbox, type LedgerRequest, scriptLedger, type ScriptedLedger } from "./scripted-ledger.ts";
import { OWN_ACCOUNT, type ScriptedStripe, scriptStripe } from "./scripted-stripe.ts";
import { deliver, withOverrides } from "./worker.ts";

export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

type Answering = (request: LedgerRequest) => Response | Promise<Response>;

export interface World {
  readonly stripe: ScriptedStripe;
  /** Requests to Stripe are in its list too. */
  readonly ledger: ScriptedLedger;
  /**
   * What the ledger says from now on; its list of settlements is empty then, unless the test says otherwise.
   */
  ledgerSays(answer: Answering): void;
  /** What its list says from now on. */
  ledgerLists(answer: Answering): void;
}

/** Undone by `vi.restoreAllMocks()`. */
export function scriptWorld(events: readonly StripeEventBody[] = []): World {
  const stripe = scriptStripe(events);
  let says: Answering = askSandbox;
  // The sandbox ledger is one for all tests of a file, and each has a Stripe of its own. What a test makes it
  // say about a settlement is asked for only if the list has none.
  let lists: Answering = (request) =>
    says === askSandbox ? listOwn(request, ledger.requests) : Response.json({ settlements: [] });
  const answer = (request: LedgerRequest) =>
    request.url.pathname === "/v1/payments/settlements" ? lists(request) : says(request);
  const ledger = scriptLedger((request) => stripe.answer(request) ?? answer(request));
  return { stripe, ledger, ledgerSays: (next) => (says = next), ledgerLists: (next) => (lists = next) };
}

/** An account on which things have happened for the last fifty minutes. */
export function newStripeAccount(): StripeAccount {
  const seed = Math.floor(Math.random() * 1e9);
  return new StripeAccount({ random: new Random(seed), now: Date.now() - 50 * MINUTE });
}

/** Stripe lists what has happened so far, but for these events. */
export function publish(
  { stripe }: World,
  account: StripeAccount,
  forgotten: readonly StripeEventBody[] = [],
): void {
  const events = account.events.filter((event) => !forgotten.includes(event));
  const transactions = account.transactions.map((each) => ({
    ...each,
    source: account.object(each.source),
  }));
  stripe.events.splice(0, Infinity, ...events);
  stripe.transactions.splice(0, Infinity, ...transactions);
  for (const object of account.objects) stripe.objects.set(String(object["id"]), object);
}

/** Of the ledger's list, what this world has settled. */
function listOwn(request: LedgerRequest, requests: readonly LedgerRequest[]): Promise<Response> {
  const own = new Set(
    requests.flatMap(({ method, body }) =>
      method === "POST" ? (JSON.parse(body) as { external_payment_id: string }).external_payment_id : [],
    ),
  );
  return listSome(request, ({ external_payment_id }) => own.has(external_payment_id));
}

/** Of the ledger's list, some: an empty page is its last. */
export async function listSome(
  request: LedgerRequest,
  wanted: (settlement: { external_payment_id: string; account_id: string }) => boolean,
): Promise<Response> {
  const answer = await askSandbox(request);
  const { settlements, next_cursor } = await answer.json<{
    settlements: { external_payment_id: string; account_id: string }[];
    next_cursor?: string;
  }>();
  const some = settlements.filter(wanted);
  return Response.json({ settlements: some, ...(some.length > 0 && { next_cursor }) });
}

export function reconciler(): ReconcilerStub {
  return env.RECONCILER.getByName("reconciler");
}

export async function valueOf<T>(answer: Promise<RpcResult<T>>): Promise<T> {
  const guarded = await answer;
  if (!guarded.ok) throw new Error("the Reconciler failed: its log says how");
  return guarded.value;
}

export interface Asked {
  readonly from?: number;
  readonly to?: number;
  readonly dry_run?: boolean;
  readonly stripe_account?: string;
}

/** The last hour, unless said otherwise. */
export function ask({ from, to, dry_run = false, stripe_account }: Asked = {}): Promise<StartReply> {
  const now = Date.now();
  const window = { from: from ?? now - HOUR, to: to ?? now };
  const account = stripe_account ?? null;
  return valueOf(startRun(env, { ...window, dry_run, actor: "ana", stripe_account: account }));
}

export async function begin(asked: Asked = {}): Promise<string> {
  const reply = await ask(asked);
  if (reply.kind !== "started") throw new Error(`refused: ${JSON.stringify(reply)}`);
  return reply.run.id;
}

export async function show(id: string): Promise<Report> {
  const report = await valueOf(askReconciler(env, (stub) => stub.show(id)));
  if (report === null) throw new Error(`no run ${id}`);
  return report;
}

/** One step: an alarm, whenever it was due. */
export function step(): Promise<boolean> {
  return runDurableObjectAlarm(reconciler());
}

/** Whatever is running. */
export async function untilAllOver(): Promise<void> {
  const runs = await valueOf(askReconciler(env, (stub) => stub.list(50)));
  for (const { id, status } of runs) if (status === "running") await untilOver(id);
}

export async function until(id: string, holds: (report: Report) => boolean): Promise<Report> {
  for (let tries = 0; tries < 2_000; tries++) {
    const report = await show(id);
    if (holds(report)) return report;
    // Its own alarm may be at it just now; and a step that a crash cut off may never be heard of again.
    await Promise.race([step().catch(() => undefined), scheduler.wait(200)]);
    await scheduler.wait(4);
  }
  throw new Error(`it never came to that: ${JSON.stringify((await show(id)).progress)}`);
}

export function untilOver(id: string): Promise<Report> {
  return until(id, ({ status }) => status !== "running");
}

export async function reconcile(asked: Asked = {}): Promise<Report> {
  return untilOver(await begin(asked));
}

export async function differencesOf(id: string, kind?: Kind): Promise<Difference[]> {
  const page = await valueOf(askReconciler(env, (stub) => stub.differences(id, null, 10_000)));
  return (page?.differences ?? []).filter((difference) => kind === undefined || difference.kind === kind);
}

/** The kinds that were found, and how often. */
export function found({ counts }: Pick<Report, "counts">): Partial<Record<Kind, number>> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

/** The object's own configuration, until it is gone. */
export function configure(
  overrides: Record<string, unknown> | ((state: DurableObjectState) => Record<string, unknown>),
): Promise<void> {
  return inReconciler((object, state) => {
    const laidOver = typeof overrides === "function" ? overrides(state) : overrides;
    Object.defineProperty(object, "env", { value: withOverrides(laidOver), configurable: true });
  });
}

export function inReconciler<T>(
  act: (object: Reconciler, state: DurableObjectState) => T | Promise<T>,
): Promise<T> {
  return runInDurableObject(reconciler(), act);
}

/** As an operator has confirmed it. */
export function pinAccount(account: { id: string; livemode: boolean } = OWN_ACCOUNT): Promise<void> {
  return inReconciler((_, { storage }) =>
    storage.kv.put("account", { ...account, actor: "ana", pinned_at: Date.now() }),
  );
}

/** Forgets every run, the watermark, the bounds and the account. */
export function forgetEverything(): Promise<void> {
  return inReconciler(async (_, { storage }) => {
    for (const table of ["runs", "differences"]) storage.sql.exec(`DELETE FROM ${table}`);
    for (const key of Array.from(storage.kv.list(), ([each]) => each)) storage.kv.delete(key);
    await storage.deleteAlarm();
  });
}

/** After a test: no run, nothing configured, no mock, and the real time. */
export async function leaveNothing(): Promise<void> {
  await configure({});
  await forgetEverything();
  vi.useRealTimers();
  vi.restoreAllMocks();
}

/** Payments to an account, a second apart, the newest a minute ago. */
export function payments(account: string, count: number, amount = (i: number) => 100 + i): StripeEventBody[] {
  const newest = Math.floor(Date.now() / 1_000) - 60;
  return Array.from({ length: count }, (_, i) =>
    paymentIntentSucceeded({ account_id: account, amount: amount(i) }, { created: newest - i }),
  );
}

export async function deliverAll(events: readonly StripeEventBody[]): Promise<void> {
  await concurrently(events, 20, (event) => deliver(event, { atOnce: true }));
}

export function paymentOf({ data }: StripeEventBody): string {
  return String(data.object["id"]);
}
