/**
 * Random histories of payments: what happened, and the order in which Stripe reports it. Plain data with
 * explicit amounts, so that a failure can be read, and shrinks.
 */
import * as fc from "fast-check";
import type { StripeEventBody } from "../../scripts/sandbox/events/stripe-events.ts";
import type { Payment } from "../../scripts/sandbox/stripe-account/payment.ts";
import type { StripeAccount } from "../../scripts/sandbox/stripe-account/stripe-account.ts";

export const ACCOUNTS = 3;
const CURRENCIES = ["usd", "jpy", "kwd"];
const MAX_AMOUNT = 100_000;
/** More than all that a history can take from an account. */
const FUNDS = 100 * MAX_AMOUNT;

interface Refund {
  readonly what: "refund";
  readonly amount: number;
  /** Money leaves at once, or when it succeeds. */
  readonly pending: boolean;
  readonly end: "succeeds" | "fails" | "is canceled";
}

interface Dispute {
  readonly what: "dispute";
  readonly amount: number;
  readonly end: "lost" | "won" | "won in part" | "won, then lost";
}

interface RandomPayment {
  readonly account: number;
  readonly currency: string;
  readonly amount: number;
  readonly failedAttempts: number;
  readonly hasIntent: boolean;
  readonly acts: readonly (Refund | Dispute)[];
}

export interface History {
  readonly payments: readonly RandomPayment[];
}

/**
 * How the events of a history arrive. Numbers are taken modulo what there
 * is, so that any plan fits any history.
 */
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
  readonly refund: Refund["end"];
  readonly dispute_end: Dispute["end"];
}

const drawArb: fc.Arbitrary<Draw> = fc.record({
  dispute: fc.nat(3).map((n) => n === 3),
  share: fc.integer({ min: 1, max: 100 }),
  pending: fc.boolean(),
  refund: fc.constantFrom("succeeds", "succeeds", "fails", "is canceled"),
  dispute_end: fc.constantFrom("lost", "won", "won in part", "won, then lost"),
});

const paymentArb: fc.Arbitrary<RandomPayment> = fc
  .record({
    account: fc.nat(ACCOUNTS - 1),
    currency: fc.constantFrom(...CURRENCIES),
    amount: fc.integer({ min: 1, max: MAX_AMOUNT }),
    failedAttempts: fc.nat(2),
    hasIntent: fc.nat(3).map((n) => n < 3),
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
  for (const draw of draws) {
    if (left === 0) break;
    const amount = Math.max(1, Math.floor((left * draw.share) / 100));
    if (draw.dispute && !acts.some((act) => act.what === "dispute")) {
      acts.push({ what: "dispute", amount, end: draw.dispute_end });
      left -= amount;
    } else {
      acts.push({ what: "refund", amount, pending: draw.pending, end: draw.refund });
      if (draw.refund === "succeeds") left -= amount;
    }
  }
  return acts;
}

/** Makes the history happen. */
export function happen({ payments }: History, stripe: StripeAccount, accounts: readonly string[]): void {
  for (const { account, failedAttempts, hasIntent, acts, ...options } of payments) {
    const metadata = { account_id: accounts[account] as string };
    const payment = hasIntent
      ? stripe.createPayment({ ...options, metadata })
      : stripe.createCharge({ ...options, metadata });
    for (let n = 0; n < failedAttempts; n++) payment.failAttempt();
    payment.succeed();
    for (const act of acts) happenTo(payment, act);
  }
}

function happenTo(payment: Payment, act: Refund | Dispute): void {
  if (act.what === "dispute") {
    const dispute = payment.dispute({ amount: act.amount });
    if (act.end === "lost") dispute.lose();
    else if (act.end === "won in part") dispute.loseInPart(Math.ceil(act.amount / 2));
    else dispute.win();
    if (act.end === "won, then lost") dispute.withdrawAgain();
    return;
  }
  const refund = payment.refund({ amount: act.amount, status: act.pending ? "pending" : "succeeded" });
  if (act.end === "fails") refund.fail();
  else if (act.end === "is canceled") refund.cancel();
  else if (act.pending) refund.succeed();
  else refund.updateReference();
}

/** Each account of the history gets more than it can need. Gives the events. */
export function fund(
  { payments }: History,
  stripe: StripeAccount,
  accounts: readonly string[],
): StripeEventBody[] {
  const buckets = new Map(payments.map((payment) => [`${payment.account} ${payment.currency}`, payment]));
  return [...buckets.values()].map(({ account, currency }) => {
    stripe.pay({ amount: FUNDS, currency, metadata: { account_id: accounts[account] as string } });
    return stripe.lastEvent("payment_intent.succeeded");
  });
}

/** In words, for the message of a failed test. */
export function describeHistory({ payments }: History): string {
  return payments.map(describePayment).join("\n");
}

function describePayment({ account, currency, amount, failedAttempts, hasIntent, acts }: RandomPayment) {
  const after = failedAttempts > 0 ? ` after ${failedAttempts} failed attempts` : "";
  const by = hasIntent ? "" : " by a charge without an intent";
  return [`account ${account} is paid ${amount} ${currency}${by}${after}`, ...acts.map(describeAct)].join(
    "\n  ",
  );
}

function describeAct(act: Refund | Dispute): string {
  if (act.what === "dispute") return `${act.amount} disputed and ${act.end}`;
  return `${act.amount} refunded: ${act.pending ? "pending, then " : ""}${act.end}`;
}
