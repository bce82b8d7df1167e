import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { askSandbox, newAccount } from "../../support/scripted-ledger.ts";
import {
  balancesOf,
  deliverAll,
  pass,
  REFUND_MODES,
  refundsReportedBy,
  runAlarms,
  stateOf,
  prepareHistories,
} from "../../support/play-history.ts";
import { StripePayment } from "../../support/stripe-payment.ts";

/** The customer has spent what is now to be refunded. The refund waits for funds, and nothing else waits for it. */

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

describe.each(REFUND_MODES)("refunds reported by %s events", (mode) => {
  const options = refundsReportedBy(mode);

  it("a refund without funds, then a further payment → the refund settles by itself", async () => {
    const account = await newAccount();
    const payment = new StripePayment({ account, amount: 1_000 });
    await deliverAll(payment.succeeds(), options);
    await spend(account, 900);

    const refund = payment.refund({ amount: 500 })[1];
    expect(await deliverAll(refund, options)).toContain("502 422 INSUFFICIENT_FUNDS, will retry");
    await runAlarms(refund, Date.now() + 2 * 3_600_000);
    expect(await balancesOf(account)).toEqual({ USD: "100" });

    await deliverAll(new StripePayment({ account, amount: 700 }).succeeds(), options);
    expect(await balancesOf(account)).toEqual({ USD: "800" });
    await runAlarms(refund);
    expect(await balancesOf(account)).toEqual({ USD: "300" });
    for (const event of refund) expect((await stateOf(event)).operator_actions).toEqual([]);
  });

  it("a smaller refund after it is not held up", async () => {
    const account = await newAccount();
    const payment = new StripePayment({ account, amount: 1_000 });
    await deliverAll(payment.succeeds(), options);
    await spend(account, 900);
    const large = payment.refund({ amount: 500 })[1];
    const small = payment.refund({ amount: 100 })[1];
    await deliverAll([...large, ...small], options);
    expect(await balancesOf(account)).toEqual({ USD: "0" });

    pass(60);
    await deliverAll(new StripePayment({ account, amount: 500 }).succeeds(), options);
    await runAlarms(large);
    expect(await balancesOf(account)).toEqual({ USD: "0" });
  });

  it("funds that never come → after 72 hours the refund stands failed before the operators, unbooked", async () => {
    const account = await newAccount();
    const payment = new StripePayment({ account, amount: 1_000 });
    await deliverAll(payment.succeeds(), options);
    await spend(account, 900);
    const begin = Date.now();
    const refund = payment.refund({ amount: 500 })[1];
    await deliverAll(refund, options);
    await runAlarms(refund);
    expect(Date.now() - begin).toBe(72 * 3_600_000);
    const states = await Promise.all(refund.map(stateOf));
    expect(states.filter(({ state }) => state === "failed")).toMatchObject([
      {
        reason: "retry_horizon_reached",
        next_retry_at: null,
        last_error: { ledger_code: "INSUFFICIENT_FUNDS" },
      },
    ]);
    expect(await balancesOf(account)).toEqual({ USD: "100" });
  });
});
