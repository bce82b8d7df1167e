/**
 * Plays a history of payments: events are delivered as Stripe would, to the Worker with the sandbox ledger
 * behind it; alarms run; the ledger's balances are read. Each history has accounts of its own, and a clock
 * that only it moves.
 */
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, vi } from "vitest";
import type { StripeEventBody } from "../../scripts/sandbox/events/stripe-events.ts";
import { Random } from "../../scripts/lib/random.ts";
import { stripeId } from "../../scripts/sandbox/events/stripe-ids.ts";
import type { StripeAccountOptions } from "../../scripts/sandbox/stripe-account/books.ts";
import { StripeAccount } from "../../scripts/sandbox/stripe-account/stripe-account.ts";
import type { EventRecord } from "../../src/event/record.ts";
import { type Ask, askSandbox, sandboxControl, type ScriptedLedger, sandboxes } from "./scripted-ledger.ts";
import { type Answer, deliver, runAlarm, showEvent, stubOf } from "./worker.ts";

/**
 * The runtime's own clock is real, and runs the alarms that are due by it. Alarms of a far year
 * run only when the history runs them.
 */
const HISTORIES_BEGIN = Date.UTC(2031, 0, 1);

/** Each new event is a new database, perhaps on a disk, and disks can be busy. */
const HISTORY_TIMEOUT_MS = 30_000;

/** For each test a history of its own. What the ledger was asked stands in `ledger.requests`. */
export function prepareHistories(): { readonly ledger: ScriptedLedger } {
  vi.setConfig({ testTimeout: HISTORY_TIMEOUT_MS });
  const history = { ledger: undefined as unknown as ScriptedLedger };
  beforeEach(() => {
    history.ledger = beginHistory();
  });
  afterEach(endHistory);
  return history;
}

export function beginHistory(ledger: Ask = askSandbox): ScriptedLedger {
  vi.useFakeTimers({ toFake: ["Date"], now: HISTORIES_BEGIN });
  return sandboxes(ledger);
}

export function endHistory(): void {
  vi.useRealTimers();
  vi.restoreAllMocks();
}

/** A Stripe account with ids that no other has. */
export function newStripeAccount(options: Partial<StripeAccountOptions> = {}): StripeAccount {
  return new StripeAccount({ random: newRandom(), now: Date.now(), ...options });
}

export function newRandom(): Random {
  return new Random(crypto.getRandomValues(new Uint32Array(1))[0] as number);
}

export function pass(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1000);
}

/** Minor units per currency, as the ledger writes them. A currency without entries is not there. */
export async function balancesOf(accountId: string): Promise<Readonly<Record<string, string>>> {
  type Account = { balances: { by_currency: Record<string, string> } };
  return (await sandboxControl<Account>("GET", `/accounts/id/${accountId}`)).balances.by_currency;
}

/**
 * What the ledger holds of a payment, a refund, a dispute or a payout:
 * "direction status amount currency" each.
 */
export async function settlementsOf(externalId: string): Promise<string[]> {
  type Row = { direction: string; status: string; amount_minor: string; currency: string };
  const path = `/v1/payments/settlements/stripe/${encodeURIComponent(externalId)}`;
  const { settlements = [] } = await sandboxControl<{ settlements?: Row[] }>("GET", path);
  return settlements
    .map((row) => `${row.direction} ${row.status} ${row.amount_minor} ${row.currency}`)
    .sort();
}

/** Delivers one after the other, and returns each answer's outcome. */
export async function deliverAll(events: readonly StripeEventBody[]): Promise<string[]> {
  const outcomes: string[] = [];
  for (const event of events) outcomes.push(outcomeOf(await deliver(event)));
  return outcomes;
}

/** "200 forwarded", "200 ignored zero_amount", "502 404 ACCOUNT_NOT_RESOLVED, will retry", … */
export function outcomeOf({ status, body }: Answer): string {
  if (status === 200) return [status, body.state, body.reason].filter(Boolean).join(" ");
  if (body.code !== "LEDGER_INGEST_FAILED") return `${status} ${body.code}`;
  const { ledger_status, ledger_code, retry_scheduled } = body.details;
  return `${status} ${ledger_status} ${ledger_code}, ${retry_scheduled ? "will retry" : "for good"}`;
}

/** As an operator sees it now. */
export async function stateOf(event: StripeEventBody): Promise<Answer["body"]> {
  return (await showEvent(event.id)).body;
}

/**
 * Runs alarms, each at its own time, until none of these events waits for one, or the next would run after
 * `until`. The clock moves along.
 */
export async function runAlarms(events: readonly StripeEventBody[], until = Infinity): Promise<void> {
  const due = new Map<string, number>();
  const note = async (id: string) => {
    const at = await waitsUntil(id);
    if (at === null) due.delete(id);
    else due.set(id, at);
  };
  for (const { id } of events) await note(id);
  for (;;) {
    const [next] = [...due].sort(([, a], [, b]) => a - b);
    if (next === undefined || next[1] > until) return;
    vi.setSystemTime(Math.max(Date.now(), next[1]));
    await runAlarm(next[0]);
    await note(next[0]);
  }
}

/** The time of the alarm that the event waits for; null once it is final, or no alarm will move it. */
function waitsUntil(eventId: string): Promise<number | null> {
  return runInDurableObject(stubOf(eventId), async (_, state) => {
    const record = state.storage.kv.get<EventRecord>("event");
    const final = record === undefined || ["forwarded", "resolved", "ignored"].includes(record.state);
    return final ? null : state.storage.getAlarm();
  });
}

/** Longer than any retry waits, and far shorter than the time in which events heal. */
const ROUND_SECONDS = 4 * 3_600;

/** Runs the alarms of all that wait for one, in rounds, until none does. */
export async function untilNothingHeals(events: readonly StripeEventBody[]): Promise<void> {
  let healing = await healingOf(events);
  while (healing.length > 0) {
    pass(ROUND_SECONDS);
    await Promise.all(healing.map(({ id }) => runAlarm(id)));
    healing = await healingOf(healing);
  }
}

async function healingOf(events: readonly StripeEventBody[]): Promise<StripeEventBody[]> {
  const states = await Promise.all(events.map(stateOf));
  return events.filter((_, i) => states[i].next_retry_at !== null || isInAttempt(states[i].state));
}

function isInAttempt(state: unknown): boolean {
  return state === "received" || state === "forwarding";
}

/** Stripe may make two event objects of one change. */
export function twinOf(event: StripeEventBody): StripeEventBody {
  return { ...event, id: stripeId("evt") };
}
