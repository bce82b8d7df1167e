/**
 * Plays stories of Stripe accounts: their objects are in the sandbox Stripe, their events are delivered to
 * the Worker, in front of a ledger that works statement by statement, and alarms run until nothing heals any
 * more.
 */
import type { StripeEventBody } from "../../scripts/sandbox/events/stripe-events.ts";
import { playStory, type StoryName } from "../../scripts/sandbox/stories/stories.ts";
import type { Owners } from "../../scripts/sandbox/stories/story.ts";
import type { BalanceTransaction } from "../../scripts/sandbox/stripe-account/balance-transaction.ts";
import { expectedBalances } from "../../scripts/sandbox/stripe-account/expected-balances.ts";
import type { StripeAccount } from "../../scripts/sandbox/stripe-account/stripe-account.ts";
import { concurrently } from "../../src/concurrently.ts";
import { exclusiveLane } from "./exclusive-lane.ts";
import { newRandom, stateOf, untilNothingHeals } from "./play-history.ts";
import { askSandboxAsIs, availableOf, newAccount, stripeControl } from "./scripted-ledger.ts";
import { isTrueOf, transactionsOf } from "./event-facts.ts";
import { type Answer, deliver } from "./worker.ts";

/** Each in its own accounts, so that their waits overlap. */
const STORIES_AT_ONCE = 8;

export interface Delivering {
  readonly arrange: (events: readonly StripeEventBody[]) => readonly StripeEventBody[];
  /** So often each event is delivered, at the same moment. */
  readonly times: number;
  /** Stripe has made two events of every change, a second apart. */
  readonly twins: boolean;
}

export type StoryEnd = Awaited<ReturnType<typeof endOf>>;

export async function playStories(
  names: readonly StoryName[],
  delivering: Delivering,
): Promise<ReadonlyMap<StoryName, StoryEnd>> {
  const played = await concurrently(names, STORIES_AT_ONCE, (name) => play(name, delivering));
  await untilNothingHeals(played.flatMap(openEvents));
  const ends = await concurrently(played, STORIES_AT_ONCE, endOf);
  return new Map(names.map((name, i) => [name, ends[i] as StoryEnd]));
}

interface Played {
  readonly account: StripeAccount;
  readonly owners: Owners;
  /** By event id, the last one. */
  readonly answers: ReadonlyMap<string, Answer>;
}

async function play(name: StoryName, { arrange, times, twins }: Delivering): Promise<Played> {
  const [ada, bob] = await Promise.all([newAccount(askSandboxAsIs), newAccount(askSandboxAsIs)]);
  await Promise.all([ada, bob].map(exclusiveLane));
  const owners = { ada, bob };
  const account = playStory(name, owners, { random: newRandom(), now: Date.now() });
  // `twin` adds to the list.
  if (twins) for (const event of account.events.slice()) account.twin(event, 1);
  await stripeControl("POST", "/sandbox/objects", account.objects);
  const answers = new Map<string, Answer>();
  for (const event of arrange(account.events)) {
    const doubles = Array.from({ length: times }, () => deliver(event, { atOnce: true }));
    for (const answer of await Promise.all(doubles)) answers.set(event.id, answer);
  }
  return { account, owners, answers };
}

function deliveredEvents({ account, answers }: Played): StripeEventBody[] {
  return account.events.filter(({ id }) => answers.has(id));
}

function openEvents(played: Played): StripeEventBody[] {
  const isFinal = (state: unknown) => state === "forwarded" || state === "ignored";
  return deliveredEvents(played).filter(({ id }) => !isFinal(played.answers.get(id)?.body.state));
}

async function endOf(played: Played) {
  const { account, owners, answers } = played;
  const open = openEvents(played);
  const shown = await Promise.all(open.map(stateOf));
  const events = deliveredEvents(played).map((event) => {
    const { state, reason } = shown[open.indexOf(event)] ?? (answers.get(event.id) as Answer).body;
    return { event, state: String(state), reason: String(reason) };
  });
  const reportedIn = (wanted: string) => {
    const those = events.filter(({ state }) => state === wanted);
    return new Set(those.flatMap(({ event }) => transactionsOf(event, account)));
  };
  const [booked, visible] = [reportedIn("forwarded"), reportedIn("failed")];
  const isLacking = (transaction: BalanceTransaction) => visible.has(transaction) && !booked.has(transaction);
  const known = account.transactions.filter((transaction) => !isLacking(transaction));
  const { balances, unowned } = expectedBalances(account, known);
  const byTransactions = (id: string) => String(balances.get(id)?.get("USD") ?? 0n);
  return {
    inLedger: {
      ada: await availableOf(owners.ada, askSandboxAsIs),
      bob: await availableOf(owners.bob, askSandboxAsIs),
    },
    /** Without those that stand before the operators. */
    byTransactions: { ada: byTransactions(owners.ada), bob: byTransactions(owners.bob) },
    /** Nobody's money, of which the operators see nothing. */
    hidden: unowned,
    failed: [
      ...new Set(
        events.flatMap(({ event, state, reason }) => (state === "failed" ? [`${event.type} ${reason}`] : [])),
      ),
    ].sort(),
    untrue: events.flatMap(({ event, state, reason }) =>
      state === "ignored" && !isTrueOf(reason, event, account) ? [`${event.type} ${reason}`] : [],
    ),
  };
}
