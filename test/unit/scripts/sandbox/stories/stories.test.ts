/**
 * Every story: events that Stripe could send, objects that fit each other, and what the ledger must hold in
 * the end.
 */
import { describe, expect, test } from "vitest";
import { Random } from "../../../../../scripts/lib/random.ts";
import { playStory, STORIES, type StoryName } from "../../../../../scripts/sandbox/stories/stories.ts";
import type { StripeObject } from "../../../../../scripts/sandbox/events/stripe-objects.ts";
import { expectedBalances } from "../../../../../scripts/sandbox/stripe-account/expected-balances.ts";
import type { StripeAccount } from "../../../../../scripts/sandbox/stripe-account/stripe-account.ts";
import { parseEvent } from "../../../../../src/stripe/event.ts";
import { STRIPE_EVENT_TYPES } from "../../../../support/stripe-event-types.ts";

const OWNERS = { ada: "acc_ada", bob: "acc_bob" };
const NOW = Date.UTC(2026, 10, 1);

/** By hand, in US dollars, of which every story is: [Ada's, Bob's, nobody's]. */
const EXPECTED: Readonly<Record<StoryName, readonly [ada: number, bob: number, nobody: number]>> = {
  payment: [2_500, 0, 0],
  "payment-failed-then-succeeded": [2_500, 0, 0],
  "payment-canceled": [0, 0, 0],
  "payment-bank-debit": [2_500, 0, 0],
  "payment-bank-debit-failed": [0, 0, 0],
  "payment-in-another-currency": [1_500, 0, 0],
  "payment-of-nobody": [0, 0, 0],
  "payment-metadata-changed-after": [1_500, 4_000, 0],
  "payment-metadata-changed-before-capture": [4_000, 1_500, 0],
  "payment-twins": [1_500, 0, 0],
  "checkout-metadata": [2_500, 0, 0],
  "checkout-client-reference": [1_500, 0, 0],
  "checkout-bank-debit": [2_500, 0, 0],
  "invoice-metadata": [2_500, 0, 0],
  "subscription-metadata": [2_500, 0, 0],
  "customer-metadata": [0, 0, 0],
  "intent-before-session-and-customer": [2_500, 0, 0],
  "charge-without-intent": [1_200, 0, 0],
  "charge-without-intent-captured-later": [2_500, 0, 0],
  "charge-without-intent-of-customer": [2_500, 0, 0],
  "partial-capture": [1_500, 0, 0],
  "partial-capture-before-basil": [1_500, 0, 0],
  "partial-capture-then-refund-of-the-same": [500, 0, 0],
  overcapture: [3_000, 0, 0],
  "authorization-canceled": [0, 0, 0],
  "authorization-canceled-before-basil": [0, 0, 0],
  "authorization-expired": [0, 0, 0],
  "authorization-expired-before-basil": [0, 0, 0],
  "charge-without-intent-expired-before-basil": [0, 0, 0],
  refund: [0, 0, 0],
  "refunds-in-part": [1_000, 0, 0],
  "refunds-in-part-alike": [1_100, 0, 0],
  "refund-pending-then-succeeded": [1_500, 0, 0],
  "refund-never-left": [2_500, 0, 0],
  "refund-canceled-before-it-left": [2_500, 0, 0],
  "refund-canceled": [2_500, 0, 0],
  "refund-failed": [2_500, 0, 0],
  "refund-failed-then-made-again": [1_500, 0, 0],
  "refund-to-bank": [1_500, 0, 0],
  "refund-to-bank-failed": [2_500, 0, 0],
  "refund-to-bank-failed-after-success": [2_500, 0, 0],
  "refund-requires-action": [1_500, 0, 0],
  "refund-requires-action-unanswered": [2_500, 0, 0],
  "refund-before-its-payment": [1_500, 0, 0],
  "refund-return-before-it": [2_500, 0, 0],
  "refund-names-another-account": [1_500, 4_000, 0],
  "refund-of-cash-balance": [0, 0, -1_000],
  "refund-at-old-endpoint": [1_500, 0, 0],
  "refund-failed-at-old-endpoint": [2_500, 0, 0],
  "dispute-lost": [0, 0, 0],
  "dispute-won": [2_500, 0, 0],
  "dispute-lost-in-part": [700, 0, 0],
  "dispute-returned-in-parts": [2_500, 0, 0],
  "dispute-won-then-lost": [0, 0, 0],
  "dispute-lost-then-won": [2_500, 0, 0],
  "dispute-lost-at-once": [0, 0, 0],
  "dispute-inquiry": [2_500, 0, 0],
  "dispute-inquiry-escalated": [0, 0, 0],
  "dispute-in-another-currency": [2_500, 0, 0],
  "dispute-lost-in-another-currency": [0, 0, 0],
  "dispute-returned-months-later": [2_500, 0, 0],
  "dispute-return-before-it": [2_500, 0, 0],
  "dispute-of-two": [1_000, 0, 0],
  "payout-paid": [2_500, 0, 0],
  "payout-paid-then-failed": [2_500, 0, 0],
  "payout-failed-then-paid": [2_500, 0, 0],
  "payout-failed": [2_500, 0, 0],
  "payout-canceled": [2_500, 0, 0],
  "payout-automatic": [0, 0, 0],
  "payout-negative": [0, 0, 0],
  "connected-account": [1_500, 0, 0],
  "connected-stranger": [0, 0, 0],
};

