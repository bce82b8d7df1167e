/** What may happen to a payment or a payout at Stripe, at random. Never more goes back than was paid. */
import { HOUR, SECOND } from "../../lib/durations.ts";
import type { Random } from "../../lib/random.ts";
import { named } from "../../sandbox/stories/story.ts";
import type { StripeAccountOptions } from "../../sandbox/stripe-account/books.ts";
import type { Dispute } from "../../sandbox/stripe-account/dispute.ts";
import type { Payment } from "../../sandbox/stripe-account/payment.ts";
import type { PaymentMethod } from "../../sandbox/stripe-account/payment-method.ts";
import type { PaymentOptions } from "../../sandbox/stripe-account/payment-objects.ts";
import { StripeAccount } from "../../sandbox/stripe-account/stripe-account.ts";
import type { Chain, HistoryEvent } from "./history.ts";
import { truthOf } from "./stripe-truth.ts";

/** An endpoint gets more types than these, but not mostly others. */
const MAY_MOVE_MONEY = /^(payment_intent\.(succeeded|canceled)|charge\.(captured|dispute)|refund\.|payout\.)/;
const KEPT_OF_OTHERS = 0.2;
const METHODS: readonly PaymentMethod[] = [
  "card",
  "card",
  "card",
  "sepa_debit",
  "us_bank_account",
  "konbini",
];

interface ChainOptions {
  readonly random: Random;
  readonly start: number;
  /** How often an event has a twin: another id, the same change. */
  readonly twins: number;
  /** null: nobody says whose it is. */
  readonly owner: string | null;
  /** Whom some objects name that do not count. */
  readonly other: string;
  readonly currency: string;
  readonly asksStripe: boolean;
  /** How often something else than the payment itself names its owner. */
  readonly namedElsewhere: number;
  readonly stripe?: Pick<StripeAccountOptions, "account" | "isListed" | "apiVersion" | "requestVersion">;
}

/** A payment and what follows, or a payout. */
export function randomChain(options: ChainOptions): Chain {
  const { random, start, twins, asksStripe, stripe } = options;
  const account = new StripeAccount({ random, now: start + random.whole(0, 12 * HOUR), ...stripe });
  const what = random.next();
  if (what < 0.8) addPayment(account, options);
  else if (what < 0.98) addPayout(account, options);
  else account.refundCashBalance(account.createCustomer(), random.whole(1, 9_999), options.currency);
  const made = [...account.events];
  for (const event of made) {
    if (random.chance(twins)) account.twin(event, random.whole(0, 3));
  }
  const { events, ...truth } = truthOf(account, asksStripe);
  const isSubscribed = ({ type, movement, heldFor }: HistoryEvent) =>
    movement !== null || heldFor !== null || MAY_MOVE_MONEY.test(type) || random.chance(KEPT_OF_OTHERS);
  return { ...truth, events: events.filter(isSubscribed) };
}

/** Two acts may fall into one second, unless only their times tell whose an event is. */
function wait(account: StripeAccount, random: Random): void {
  const isAtOnce = account.sendsRefundEvents && random.chance(0.2);
  account.later(isAtOnce ? 0 : random.magnitude(SECOND, 12 * HOUR));
}

function addPayment(account: StripeAccount, options: ChainOptions): void {
  const { random, currency } = options;
  const hasIntent = random.chance(0.9);
  const method = random.pick(METHODS);
  const money = { amount: random.whole(1, 100_000), currency, method, movesAtOnce: random.chance(0.5) };
  const conversion = { currency: currency === "eur" ? "usd" : "eur", rate: 0.9 + random.next() / 5 };
  const payer = {
    ...money,
    ...payerOf(account, options, hasIntent),
    ...(random.chance(0.1) && { conversion }),
  };
  const payment = hasIntent ? account.createPayment(payer) : account.createCharge(payer);
  const failures = hasIntent ? random.pick([0, 0, 0, 1, 2]) : 0;
  for (let n = 0; n < failures; n++) {
    wait(account, random);
    payment.failAttempt();
  }
  wait(account, random);
  if (failures === 0 && hasIntent && random.chance(0.08)) return payment.cancel();
  if (method !== "card" || random.chance(0.6)) payment.succeed();
  else if (!captures(account, payment.authorize(), options)) return;
  if (random.chance(0.1)) payment.changeMetadata(named(options.other));
  for (let acts = random.pick([0, 0, 1, 1, 2, 3]); acts > 0 && payment.left > 0; acts--) {
    wait(account, random);
    if (random.chance(0.7)) addRefund(account, payment, options);
    else if (!addDispute(account, payment, options)) return;
  }
}

