/** Random histories of payments, refunds, disputes and payouts. Never more goes back than was paid. */
import { DAY, HOUR, MINUTE, SECOND } from "../../lib/durations.ts";
import type { Random } from "../../lib/random.ts";
import * as stripe from "../../sandbox/events/stripe-events.ts";
import type { Movement, StripeHistory } from "./history.ts";
import { HistoryBuilder } from "./history-builder.ts";

/** The one that a mapper may not know yet. */
export const STRANGE_CURRENCY = "kwd";
/** The one that none of the accounts of `stripeHistory` holds. */
export const FOREIGN_CURRENCY = "jpy";
export const CURRENCIES = ["usd", "usd", "eur", FOREIGN_CURRENCY, STRANGE_CURRENCY];
const FOREIGN = 0.1;

export function stripeHistory(random: Random, start: number, twins: number): StripeHistory {
  const history = new HistoryBuilder(random, start, twins);
  const accounts = new Map<string, number | null>();
  // A balance of the ledger's has no currency, so each account has one.
  const held = new Map([
    ["acc_ada", "usd"],
    ["acc_bob", STRANGE_CURRENCY],
    ["acc_cy", "eur"],
  ]);
  const foreign = new Map([...held.keys()].map((name) => [name, FOREIGN_CURRENCY]));
  for (const name of [...held.keys()].slice(0, random.whole(1, 3))) {
    accounts.set(name, random.chance(0.03) ? null : start + (random.chance(0.7) ? 0 : random.whole(0, DAY)));
  }
  const owners = [...accounts.keys()];
  for (let chains = random.whole(1, 4); chains > 0; chains--) {
    addChain(history, owners, start, random.chance(FOREIGN) ? foreign : held);
  }
  const { refundEvents, movements, events } = history;
  return { refundEvents, accounts, movements, events };
}

/**
 * A payment and what follows, or a payout. Of some nobody can say whose they are. An owner for whom
 * `currencyOf` names a currency has no other.
 */
