/**
 * Random histories of payments: what happened, what it makes of the balances, and the order in which Stripe tells it.
 *
 * The balances are computed from what happened alone, by a model that knows neither events nor settlements. Plain data
 * with explicit amounts, so that a failure can be read, and shrinks.
 */
import * as fc from "fast-check";
import { type Events, StripePayment } from "./stripe-payment.ts";

const ACCOUNTS = 3;
const CURRENCIES = ["usd", "jpy", "kwd"];
const MAX_AMOUNT = 100_000;

interface Refund {
  readonly what: "refund";
  readonly amount: number;
  readonly pending: boolean;
  /** A refund that fails counts for nothing. If it is made again, that is a refund of its own. */
  readonly fails: boolean;
  /** Written on the refund itself. False: whoever wants to know must ask for the payment. */
  readonly ownAccount: boolean;
  readonly secondsLater: number;
}

interface Dispute {
  readonly what: "dispute";
  readonly amount: number;
  readonly won: boolean;
  readonly ownAccount: boolean;
}

interface Payment {
  readonly account: number;
  readonly currency: string;
  readonly amount: number;
  readonly failedAttempts: number;
  readonly chargeKnowsAccount: boolean;
  readonly acts: readonly (Refund | Dispute)[];
}

export interface History {
  readonly payments: readonly Payment[];
}

/** How the events of a history arrive. Numbers are taken modulo what there is, so that any plan fits any history. */
export interface Arrival {
  /** Event n arrives by the rank at n: all alike leave the events in the order in which they happened. */
  readonly ranks: readonly number[];
  /** These arrive once more. */
  readonly again: readonly number[];
  /** Of these a second event object arrives. */
  readonly twins: readonly number[];
  /** So many at the same moment, and then the clock goes on by so many seconds. */
  readonly bursts: readonly { readonly size: number; readonly seconds: number }[];
  /** Account n is opened after so many bursts. */
  readonly opened: readonly number[];
}

interface Draw {
  readonly dispute: boolean;
  readonly share: number;
  readonly pending: boolean;
  readonly fails: number;
  readonly won: boolean;
  readonly ownAccount: boolean;
  readonly secondsLater: number;
}

const drawArb: fc.Arbitrary<Draw> = fc.record({
  dispute: fc.nat(3).map((n) => n === 3),
  share: fc.integer({ min: 1, max: 100 }),
  pending: fc.boolean(),
  fails: fc.nat(5).map((n) => Math.max(0, n - 3)),
  won: fc.boolean(),
  ownAccount: fc.boolean(),
  secondsLater: fc.constantFrom(0, 1, 60, 86_400),
});

const paymentArb: fc.Arbitrary<Payment> = fc
  .record({
    account: fc.nat(ACCOUNTS - 1),
    currency: fc.constantFrom(...CURRENCIES),
    amount: fc.integer({ min: 1, max: MAX_AMOUNT }),
    failedAttempts: fc.nat(2),
    chargeKnowsAccount: fc.boolean(),
    draws: fc.array(drawArb, { maxLength: 4 }),
  })
  .map(({ draws, ...payment }) => Object.assign(payment, { acts: actsOf(payment.amount, draws) }));

export const historyArb: fc.Arbitrary<History> = fc.record({
  payments: fc.array(paymentArb, { minLength: 1, maxLength: 3 }),
});

export const arrivalArb: fc.Arbitrary<Arrival> = fc.record({
  ranks: fc.array(fc.nat(99), { minLength: 1, maxLength: 30 }),
  again: fc.array(fc.nat(99), { maxLength: 6 }),
  twins: fc.array(fc.nat(99), { maxLength: 4 }),
  bursts: fc.array(
    fc.record({ size: fc.integer({ min: 1, max: 4 }), seconds: fc.constantFrom(0, 3, 20, 300) }),
    {
      minLength: 1,
      maxLength: 8,
    },
  ),
  opened: fc.array(fc.constantFrom(0, 0, 0, 4), { minLength: ACCOUNTS, maxLength: ACCOUNTS }),
});