/** Where the ledger account stands, and who else stands where it does not count. */
function payerOf(account: StripeAccount, options: ChainOptions, hasIntent: boolean): PaymentOptions {
  const { random, owner, other, namedElsewhere } = options;
  const customer = (name: string) => ({ customer: account.createCustomer(named(name)) });
  if (owner === null) return {};
  if (!random.chance(namedElsewhere)) {
    return { metadata: named(owner), ...(random.chance(namedElsewhere) && customer(other)) };
  }
  if (!hasIntent) return customer(owner);
  const decoy = random.chance(0.3) ? customer(other) : { customer: account.createCustomer() };
  const subscription = { metadata: named(owner) };
  return random.pick([
    { ...decoy, checkout: { metadata: named(owner), client_reference_id: other } },
    { ...decoy, checkout: { client_reference_id: owner } },
    { ...decoy, invoice: { metadata: named(owner), subscription: { metadata: named(other) } } },
    { ...decoy, invoice: { subscription } },
    customer(owner),
  ]);
}

/** False: nobody pays after all. */
function captures(account: StripeAccount, payment: Payment, { random }: ChainOptions): boolean {
  wait(account, random);
  const what = random.next();
  if (what < 0.2) payment.cancel();
  else if (what < 0.3) payment.expire();
  else if (what < 0.4) payment.capture(payment.amount + random.whole(1, 500));
  else payment.capture(what < 0.8 ? random.whole(1, payment.amount) : payment.amount);
  return what >= 0.3;
}

function addRefund(account: StripeAccount, payment: Payment, { random, other }: ChainOptions): void {
  // As much as was released of it, in some.
  const rest = payment.amount - payment.left;
  const most = rest > 0 && rest < payment.left && random.chance(0.3) ? rest : payment.left;
  const amount = random.chance(0.5) ? most : random.whole(1, most);
  const { chargePrefix, isDelayed } = payment.traits;
  const status = random.chance(isDelayed ? 0.8 : 0.3)
    ? random.pick(chargePrefix === "ch" ? (["pending"] as const) : (["pending", "requires_action"] as const))
    : "succeeded";
  const refund = payment.refund({ amount, status, ...(random.chance(0.15) && { metadata: named(other) }) });
  const goesOn = random.chance(0.6);
  if (goesOn && status === "requires_action") refund.pend();
  wait(account, random);
  if (goesOn && status !== "succeeded") refund.succeed();
  const end = random.next();
  if (end > 0.5) return;
  wait(account, random);
  if (end < 0.2) refund.fail();
  else if (end < 0.3) refund.cancel();
  else refund.updateReference();
}

/** Gives whether all of it came back. */
function addDispute(account: StripeAccount, payment: Payment, { random }: ChainOptions): boolean {
  const { left, conversion } = payment;
  const amount = random.chance(0.5) ? left : random.whole(1, left);
  const kind = random.pick(["chargeback", "chargeback", "chargeback", "inquiry", "lost_at_once"] as const);
  const dispute = payment.dispute({ amount, kind });
  if (kind === "lost_at_once") return false;
  wait(account, random);
  if (random.chance(0.3)) dispute.submitEvidence();
  if (kind === "inquiry" && random.chance(0.5)) {
    dispute.closeInquiry();
    return true;
  }
  if (kind === "inquiry") dispute.escalate();
  wait(account, random);
  return endDispute(account, dispute, random, conversion === null);
}

function endDispute(account: StripeAccount, dispute: Dispute, random: Random, mayPart: boolean): boolean {
  const part = random.whole(1, dispute.amount);
  const what = random.pick(["lost", "won", "won", "again", "late", ...(mayPart ? ["part", "parts"] : [])]);
  if (what === "lost" || what === "late") dispute.lose();
  if (what === "part") dispute.loseInPart(part);
  if (what === "won" || what === "again") dispute.win();
  if (what === "parts") dispute.win(part);
  wait(account, random);
  if (what === "late") dispute.win();
  if (what === "again") dispute.withdrawAgain();
  if (what === "parts" && part < dispute.amount) dispute.returnFunds(dispute.amount - part);
  return ["won", "late", "parts"].includes(what);
}

function addPayout(account: StripeAccount, { random, owner, currency }: ChainOptions): void {
  const amount = random.whole(1, 100_000) * (random.chance(0.05) ? -1 : 1);
  const metadata = owner === null || random.chance(0.1) ? {} : named(owner);
  const payout = account.payOut({ amount, currency, metadata, automatic: random.chance(0.3) });
  wait(account, random);
  if (random.chance(0.2)) return void payout.cancel();
  if (random.chance(0.9)) payout.pay();
  if (random.chance(0.5)) return;
  wait(account, random);
  payout.fail();
}
