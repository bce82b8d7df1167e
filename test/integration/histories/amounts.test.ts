import { describe, expect, it } from "vitest";
import {
  chargeSucceeded,
  disputeFundsWithdrawn,
  paymentIntentSucceeded,
  payoutPaid,
  refundCreated,
} from "../../../scripts/sandbox/events/stripe-events.ts";
import { disputeTransactions, type Money } from "../../../scripts/sandbox/events/stripe-objects.ts";
import { newAccount } from "../../support/scripted-ledger.ts";
import {
  balancesOf,
  deliverAll,
  newStripeAccount,
  stateOf,
  prepareHistories,
} from "../../support/play-history.ts";
import { deliver } from "../../support/worker.ts";

/** Amounts go to the ledger exactly as Stripe counts them, or not at all. */

const history = prepareHistories();

describe.each([
  ["two decimals", "usd", 1_234],
  ["no decimals", "jpy", 500],
  ["three decimals", "kwd", 12_345],
  ["the largest integer that JSON keeps", "usd", Number.MAX_SAFE_INTEGER],
])("%s: %s %i", (_, currency, amount) => {
  it("pays in, refunds and disputes unconverted", async () => {
    const account_id = await newAccount();
    const stripe = newStripeAccount();
    const payment = stripe.pay({ amount, currency, metadata: { account_id } });
    const part = Math.floor(amount / 3);
    const code = currency.toUpperCase();
    await deliverAll(stripe.events);
    expect(await balancesOf(account_id)).toEqual({ [code]: String(amount) });
    payment.refund({ amount: part });
    payment.dispute({ amount: part });
    await deliverAll(stripe.events);
    expect(await balancesOf(account_id)).toEqual({ [code]: String(amount - 2 * part) });
  });
});

it("currencies of one account are never added", async () => {
  const account_id = await newAccount();
  const currencies = ["usd", "jpy", "kwd", "eur"];
  await deliverAll(
    currencies.map((currency, i) => paymentIntentSucceeded({ account_id, currency, amount: i + 1 })),
  );
  expect(await balancesOf(account_id)).toEqual({ USD: "1", JPY: "2", KWD: "3", EUR: "4" });
});

const WRONG_AMOUNTS: readonly [string, unknown, string][] = [
  ["2⁵³", 2 ** 53, "amount_too_large"],
  ["10³⁰⁰", 1e300, "amount_too_large"],
  ["a fraction", 12.5, "amount_not_an_integer"],
  ["a small fraction", 0.1 + 0.2, "amount_not_an_integer"],
  ["a negative", -1_200, "amount_negative"],
  ["text", "1200", "amount_not_a_number"],
  ["a boolean", true, "amount_not_a_number"],
  ["null", null, "amount_missing"],
  ["nothing", undefined, "amount_missing"],
];
const WRONG_CURRENCIES: readonly [string, unknown, string][] = [
  ["nothing", undefined, "currency_missing"],
  ["null", null, "currency_missing"],
  ["no text", "", "currency_missing"],
  ["a code that nobody has", "xqz", "currency_unknown"],
  ["a unit that nobody pays with", "xau", "currency_unknown"],
  ["four letters", "usdc", "currency_unknown"],
  ["a number", 840, "currency_unknown"],
];

const CARRIERS = [
  ["payment_intent.succeeded", "amount_received", paymentIntentSucceeded],
  ["charge.succeeded", "amount_captured", chargeSucceeded],
  ["refund.created", "amount", refundCreated],
  ["payout.paid", "amount", payoutPaid],
  ["charge.dispute.funds_withdrawn", "amount", withdrawnInEuros],
] as const;

/** The balance is in another currency, so the dispute's own amount counts. */
function withdrawnInEuros(money: Money) {
  const balance_transactions = disputeTransactions({ id: "du_1", currency: "eur" }, [-900]);
  return disputeFundsWithdrawn({ balance_transactions, ...money });
}

describe.each(CARRIERS)("%s", (_type, field, build) => {
  /** Delivers it with one field spoiled: what Stripe hears, and what an operator sees. */
  async function resultOf(spoiled: Record<string, unknown>) {
    const account_id = await newAccount();
    const event = build({ account_id, ...spoiled });
    const { status, body } = await deliver(event);
    const { state, reason, settlement, next_retry_at, last_error } = await stateOf(event);
    return {
      answer: { status, state: body.state, code: body.error_code, reason: body.reason },
      shown: { state, reason, settlement, next_retry_at, code: last_error?.code },
      asked: history.ledger.requests.length,
      balances: await balancesOf(account_id),
    };
  }

  const unmappable = (reason: string) => ({
    answer: { status: 200, state: "failed", code: "EVENT_UNMAPPABLE", reason },
    shown: { state: "failed", reason, settlement: null, next_retry_at: null, code: "EVENT_UNMAPPABLE" },
    asked: 0,
    balances: {},
  });

  it.each(WRONG_AMOUNTS)(
    "the amount is %s (%j) → 200, visible as %s, nothing at the ledger",
    async (...row) => {
      const [, value, reason] = row;
      expect(await resultOf({ [field]: value })).toEqual(unmappable(reason));
    },
  );

  it.each(WRONG_CURRENCIES)(
    "the currency is %s (%j) → 200, visible as %s, nothing at the ledger",
    async (...row) => {
      const [, value, reason] = row;
      expect(await resultOf({ currency: value })).toEqual(unmappable(reason));
    },
  );
});

it("zero → ignored, and nothing at the ledger", async () => {
  const account_id = await newAccount();
  const events = [
    paymentIntentSucceeded({ account_id, amount_received: 0 }),
    refundCreated({ account_id, amount: 0 }),
    payoutPaid({ account_id, amount: 0 }),
  ];
  expect(await deliverAll(events)).toEqual(Array(3).fill("200 ignored zero_amount"));
  expect(history.ledger.requests).toEqual([]);
});
