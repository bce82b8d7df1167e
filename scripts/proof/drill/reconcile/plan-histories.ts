/** What happens at Stripe before and during the drill, which deliveries are lost on the way, and which settlements are altered. */
import type { Random } from "../../../lib/random.ts";
import { paymentIntentSucceeded, type StripeEventBody } from "../../../sandbox/events/stripe-events.ts";

/** The payments lie within it, so that one window holds them all. */
const SPREAD_SECONDS = 3_000;
const LIVE_PAYMENTS = 200;

export interface Story {
  readonly accounts: readonly string[];
  /** In the window, `lost` and `arrived` together. */
  readonly payments: readonly StripeEventBody[];
  readonly lost: readonly StripeEventBody[];
  readonly arrived: readonly StripeEventBody[];
  /** Of those that arrived. */
  readonly altered: readonly StripeEventBody[];
  /** After the window, while the run is on. */
  readonly live: readonly StripeEventBody[];
  readonly window: { readonly from: string; readonly to: string };
}

export interface StoryOptions {
  readonly events: number;
  readonly lost: number;
  readonly altered: number;
}

export function tellStory(
  random: Random,
  { events, lost, altered }: StoryOptions,
  accounts: readonly string[],
  nowSeconds: number,
): Story {
  const pay = (created: number) =>
    paymentIntentSucceeded(
      { account_id: random.pick(accounts), amount: random.whole(100, 99_999) },
      { created },
    );
  const payments = Array.from({ length: events }, (_, n) =>
    pay(nowSeconds - 60 - Math.floor((n * SPREAD_SECONDS) / events)),
  );
  const mixed = payments
    .map((event) => ({ event, rank: random.next() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ event }) => event);
  return {
    accounts,
    payments,
    lost: mixed.slice(0, lost),
    arrived: mixed.slice(lost),
    altered: mixed.slice(lost, lost + altered),
    live: Array.from({ length: LIVE_PAYMENTS }, () => pay(nowSeconds)),
    window: {
      from: new Date((nowSeconds - 120 - SPREAD_SECONDS) * 1000).toISOString(),
      to: new Date((nowSeconds - 30) * 1000).toISOString(),
    },
  };
}
