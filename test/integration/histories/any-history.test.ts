import * as fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { expect, it } from "vitest";
import { accountIdOf } from "../../../scripts/lib/account-id.ts";
import { ordered } from "../../../scripts/lib/ordered.ts";
import type { StripeEventBody } from "../../../scripts/sandbox/events/stripe-events.ts";
import { expectedBalances } from "../../../scripts/sandbox/stripe-account/expected-balances.ts";
import { isProof } from "../../support/effort.ts";
import {
  balancesOf,
  deliverAll,
  newStripeAccount,
  outcomeOf,
  pass,
  prepareHistories,
  runAlarms,
  stateOf,
  twinOf,
} from "../../support/play-history.ts";
import {
  ACCOUNTS,
  type Arrival,
  arrivalArb,
  describeHistory,
  fund,
  happen,
  type History,
  historyArb,
} from "../../support/random-history.ts";
import { newDid, openAccount } from "../../support/scripted-ledger.ts";
import { canReportMoney } from "../../support/event-facts.ts";
import { type Answer, deliver } from "../../support/worker.ts";

/**
 * The promise itself: whatever happens to payments, and however Stripe reports it, the ledger ends where
 * Stripe's balance transactions end, and nobody had to help, as long as the accounts have the funds.
 */

prepareHistories();

type Events = readonly StripeEventBody[];

/**
 * Always the same histories, as many as there is time for. A failure names
 * the path by which to replay it alone.
 */
const SEED = 20_310_101;
const MOST_RUNS = isProof ? 400 : 15;
/** However slow the machine is. */
const FEWEST_RUNS = 15;
const SEARCH_MS = 8_000;
/** Once something is found, the time to make it small. */
const SHRINK_MS = 30_000;

it("any history, in any order, with doubles and twins → the balances of the history, without an operator", async () => {
  const seen = new Set<string>();
  const begin = performance.now();
  let deadline = begin + SEARCH_MS;
  let runs = 0;
  const property = fc.asyncProperty(historyArb, arrivalArb, async (history, arrival) => {
    // Not fast-check's own time limit: it leaves a history in the middle,
    // which then goes on behind the next test.
    if (runs >= FEWEST_RUNS && performance.now() > deadline) return;
    runs++;
    const { log, found, wanted } = await play(history, arrival, seen);
    if (isDeepStrictEqual(found, wanted)) return;
    deadline = Math.max(deadline, begin + SEARCH_MS + SHRINK_MS);
    throw new Error(
      [...log, "in the ledger:", JSON.stringify(found), "by the history:", JSON.stringify(wanted)].join("\n"),
    );
  });
  await fc.assert(property, { seed: SEED, numRuns: MOST_RUNS });

  // Otherwise the search has seen only easy histories, and has proved little.
  expect([...seen]).toEqual(
    expect.arrayContaining([
      "200 forwarded",
      "502 404 ACCOUNT_NOT_RESOLVED, will retry",
      "502 404 COUNTERPART_NOT_FOUND, will retry",
      "502 404 NOT_FOUND, will retry",
    ]),
  );
}, 120_000);

async function play(history: History, arrival: Arrival, seen: Set<string>) {
  const dids = Array.from({ length: ACCOUNTS }, newDid);
  const accounts = dids.map(accountIdOf);
  const stripe = newStripeAccount();
  happen(history, stripe, accounts);
  const events = arrange(stripe.events.filter(canReportMoney), arrival);
  const waiting = await arrive(events, arrival, dids, seen);
  // A debit can take the funds that an earlier one needs, and the return of that one waits for it.
  await deliverAll(fund(history, stripe, accounts));
  await runAlarms(waiting);
  const balances = await Promise.all(accounts.map(balancesOf));
  const expected = expectedBalances(stripe).balances;
  const wanted = accounts.map((account) =>
    Object.fromEntries([...(expected.get(account) ?? [])].map(([code, sum]) => [code, String(sum)])),
  );
  const log = [describeHistory(history), "delivered:", ...events.map(describeDelivery)];
  return {
    log,
    found: { balances, unsettled: await unsettled(waiting) },
    wanted: { balances: wanted, unsettled: [] },
  };
}

/**
 * Delivers in bursts. Between them the clock goes on, alarms run, and accounts are opened. Returns the events
 * that were not settled when they were last delivered.
 */
async function arrive(events: Events, arrival: Arrival, dids: readonly string[], seen: Set<string>) {
  const waiting = new Map<string, StripeEventBody>();
  const bursts = [...inBursts(events, arrival)];
  for (const [nth, { burst, seconds }] of bursts.entries()) {
    const due = dids.filter((_, i) => arrival.opened[i] === nth || nth === bursts.length - 1);
    await Promise.all(due.map((did) => openAccount(did)));
    const answers = await Promise.all(burst.map((event) => deliver(event)));
    for (const [i, event] of burst.entries()) {
      const outcome = outcomeOf(answers[i] as Answer);
      seen.add(outcome);
      if (/^200 (forwarded|ignored)/.test(outcome)) waiting.delete(event.id);
      else waiting.set(event.id, event);
    }
    pass(seconds);
    await runAlarms([...waiting.values()], Date.now());
  }
  return [...waiting.values()];
}

/** With doubles and twins among them, in the order in which they arrive. */
function arrange(events: Events, { ranks, again, twins }: Arrival): Events {
  const pick = (n: number) => events[n % events.length] as Events[number];
  const all = [...events, ...again.map(pick), ...twins.map((n) => twinOf(pick(n)))];
  return ordered(all, (_, i) => ranks[i % ranks.length] as number);
}

function* inBursts(events: Events, { bursts }: Arrival): Generator<{ burst: Events; seconds: number }> {
  for (let from = 0, nth = 0; from < events.length; nth++) {
    const { size, seconds } = bursts[nth % bursts.length] as Arrival["bursts"][number];
    yield { burst: events.slice(from, from + size), seconds };
    from += size;
  }
}

function describeDelivery({ id, type, data }: StripeEventBody): string {
  return `  ${type} ${String(data.object["id"])} ${id}`;
}

/** What an operator would have to look at: anything that is neither forwarded nor ignored. */
async function unsettled(events: Events): Promise<string[]> {
  const states = await Promise.all(events.map(stateOf));
  return states
    .filter(({ state }) => state !== "forwarded" && state !== "ignored")
    .map(
      ({ event_type, state, reason, last_error }) =>
        `${event_type} ${state} ${reason} ${last_error?.message}`,
    );
}
