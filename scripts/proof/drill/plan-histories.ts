/**
 * What happens at Stripe during a drill, and in which order its events are first delivered. The seed decides all of it.
 * Each movement of money stands beside the events that tell of it, written down by what happened: no code of the
 * service has a part in it.
 */
import { accountIdOf } from "../../lib/account-id.ts";
import type { Random } from "../../lib/random.ts";
import { Storyteller, type Movement, type ToldEvent } from "../histories/history.ts";
import { tellOne } from "../histories/kinds.ts";

/** 2027-01-15T08:00:00Z. Only what stands inside the events is of this time. */
const BEGIN_MS = 1_800_000_000_000;
const TWINS = 0.01;
/** An endpoint gets more types than move money, but not mostly those. */
const KEPT_OF_IGNORED = 0.4;

/** How far an event is from its place in the order in which things happened. */
const NEAR = 5;
const FAR = 400;
const GOES_FAR = 0.08;

export interface DrillStory {
  /** In the order of their first delivery. */
  readonly events: readonly ToldEvent[];
  /** The same in the order in which they happened. */
  readonly happened: readonly ToldEvent[];
  readonly movements: readonly Movement[];
  readonly dids: readonly string[];
}

export function tellDrill(random: Random, atLeast: number, accounts: number): DrillStory {
  const dids = Array.from({ length: accounts }, (_, n) => `did:key:drill${n}`);
  const owners = dids.map(accountIdOf);
  // Payments are settled as payment intents and refunds as charges, as a fresh stack is configured.
  const teller = new Storyteller(random, BEGIN_MS, TWINS, "charge");
  const kept: ToldEvent[] = [];
  for (let seen = 0; kept.length < atLeast;) {
    tellOne(teller, owners, BEGIN_MS);
    const told = teller.events.slice(seen);
    seen = teller.events.length;
    kept.push(...told.filter(({ expected }) => expected !== "ignored" || random.chance(KEPT_OF_IGNORED)));
  }
  const happened = kept.toSorted((a, b) => a.at - b.at);
  return { events: inOrderOfArrival(random, happened), happened, movements: teller.movements, dids };
}

/**
 * As many parts of one story, each told in its own order of arrival. They are cut by what happened: no part waits for money that
 * only a later one brings.
 */
export function partsOf({ events, happened }: DrillStory, count: number): ToldEvent[][] {
  const size = Math.ceil(events.length / count);
  return Array.from({ length: count }, (_, n) => {
    const part = new Set(happened.slice(n * size, (n + 1) * size));
    return events.filter((event) => part.has(event));
  });
}

function inOrderOfArrival(random: Random, happened: readonly ToldEvent[]): ToldEvent[] {
  return happened
    .map((event, n) => ({ event, rank: n + random.whole(0, random.chance(GOES_FAR) ? FAR : NEAR) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ event }) => event);
}

/** What must become of an event when all is over. */
export type Fate =
  | "forwarded"
  | "ignored"
  | "unmappable"
  /** Its payment can be settled nowhere, so nobody can say whose money it takes. It waits in sight of operators. */
  | "without_payment"
  /** The ledger may refuse it for good, since a later event of the same payout came first. */
  | "forwarded_or_overtaken";

export function fateOf({ expected, movement, mayBeOvertaken }: ToldEvent): Fate {
  if (expected !== "money") return expected;
  if (movement !== null && movement.account === null) return "without_payment";
  return mayBeOvertaken ? "forwarded_or_overtaken" : "forwarded";
}
