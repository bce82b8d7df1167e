/** What happens at Stripe during a drill, and in which order its events are first delivered, by the seed. */
import { accountIdOf } from "../../lib/account-id.ts";
import { ordered } from "../../lib/ordered.ts";
import type { Random } from "../../lib/random.ts";
import type { Chain, HistoryEvent } from "../histories/history.ts";
import { randomChain } from "../histories/random-chain.ts";
import { CURRENCIES } from "../histories/random-history.ts";

/** 2027-01-15T08:00:00Z. Only what stands inside the events is of this time. */
const BEGIN_MS = 1_800_000_000_000;
const TWINS = 0.01;
const NOBODYS = 0.03;

/** How far an event is from its place in the order in which things happened. */
const NEAR = 5;
const FAR = 400;
const GOES_FAR = 0.08;

export type DrillPlan = ReturnType<typeof planDrill>;

export function planDrill(random: Random, atLeast: number, accounts: number) {
  const dids = didsOf(accounts);
  const owners = dids.map(accountIdOf);
  const chains: Chain[] = [];
  for (let events = 0; events < atLeast; events += chains.at(-1)?.events.length ?? 0) {
    const n = random.whole(0, accounts - 1);
    chains.push(
      randomChain({
        random,
        start: BEGIN_MS,
        twins: TWINS,
        owner: random.chance(NOBODYS) ? null : (owners[n] ?? null),
        other: random.pick(owners),
        // A ledger whose balance has no currency can hold one to an account.
        currency: CURRENCIES[n % CURRENCIES.length] ?? "",
        // Only what the events themselves say: there is no Stripe to ask.
        asksStripe: false,
        namedElsewhere: 0,
      }),
    );
  }
  const happened = chains.flatMap(({ events }) => events).toSorted((a, b) => a.at - b.at);
  const rank = (n: number) => n + random.whole(0, random.chance(GOES_FAR) ? FAR : NEAR);
  return {
    /** In the order of their first delivery. */
    events: ordered(happened, (_, n) => rank(n)),
    /** The same in the order in which they happened. */
    happened,
    movements: chains.flatMap(({ movements }) => movements),
    dids,
  };
}

export function didsOf(accounts: number): string[] {
  return Array.from({ length: accounts }, (_, n) => `did:key:drill${n}`);
}

/**
 * As many parts of one plan, each in its own order of arrival. They are cut by what happened: no part waits
 * for money that only a later one brings.
 */
export function partsOf({ events, happened }: DrillPlan, count: number): HistoryEvent[][] {
  const size = Math.ceil(events.length / count);
  return Array.from({ length: count }, (_, n) => {
    const part = new Set(happened.slice(n * size, (n + 1) * size));
    return events.filter((event) => part.has(event));
  });
}