/** Nobody gets more back than is left of the charge; one dispute per charge, as with cards. */
function actsOf(charged: number, draws: readonly Draw[]): (Refund | Dispute)[] {
  const acts: (Refund | Dispute)[] = [];
  let left = charged;
  for (const { dispute, share, pending, fails, won, ownAccount, secondsLater } of draws) {
    if (left === 0) break;
    const amount = Math.max(1, Math.floor((left * share) / 100));
    if (dispute && !acts.some((act) => act.what === "dispute")) {
      acts.push({ what: "dispute", amount, won, ownAccount });
      if (!won) left -= amount;
    } else {
      const refund = { what: "refund", amount, pending, ownAccount, secondsLater } as const;
      for (let n = 0; n < fails; n++) acts.push({ ...refund, fails: true });
      acts.push({ ...refund, fails: false });
      left -= amount;
    }
  }
  return acts;
}

/** Per account what it has in each currency in the end. A currency in which nothing ever happened is not there. */
export function finalBalances({ payments }: History): Record<string, string>[] {
  return Array.from({ length: ACCOUNTS }, (_, account) => {
    const balances: Record<string, number> = {};
    for (const payment of payments.filter((each) => each.account === account)) {
      const gone = payment.acts.filter((act) => (act.what === "refund" ? !act.fails : !act.won));
      const kept = gone.reduce((rest, act) => rest - act.amount, payment.amount);
      const currency = payment.currency.toUpperCase();
      balances[currency] = (balances[currency] ?? 0) + kept;
    }
    return Object.fromEntries(Object.entries(balances).map(([currency, sum]) => [currency, String(sum)]));
  });
}

/** Told of by Stripe, and never booked: each would cost as much time as an event that is. */
const NEVER_BOOKED = /^charge\.(succeeded|failed|refund\.updated|dispute\.(created|closed))$/;

/** The events of it in which money is told of, in the order in which they happened, payment by payment. */
export function eventsOf({ payments }: History, accounts: readonly string[]): Events {
  const events = payments.flatMap(({ failedAttempts, acts, account: n, ...options }) => {
    const account = accounts[n] as string;
    const payment = new StripePayment({ ...options, account });
    const attempts = Array.from({ length: failedAttempts }, () => payment.attemptFails());
    return [
      ...attempts.flat(),
      ...payment.succeeds(),
      ...acts.flatMap((act) => happen(payment, act, account)),
    ];
  });
  return events.filter(({ type }) => !NEVER_BOOKED.test(type));
}

function happen(payment: StripePayment, act: Refund | Dispute, account: string): Events {
  const own = act.ownAccount ? account : undefined;
  if (act.what === "dispute") {
    const [dispute, events] = payment.isDisputed({ amount: act.amount, account: own });
    return [...events, ...(act.won ? payment.disputeIsWon(dispute) : payment.disputeIsLost(dispute))];
  }
  const [refund, events] = payment.refund({ ...act, account: own });
  if (act.fails) return [...events, ...payment.refundFails(refund)];
  return [...events, ...(act.pending ? payment.refundSucceeds(refund) : payment.refundIsReferenced(refund))];
}

/** In words, for the message of a failed test. */
export function describeHistory({ payments }: History): string {
  return payments.map(describePayment).join("\n");
}

function describePayment(payment: Payment): string {
  const { account, currency, amount, failedAttempts, chargeKnowsAccount, acts } = payment;
  const after = failedAttempts > 0 ? ` after ${failedAttempts} failed attempts` : "";
  const charge = chargeKnowsAccount ? "" : "; the charge does not know the account";
  return [`account ${account} is paid ${amount} ${currency}${after}${charge}`, ...acts.map(describeAct)].join(
    "\n  ",
  );
}

function describeAct(act: Refund | Dispute): string {
  const own = act.ownAccount ? ", with its own account" : "";
  if (act.what === "dispute") return `${act.amount} disputed and ${act.won ? "won" : "lost"}${own}`;
  const fate = act.fails ? "fails" : "succeeds";
  const pending = act.pending ? "pending, then " : "";
  return `${act.amount} refunded ${act.secondsLater} s later: ${pending}${fate}${own}`;
}