const play = (name: StoryName, seed = 1) => playStory(name, OWNERS, { random: new Random(seed), now: NOW });
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

const NAMES = Object.keys(STORIES) as StoryName[];
/** What was converted is in another currency than what is owned, and a stranger's money is nobody's here. */
const ADDABLE = NAMES.filter((name) => {
  const { isListed, transactions } = play(name);
  return isListed && transactions.every(({ exchange_rate }) => exchange_rate === null);
});

test.each(ADDABLE)("%s → all transactions together are what is owned, unowned, or paid out", (name) => {
  const { transactions } = play(name);
  const { balances, unowned } = expectedBalances(play(name));
  const owned = [...balances.values()].flatMap((sums) => [...sums.values()].map(Number));
  const paidOut = transactions.filter(({ type }) => type.startsWith("payout"));
  const rest = [...unowned, ...paidOut].map(({ amount }) => amount);
  expect(sum(transactions.map(({ amount }) => amount))).toBe(sum([...owned, ...rest]));
});

describe.each(NAMES)("%s", (name) => {
  test("→ what the ledger must hold, as counted by hand", () => {
    const [ada, bob, nobody] = EXPECTED[name];
    const { balances, unowned } = expectedBalances(play(name));
    const held = [...balances].flatMap(([owner, sums]) =>
      [...sums].map(([currency, n]) => [owner, currency, n]),
    );
    const wanted = [
      ["acc_ada", "USD", BigInt(ada)],
      ["acc_bob", "USD", BigInt(bob)],
    ];
    const isNotZero = ([, , amount]: unknown[]) => amount !== 0n;
    expect(held.filter(isNotZero).sort()).toEqual(wanted.filter(isNotZero));
    expect(sum(unowned.map(({ amount }) => amount))).toBe(nobody);
  });

  test("→ events that Stripe could send, each with an id of its own", () => {
    const { events, apiVersion, account } = play(name);
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    for (const body of events) {
      expect(STRIPE_EVENT_TYPES).toContain(body.type);
      expect(parseEvent(new TextEncoder().encode(JSON.stringify(body)))).toMatchObject({
        kind: "event",
        event: { id: body.id, type: body.type, api_version: apiVersion, account, livemode: false },
      });
    }
  });

  test("→ every id that an object, a transaction or an event mentions is there", () => {
    const account = play(name);
    const ids = new Set(account.objects.map(({ id }) => id));
    expect(ids.size).toBe(account.objects.length);
    const all = [...account.objects, ...account.events.map(({ data }) => data.object)];
    expect(all.flatMap(mentioned).filter((id) => !ids.has(id))).toEqual([]);
  });

  test("→ the objects are as their last events say", () => {
    const account = play(name);
    const now = new Map(account.objects.map((object) => [object["id"], object]));
    for (const [id, object] of newestObjects(account)) {
      expect(now.get(id)?.["status"]).toBe(object["status"]);
    }
  });

  test("the same seed → the same; another seed → no id in common", () => {
    const [first, again, other] = [play(name), play(name), play(name, 2)];
    expect(JSON.stringify(again)).toBe(JSON.stringify(first));
    const ids = new Set(first.events.map(({ id }) => id));
    expect(other.events.filter(({ id }) => ids.has(id))).toEqual([]);
  });
});

const MENTIONS = `balance_transaction charge customer failure_balance_transaction latest_charge payment_intent
  source`.split(/\s+/);

function mentioned(object: StripeObject): unknown[] {
  const { balance_transactions: ofDispute = [] } = object;
  const inDispute = (ofDispute as { id: string }[]).map(({ id }) => id);
  return [...MENTIONS.map((field) => object[field] ?? null).filter((id) => id !== null), ...inDispute];
}

/** By id, in the order in which Stripe made the events, which is not that of their delivery. */
function newestObjects({ events }: StripeAccount): Map<unknown, StripeObject> {
  const made = [...events].sort((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1));
  return new Map(made.map(({ data: { object } }) => [object["id"], object]));
}