export function addChain(
  history: HistoryBuilder,
  owners: readonly string[],
  start: number,
  currencyOf: ReadonlyMap<string, string> = new Map(),
): void {
  const { random } = history;
  history.now = start + random.whole(0, 12 * HOUR);
  const account = random.chance(0.03) ? null : random.pick(owners);
  const drawn = random.pick(CURRENCIES);
  const currency = (account === null ? null : currencyOf.get(account)) ?? drawn;
  const money = { account, currency, amount: random.whole(1, 100_000) };
  if (random.chance(0.8)) addPayment(history, money);
  else addPayout(history, money);
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

function addPayment(history: HistoryBuilder, money: Money): void {
  const { random } = history;
  const { account, currency, amount } = money;
  const [intent, charge] = [history.id("pi"), history.id("ch")];
  const object = { id: intent, amount, currency, latest_charge: charge, ...own(account) };
  for (let failures = random.whole(0, 2); failures > 0; failures--) {
    history.later(SECOND, HOUR).emit(stripe.paymentFailed, object, "ignored");
  }
  history.later(SECOND, HOUR);
  if (random.chance(0.1)) {
    const expected = account === null ? "ignored" : "money";
    return history.emit(stripe.paymentCanceled, object, expected);
  }
  if (random.chance(0.05)) {
    const free = { ...object, amount: 0 };
    return history.emit(stripe.paymentIntentSucceeded, free, "ignored");
  }
  const credit = history.move({
    name: `payment ${intent}`,
    account,
    currency: currency.toUpperCase(),
    delta: BigInt(amount),
    payment: null,
  });
  const expected = account === null ? "unmappable" : "money";
  history.emit(stripe.paymentIntentSucceeded, object, expected, credit);
  if (random.chance(0.2)) {
    const charged = { id: charge, amount, currency, payment_intent: intent };
    history.emit(
      (body, envelope) => stripe.stripeEvent("charge.succeeded", body, envelope),
      charged,
      "ignored",
    );
  }
  addRefundsAndDispute(history, { intent, charge, credit, money });
}

/** Refunds and a dispute. */
function addRefundsAndDispute(history: HistoryBuilder, paid: Paid): void {
  const { random } = history;
  /** As the charge counts it: what is refunded, or about to be. */
  let refunded = 0;
  for (let refunds = random.pick([0, 0, 1, 2, 3]); refunds > 0 && refunded < paid.money.amount; refunds--) {
    const amount = random.whole(1, paid.money.amount - refunded);
    refunded += addRefund(history.later(SECOND, 12 * HOUR), paid, amount, refunded);
  }
  const left = paid.money.amount - refunded;
  if (left > 0 && random.chance(0.2))
    addDispute(history.later(MINUTE, 12 * HOUR), paid, random.whole(1, left));
}

/** Gives what stays refunded. */
function addRefund(history: HistoryBuilder, paid: Paid, amount: number, refundedBefore: number): number {
  const { random, refundEvents } = history;
  const { intent, charge, credit, money } = paid;
  const byCharge = refundEvents === "charge";
  const id = history.id("re");
  const fails = random.chance(0.25);
  const isPending = random.chance(0.3);
  const sibling = { account: credit.account, currency: credit.currency, payment: credit };
  /** A refund that was never more than pending is booked by the charge's events only, both ways. */
  const isBooked = byCharge || !fails || !isPending;
  const debit = isBooked ? history.move({ ...sibling, name: `refund ${id}`, delta: BigInt(-amount) }) : null;

  const object = { id, charge, payment_intent: intent, amount, currency: money.currency };
  const refund = random.chance(0.1) ? { ...object, ...own(money.account) } : object;
  const total = { charge, payment_intent: intent, amount: money.amount, currency: money.currency };
  const ofCharge = { ...total, amount_refunded: refundedBefore + amount, previous: refundedBefore };
  const charged = random.chance(0.8) ? { ...ofCharge, ...own(money.account) } : ofCharge;
  const booked = byCharge ? debit : null;
  history.emit(stripe.chargeRefunded, charged, byCharge ? "money" : "ignored", booked);

  const status = isPending ? "pending" : "succeeded";
  const emitRefundEvent = (build: typeof stripe.refundCreated, as: string) => {
    const counts = !byCharge && as === "succeeded";
    const movement = counts ? debit : null;
    history.emit(build, { ...refund, status: as }, counts ? "money" : "ignored", movement);
  };
  emitRefundEvent(stripe.refundCreated, status);
  if (isPending ? !fails : random.chance(0.3)) {
    emitRefundEvent(stripe.refundUpdated, "succeeded");
  }
  if (!fails) return amount;
  history.later(MINUTE, 12 * HOUR);
  const back = isBooked
    ? history.move({ ...sibling, name: `failed refund ${id}`, delta: BigInt(amount) })
    : null;
  const previous_attributes = { status };
  history.emit(
    (failed, envelope) => stripe.refundFailed(failed, { previous_attributes, ...envelope }),
    refund,
    isBooked ? "money" : "ignored",
    back,
  );
  return 0;
}

function addDispute(history: HistoryBuilder, { intent, charge, credit, money }: Paid, amount: number): void {
  const id = history.id("dp");
  const dispute = { id, charge, payment_intent: intent, amount, currency: money.currency };
  const sibling = { account: credit.account, currency: credit.currency, payment: credit };
  const withdrawn = history.move({ ...sibling, name: `dispute ${id}`, delta: BigInt(-amount) });
  history.emit(stripe.disputeFundsWithdrawn, dispute, "money", withdrawn);
  if (!history.random.chance(0.5)) return;
  const back = history.move({ ...sibling, name: `won dispute ${id}`, delta: BigInt(amount) });
  history.later(MINUTE, DAY).emit(stripe.disputeFundsReinstated, dispute, "money", back);
}

function addPayout(history: HistoryBuilder, { account, currency, amount }: Money): void {
  const { random } = history;
  const id = history.id("po");
  const automatic = random.chance(0.3);
  const payout = { id, amount, currency, automatic, ...own(account) };
  const expected = account !== null ? "money" : automatic ? "ignored" : "unmappable";
  const movement = history.move({
    name: `payout ${id}`,
    account,
    currency: currency.toUpperCase(),
    delta: 0n,
    payment: null,
  });
  if (random.chance(0.2)) {
    return history.emit(stripe.payoutCanceled, payout, expected, movement);
  }
  const fails = random.chance(0.4);
  history.emit(stripe.payoutPaid, payout, expected, movement, fails);
  if (!fails) return;
  history.later(SECOND, DAY);
  history.emit(stripe.payoutFailed, payout, expected, movement);
}
