/** The stories: customers pay, are refunded, dispute; platforms pay out. Never more goes back than was paid. */
import { DAY, HOUR, MINUTE, SECOND } from "../../lib/durations.ts";
import type { Random } from "../../lib/random.ts";
import * as stripe from "../../sandbox/events/stripe-events.ts";
import { type Movement, type Story, Storyteller } from "./history.ts";

/** The one that a mapper may not know yet. */
export const STRANGE_CURRENCY = "kwd";
const CURRENCIES = ["usd", "usd", "eur", "jpy", STRANGE_CURRENCY];

export function tellStory(random: Random, start: number, twins: number): Story {
  const teller = new Storyteller(random, start, twins);
  const accounts = new Map<string, number | null>();
  for (const name of ["acc_ada", "acc_bob", "acc_cy"].slice(0, random.whole(1, 3))) {
    accounts.set(name, random.chance(0.03) ? null : start + (random.chance(0.7) ? 0 : random.whole(0, DAY)));
  }
  const owners = [...accounts.keys()];
  for (let stories = random.whole(1, 4); stories > 0; stories--) tellOne(teller, owners, start);
  const { refundEvents, movements, events } = teller;
  return { refundEvents, accounts, movements, events };
}

/** A payment and what follows, or a payout. Of some nobody can say whose they are. */
export function tellOne(teller: Storyteller, owners: readonly string[], start: number): void {
  const { random } = teller;
  teller.now = start + random.whole(0, 12 * HOUR);
  const account = random.chance(0.03) ? null : random.pick(owners);
  const money = { account, currency: random.pick(CURRENCIES), amount: random.whole(1, 100_000) };
  if (random.chance(0.8)) tellPayment(teller, money);
  else tellPayout(teller, money);
}

interface Money {
  readonly account: string | null;
  readonly currency: string;
  readonly amount: number;
}

interface Paid {
  readonly intent: string;
  readonly charge: string;
  readonly credit: Movement;
  readonly money: Money;
}

function own(account: string | null): { account_id?: string } {
  return account === null ? {} : { account_id: account };
}

function tellPayment(teller: Storyteller, money: Money): void {
  const { random } = teller;
  const { account, currency, amount } = money;
  const [intent, charge] = [teller.id("pi"), teller.id("ch")];
  const object = { id: intent, amount, currency, latest_charge: charge, ...own(account) };
  for (let failures = random.whole(0, 2); failures > 0; failures--) {
    teller.later(SECOND, HOUR).tell((envelope) => stripe.paymentFailed(object, envelope), "ignored");
  }
  teller.later(SECOND, HOUR);
  if (random.chance(0.1)) {
    const expected = account === null ? "ignored" : "money";
    return teller.tell((envelope) => stripe.paymentCanceled(object, envelope), expected);
  }
  if (random.chance(0.05)) {
    const free = { ...object, amount: 0 };
    return teller.tell((envelope) => stripe.paymentIntentSucceeded(free, envelope), "ignored");
  }
  const credit = teller.moves({
    name: `payment ${intent}`,
    account,
    currency: currency.toUpperCase(),
    delta: BigInt(amount),
    payment: null,
  });
  const expected = account === null ? "unmappable" : "money";
  teller.tell((envelope) => stripe.paymentIntentSucceeded(object, envelope), expected, credit);
  if (random.chance(0.2)) {
    const charged = { id: charge, amount, currency, payment_intent: intent };
    teller.tell((envelope) => stripe.stripeEvent("charge.succeeded", charged, envelope), "ignored");
  }
  tellWhatFollows(teller, { intent, charge, credit, money });
}

/** Refunds and a dispute. */
function tellWhatFollows(teller: Storyteller, paid: Paid): void {
  const { random } = teller;
  /** As the charge counts it: what is refunded, or about to be. */
  let refunded = 0;
  for (let refunds = random.pick([0, 0, 1, 2, 3]); refunds > 0 && refunded < paid.money.amount; refunds--) {
    const amount = random.whole(1, paid.money.amount - refunded);
    refunded += tellRefund(teller.later(SECOND, 12 * HOUR), paid, amount, refunded);
  }
  const left = paid.money.amount - refunded;
  if (left > 0 && random.chance(0.2))
    tellDispute(teller.later(MINUTE, 12 * HOUR), paid, random.whole(1, left));
}

