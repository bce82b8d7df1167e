/** A few payments and payouts of a few ledger accounts, at random. */
import { DAY } from "../../lib/durations.ts";
import type { Random } from "../../lib/random.ts";
import {
  BEFORE_BASIL,
  LISTED_ACCOUNT,
  STRANGER,
  WITHOUT_REFUND_EVENTS,
} from "../../sandbox/stripe-account/unusual-accounts.ts";
import type { StripeHistory } from "./history.ts";
import { randomChain } from "./random-chain.ts";

/** The one that a mapper may not know yet. */
export const STRANGE_CURRENCY = "kwd";
/** The one that none of the ledger's accounts holds. */
export const FOREIGN_CURRENCY = "jpy";
export const CURRENCIES = ["usd", "usd", "eur", FOREIGN_CURRENCY, STRANGE_CURRENCY];

const ACCOUNTS = [{ account: LISTED_ACCOUNT }, { account: STRANGER, isListed: false }];
/** A balance of the ledger's has no currency, so each account has one. */
const HELD = { acc_ada: "usd", acc_bob: STRANGE_CURRENCY, acc_cy: "eur", acc_dan: "usd" };

export function randomHistory(random: Random, start: number, twins: number): StripeHistory {
  const held = Object.entries(HELD).slice(0, random.whole(1, 4));
  const accounts = held.map(([name]) => {
    const opensAt = random.chance(0.03) ? null : start + (random.chance(0.7) ? 0 : random.whole(0, DAY));
    return [name, opensAt] as const;
  });
  const asksStripe = random.chance(0.7);
  // What nobody can find out waits for days, attempt after attempt.
  const namedElsewhere = asksStripe ? 0.3 : 0.1;
  const chains = Array.from({ length: random.whole(1, 4) }, () => {
    const [owner, holds] = random.pick(held);
    const currency = random.chance(0.1) ? FOREIGN_CURRENCY : holds;
    const stripe = {
      ...(random.chance(0.15) && random.pick(ACCOUNTS)),
      ...(random.chance(0.3) && BEFORE_BASIL),
      ...(random.chance(0.05) && WITHOUT_REFUND_EVENTS),
    };
    const whose = { owner: random.chance(0.03) ? null : owner, other: random.pick(held)[0] };
    return randomChain({ random, start, twins, ...whose, currency, asksStripe, namedElsewhere, stripe });
  });
  return {
    accounts: new Map(accounts),
    asksStripe,
    stripe: chains.map(({ stripe }) => stripe),
    movements: chains.flatMap(({ movements }) => movements),
    events: chains.flatMap(({ events }) => events),
  };
}
