/**
 * What happens at Stripe during the audit drill, in three currencies; and what goes wrong with it: deliveries
 * that are lost, events that Stripe never makes, and what is done to the ledger by hand.
 */
import { SECOND } from "../../lib/durations.ts";
import { accountIdOf } from "../../lib/account-id.ts";
import type { Random } from "../../lib/random.ts";
import { subscribedEventTypes } from "../../../src/settlement/map.ts";
import type { StripeEventBody } from "../../sandbox/events/stripe-events.ts";
import { StripeAccount } from "../../sandbox/stripe-account/stripe-account.ts";
import { didsOf } from "./plan-drill.ts";

export interface AuditOptions {
  readonly payments: number;
  readonly lost: number;
  readonly never: number;
  readonly altered: number;
  readonly invented: number;
  readonly effectless: number;
  readonly twice: number;
  readonly misread: number;
}

const CURRENCIES = ["usd", "eur", "jpy"] as const;
/** One currency each: the ledger's accounts hold one. */
const ACCOUNTS = 12;
/** Every so many payments. */
const EVERY = { refund: 6, dispute: 23, payout: 40, automaticPayout: 90 };
const SPACING_S = 3;
/** Its balance transaction comes a second later. */
const PAYMENT_S = 1;
const MARGIN_MS = 60 * SECOND;

export interface Paid {
  readonly intent: string;
  readonly charge: string;
  readonly account: string;
  readonly currency: string;
  readonly amount: number;
  readonly at: number;
  /** What Stripe sends of it, in order, of the types that an endpoint subscribes to. */
  readonly events: readonly StripeEventBody[];
}

/** Of two refunds of a payment the second. */
export interface Misread {
  readonly refund: string;
  readonly amount: number;
  /** As a mapping reads them that takes the payment's running total for the refund's amount. */
  readonly events: readonly StripeEventBody[];
}

interface Owner {
  readonly account_id: string;
  readonly currency: string;
}

export type AuditPlan = ReturnType<typeof planAudit>;

export function planAudit(random: Random, options: AuditOptions, now: number) {
  const { payments, lost, never, altered, effectless, twice, misread } = options;
  const dids = didsOf(ACCOUNTS);
  const owners = dids.map((did, n) => ({
    account_id: accountIdOf(did),
    currency: CURRENCIES[n % CURRENCIES.length] ?? "usd",
  }));
  const begin = now - (payments + misread) * (SPACING_S + PAYMENT_S) * SECOND - 10 * MARGIN_MS;
  const stripe = new StripeAccount({ random, now: begin });
  const types = new Set(subscribedEventTypes());
  /** Everything that `act` makes happen, as one chain of deliveries. */
  const chainOf = (act: () => void): StripeEventBody[] => {
    const from = stripe.events.length;
    act();
    return stripe.events.slice(from).filter(({ type }) => types.has(type));
  };
  const others: StripeEventBody[][] = [];
  const chains: Paid[] = [];
  for (let n = 0; n < payments; n++) {
    stripe.later(SPACING_S * SECOND);
    const owner = random.pick(owners);
    chains.push(paid(stripe, random, owner, n, chainOf));
    const { account_id, currency } = owner;
    const own = { amount: 500, currency, metadata: { account_id } };
    if (n % EVERY.payout === 3) others.push(chainOf(() => void stripe.payOut(own).pay()));
    const automatic = { amount: 700, currency, automatic: true };
    if (n % EVERY.automaticPayout === 4) others.push(chainOf(() => void stripe.payOut(automatic).pay()));
  }
  const misreadRefunds = Array.from({ length: misread }, () => {
    stripe.later(SPACING_S * SECOND);
    return misreadRefund(stripe, random.pick(owners), chainOf);
  });
  others.push(...misreadRefunds.map(({ events }) => [...events]));
  // Of payments to which nothing else happens: what is found of one is found once.
  const simple = chains.filter(({ events }) =>
    events.every(({ type }) => /^(payment_intent|charge)\.succeeded$/.test(type)),
  );
  const take = (count: number) => simple.splice(0, count);
  const plan = {
    lost: take(lost),
    never: take(never),
    altered: take(altered),
    effectless: take(effectless),
    twice: take(twice),
  };
  if (plan.twice.length < twice) throw new Error("more payments are needed for so much that goes wrong");
  const asRead = new Map(misreadRefunds.flatMap(({ events }) => events.map((event) => [event.id, event])));
  const unmade = new Set(plan.never.flatMap(({ events }) => events));
  const undelivered = new Set([...unmade, ...plan.lost.flatMap(({ events }) => events)]);
  return {
    ...plan,
    /** Nothing goes wrong with the rest of them. */
    simple,
    dids,
    stripe,
    /** In the list of events. */
    listed: stripe.events.filter((event) => !unmade.has(event)).map((event) => asRead.get(event.id) ?? event),
    misread: misreadRefunds,
    deliveries: [...chains.map(({ events }) => events), ...others].map((chain) =>
      chain.filter((event) => !undelivered.has(event)),
    ),
    window: {
      from: new Date(begin).toISOString(),
      to: new Date(stripe.now + MARGIN_MS).toISOString(),
    },
  };
}

function misreadRefund(
  stripe: StripeAccount,
  { account_id, currency }: Owner,
  chainOf: (act: () => void) => StripeEventBody[],
): Misread {
  const [first, amount] = [300, 200];
  let refund = "";
  const events = chainOf(() => {
    const payment = stripe.pay({ amount: 2_000, currency, metadata: { account_id } });
    payment.refund({ amount: first });
    refund = payment.refund({ amount }).id;
  });
  const total = (event: StripeEventBody): StripeEventBody => {
    const { object } = event.data;
    return object["id"] === refund
      ? { ...event, data: { object: { ...object, amount: first + amount } } }
      : event;
  };
  return { refund, amount, events: events.map(total) };
}

/** A payment, and what becomes of it. */
function paid(
  stripe: StripeAccount,
  random: Random,
  { account_id, currency }: Owner,
  n: number,
  chainOf: (act: () => void) => StripeEventBody[],
): Paid {
  const amount = random.whole(1_000, 99_999);
  const at = stripe.now;
  const ids = { intent: "", charge: "" };
  const events = chainOf(() => {
    const payment = stripe.pay({ amount, currency, metadata: { account_id } });
    Object.assign(ids, { intent: payment.intent, charge: payment.charge });
    if (n % EVERY.refund === 1) {
      const refund = payment.refund({ amount: random.whole(1, 900) });
      if (n % (5 * EVERY.refund) === 1) refund.fail();
    }
    if (n % EVERY.dispute === 2) {
      const dispute = payment.dispute();
      if (random.chance(1 / 2)) dispute.win();
      else dispute.lose();
    }
  });
  return { ...ids, account: account_id, currency, amount, at, events };
}