/** Gives what stays refunded. */
function tellRefund(teller: Storyteller, paid: Paid, amount: number, refundedBefore: number): number {
  const { random, refundEvents } = teller;
  const { intent, charge, credit, money } = paid;
  const byCharge = refundEvents === "charge";
  const id = teller.id("re");
  const fails = random.chance(0.25);
  const isPending = random.chance(0.3);
  const sibling = { account: credit.account, currency: credit.currency, payment: credit };
  /** A refund that was never more than pending is booked by the charge's events only, both ways. */
  const isBooked = byCharge || !fails || !isPending;
  const debit = isBooked ? teller.moves({ ...sibling, name: `refund ${id}`, delta: BigInt(-amount) }) : null;

  const object = { id, charge, payment_intent: intent, amount, currency: money.currency };
  const refund = random.chance(0.1) ? { ...object, ...own(money.account) } : object;
  const total = { charge, payment_intent: intent, amount: money.amount, currency: money.currency };
  const ofCharge = { ...total, amount_refunded: refundedBefore + amount, previous: refundedBefore };
  const charged = random.chance(0.8) ? { ...ofCharge, ...own(money.account) } : ofCharge;
  const told = byCharge ? debit : null;
  teller.tell((envelope) => stripe.chargeRefunded(charged, envelope), byCharge ? "money" : "ignored", told);

  const status = isPending ? "pending" : "succeeded";
  const tellRefundEvent = (build: typeof stripe.refundCreated, as: string) => {
    const counts = !byCharge && as === "succeeded";
    const movement = counts ? debit : null;
    teller.tell(
      (envelope) => build({ ...refund, status: as }, envelope),
      counts ? "money" : "ignored",
      movement,
    );
  };
  tellRefundEvent(stripe.refundCreated, status);
  if (isPending ? !fails : random.chance(0.3)) {
    tellRefundEvent(stripe.refundUpdated, "succeeded");
  }
  if (!fails) return amount;
  teller.later(MINUTE, 12 * HOUR);
  const back = isBooked
    ? teller.moves({ ...sibling, name: `failed refund ${id}`, delta: BigInt(amount) })
    : null;
  const previous_attributes = { status };
  teller.tell(
    (envelope) => stripe.refundFailed(refund, { previous_attributes, ...envelope }),
    isBooked ? "money" : "ignored",
    back,
  );
  return 0;
}

function tellDispute(teller: Storyteller, { intent, charge, credit, money }: Paid, amount: number): void {
  const id = teller.id("dp");
  const dispute = { id, charge, payment_intent: intent, amount, currency: money.currency };
  const sibling = { account: credit.account, currency: credit.currency, payment: credit };
  const withdrawn = teller.moves({ ...sibling, name: `dispute ${id}`, delta: BigInt(-amount) });
  teller.tell((envelope) => stripe.disputeFundsWithdrawn(dispute, envelope), "money", withdrawn);
  if (!teller.random.chance(0.5)) return;
  const back = teller.moves({ ...sibling, name: `won dispute ${id}`, delta: BigInt(amount) });
  teller
    .later(MINUTE, DAY)
    .tell((envelope) => stripe.disputeFundsReinstated(dispute, envelope), "money", back);
}

function tellPayout(teller: Storyteller, { account, currency, amount }: Money): void {
  const { random } = teller;
  const id = teller.id("po");
  const automatic = random.chance(0.3);
  const payout = { id, amount, currency, automatic, ...own(account) };
  const expected = account !== null ? "money" : automatic ? "ignored" : "unmappable";
  const movement = teller.moves({
    name: `payout ${id}`,
    account,
    currency: currency.toUpperCase(),
    delta: 0n,
    payment: null,
  });
  if (random.chance(0.2)) {
    return teller.tell((envelope) => stripe.payoutCanceled(payout, envelope), expected, movement);
  }
  const fails = random.chance(0.4);
  teller.tell((envelope) => stripe.payoutPaid(payout, envelope), expected, movement, fails);
  if (!fails) return;
  teller.later(SECOND, DAY);
  teller.tell((envelope) => stripe.payoutFailed(payout, envelope), expected, movement);
}
