import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { askSandbox, newAccount } from "../../support/scripted-ledger.ts";
import {
  balancesOf,
  deliverAll,
  newStripeAccount,
  pass,
  runAlarms,
  stateOf,
  prepareHistories,
} from "../../support/play-history.ts";

/**
 * The customer has spent what is now to be refunded. The refund waits for
 * funds, and nothing else waits for it.
 */

prepareHistories();

/** Money leaves the account by another way than Stripe. */
async function spend(account: string, amount: number): Promise<void> {
  const answer = await askSandbox({
    method: "POST",
    url: new URL("/v1/payments/settlements/ingest", env.LEDGER_BASE_URL),
    idempotencyKey: `spent:${account}`,
    authorization: `Bearer ${env.LEDGER_ADMIN_KEY}`,
    body: JSON.stringify({
      provider: "stripe",
      external_payment_id: `spent:${account}`,
      direction: "refund",
      status: "confirmed",
      account_id: account,
      amount_minor: String(amount),
      currency: "USD",
      network: "stripe",
      metadata: {},
    }),
  });
  expect(answer.status).toBe(201);
}

async function paidAndSpent(account_id: string) {
  const stripe = newStripeAccount();
  const payment = stripe.pay({ amount: 1_000, metadata: { account_id } });
  await deliverAll(stripe.events);
  await spend(account_id, 900);
  return {
    refund: (amount: number) => {
      payment.refund({ amount });
      return [stripe.lastEvent("refund.created")];
    },
    payMore: (amount: number) => {
      stripe.pay({ amount, metadata: { account_id } });
      return deliverAll([stripe.lastEvent("payment_intent.succeeded")]);
    },
  };
}

it("a refund without funds, then a further payment → the refund settles by itself", async () => {
  const account = await newAccount();
  const { refund, payMore } = await paidAndSpent(account);
  const refunded = refund(500);
  expect(await deliverAll(refunded)).toEqual(["502 422 INSUFFICIENT_FUNDS, will retry"]);
  await runAlarms(refunded, Date.now() + 2 * 3_600_000);
  expect(await balancesOf(account)).toEqual({ USD: "100" });

  await payMore(700);
  expect(await balancesOf(account)).toEqual({ USD: "800" });
  await runAlarms(refunded);
  expect(await balancesOf(account)).toEqual({ USD: "300" });
  for (const event of refunded) expect((await stateOf(event)).operator_actions).toEqual([]);
});

it("a smaller refund after it is not held up", async () => {
  const account = await newAccount();
  const { refund, payMore } = await paidAndSpent(account);
  const large = refund(500);
  await deliverAll([...large, ...refund(100)]);
  expect(await balancesOf(account)).toEqual({ USD: "0" });

  pass(60);
  await payMore(500);
  await runAlarms(large);
  expect(await balancesOf(account)).toEqual({ USD: "0" });
});

it("funds that never come → after 72 hours the refund stands failed before the operators, unbooked", async () => {
  const account = await newAccount();
  const { refund } = await paidAndSpent(account);
  const begin = Date.now();
  const refunded = refund(500);
  await deliverAll(refunded);
  await runAlarms(refunded);
  expect(Date.now() - begin).toBe(72 * 3_600_000);
  expect(await Promise.all(refunded.map(stateOf))).toMatchObject([
    {
      state: "failed",
      reason: "retry_horizon_reached",
      next_retry_at: null,
      last_error: { ledger_code: "INSUFFICIENT_FUNDS" },
    },
  ]);
  expect(await balancesOf(account)).toEqual({ USD: "100" });
});

it("a dispute's second withdrawal is booked first → the first lacks funds and the return its debit, until there are funds", async () => {
  const account_id = await newAccount();
  const stripe = newStripeAccount();
  const dispute = stripe.pay({ amount: 1_000, metadata: { account_id } }).dispute();
  const paid = stripe.lastEvent("payment_intent.succeeded");
  const first = stripe.lastEvent("charge.dispute.funds_withdrawn");
  dispute.win();
  const returned = stripe.lastEvent("charge.dispute.funds_reinstated");
  dispute.withdrawAgain();
  const second = stripe.lastEvent("charge.dispute.funds_withdrawn");

  expect(await deliverAll([paid, second, returned, first])).toEqual([
    "200 forwarded",
    "200 forwarded",
    "502 404 COUNTERPART_NOT_FOUND, will retry",
    "502 422 INSUFFICIENT_FUNDS, will retry",
  ]);
  await runAlarms([first, returned], Date.now() + 12 * 3_600_000);
  // What both lack together is nothing.
  expect(await balancesOf(account_id)).toEqual({ USD: "0" });

  stripe.pay({ amount: 1_500, metadata: { account_id } });
  await deliverAll([stripe.lastEvent("payment_intent.succeeded")]);
  await runAlarms([first, returned]);
  for (const event of [first, returned]) expect((await stateOf(event)).state).toBe("forwarded");
  expect(await balancesOf(account_id)).toEqual({ USD: "1500" });
});
