/**
 * The truth of simulations and drills: it comes to the balances, and each
 * part of it is reported by some event.
 */
import { describe, expect, test } from "vitest";
import { Random } from "../../../../../scripts/lib/random.ts";
import { balancesAfter, type Chain } from "../../../../../scripts/proof/histories/history.ts";
import { randomHistory } from "../../../../../scripts/proof/histories/random-history.ts";
import { truthOf } from "../../../../../scripts/proof/histories/stripe-truth.ts";
import { playStory, STORIES, type StoryName } from "../../../../../scripts/sandbox/stories/stories.ts";
import { expectedBalances } from "../../../../../scripts/sandbox/stripe-account/expected-balances.ts";
import type { StripeAccount } from "../../../../../scripts/sandbox/stripe-account/stripe-account.ts";

const NOW = Date.UTC(2026, 10, 1);
const OWNERS = { ada: "acc_ada", bob: "acc_bob" };

/** Whose test counts each story's by hand. */
function expected(accounts: readonly StripeAccount[]): object {
  const sums: Record<string, bigint> = {};
  for (const { balances } of accounts.map((account) => expectedBalances(account))) {
    for (const [owner, held] of balances) {
      for (const [currency, sum] of held)
        sums[`${owner} ${currency}`] = (sums[`${owner} ${currency}`] ?? 0n) + sum;
    }
  }
  return withoutZeros(sums);
}

function counted({ movements }: Pick<Chain, "movements">): object {
  const sums = [...balancesAfter(movements)].flatMap(([owner, held]) =>
    [...held].map(([currency, sum]) => [`${owner} ${currency}`, sum] as const),
  );
  return withoutZeros(Object.fromEntries(sums));
}

function withoutZeros(sums: Readonly<Record<string, bigint>>): object {
  return Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== 0n));
}

function unreported({ movements, events }: Pick<Chain, "movements" | "events">): string[] {
  const reported = new Set(events.map(({ movement }) => movement));
  return movements.filter((movement) => !reported.has(movement)).map(({ name }) => name);
}

describe.each(Object.keys(STORIES) as StoryName[])("%s", (name) => {
  const stripe = playStory(name, OWNERS, { random: new Random(1), now: NOW });
  const truth = truthOf(stripe, true);

  test("→ its movements come to its balances", () => {
    expect(counted(truth)).toEqual(expected([stripe]));
  });

  test("→ some event reports each of them", () => {
    expect(unreported(truth)).toEqual([]);
  });
});

test("300 random histories → the same, and what comes back is never more than what was taken", () => {
  const gives = { returns: 0, strangers: 0, held: 0 };
  for (let seed = 1; seed <= 300; seed++) {
    const history = randomHistory(new Random(seed), NOW, 0.1);
    expect([seed, counted(history)]).toEqual([seed, expected(history.stripe)]);
    expect([seed, unreported(history)]).toEqual([seed, []]);
    for (const [debit, returns] of Map.groupBy(history.movements, (one) => one.debit)) {
      if (debit === null) continue;
      const sum = returns.reduce((total, { delta }) => total + delta, 0n);
      expect([seed, sum <= -debit.delta]).toEqual([seed, true]);
      gives.returns++;
    }
    gives.strangers += history.events.filter(({ isListed }) => !isListed).length;
    gives.held += history.events.filter(({ heldFor }) => heldFor !== null).length;
  }
  expect(Math.min(...Object.values(gives))).toBeGreaterThan(50);
});

test("of an account that is not listed no money has moved", () => {
  const stripe = playStory("connected-stranger", OWNERS, { random: new Random(1), now: NOW });
  const { events, movements } = truthOf(stripe, true);
  expect(movements).toEqual([]);
  expect(events.map(({ movement, heldFor, isListed }) => movement ?? heldFor ?? isListed)).not.toContain(
    true,
  );
});
