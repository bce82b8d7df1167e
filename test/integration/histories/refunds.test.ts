import { describe, expect, it } from "vitest";
import { newAccount } from "../../support/scripted-ledger.ts";
import {
  balancesOf,
  deliverAll,
  everyOrder,
  REFUND_MODES,
  refundsReportedBy,
  runAlarms,
  prepareHistories,
  twinOf,
} from "../../support/play-history.ts";
import { type Events, StripePayment } from "../../support/stripe-payment.ts";

/** Refunds of one charge. The endpoint gets both families of events, and exactly one of them is booked. */

prepareHistories();

describe.each(REFUND_MODES)("refunds reported by %s events", (mode) => {
  const options = refundsReportedBy(mode);

  async function paid(chargeKnowsAccount = true) {
    const account = await newAccount();
    const payment = new StripePayment({ account, amount: 1_000, chargeKnowsAccount });
    await deliverAll(payment.succeeds(), options);
    return { account, payment };
  }

  /** 200, 300 and 400 of 1000: the total after each differs from the refund, and from every other refund. */
  function threePartialRefunds(payment: StripePayment): Events[] {
    return [200, 300, 400].map((amount) => payment.refund({ amount })[1]);
  }

  it.each(everyOrder([1, 2, 3]))(
    "three partial refunds in the order %i, %i, %i, each reported twice → each debited once",
    async (...order) => {
      const { account, payment } = await paid();
      const refunds = threePartialRefunds(payment);
      const events = order.flatMap((nth) => refunds[nth - 1] ?? []);
      await deliverAll([...events, ...events], options);
      expect(await balancesOf(account)).toEqual({ USD: "100" });
    },
  );

  it("each of them twice in a row → each debited once", async () => {
    const { account, payment } = await paid();
    const refunds = threePartialRefunds(payment).flat();
    const events = refunds.flatMap((event) => [event, event]);
    await deliverAll(events, options);
    expect(await balancesOf(account)).toEqual({ USD: "100" });
  });

  it("three refunds in one second → each debited once", async () => {
    const { account, payment } = await paid();
    const events = [200, 300, 400].flatMap((amount) => payment.refund({ amount, secondsLater: 0 })[1]);
    await deliverAll(events.toReversed(), options);
    expect(await balancesOf(account)).toEqual({ USD: "100" });
  });

  it("twin events of each change, before and after it → each debited once", async () => {
    const { account, payment } = await paid();
    const events = threePartialRefunds(payment).flat();
    const outcomes = await deliverAll([...events.map(twinOf), ...events, ...events.map(twinOf)], options);
    expect(new Set(outcomes.filter((outcome) => !outcome.includes("ignored")))).toEqual(
      new Set(["200 forwarded"]),
    );
    expect(await balancesOf(account)).toEqual({ USD: "100" });
  });

  it("a charge that does not know its account → found by look-up, debited once", async () => {
    const { account, payment } = await paid(false);
    const events = threePartialRefunds(payment).flat();
    await deliverAll([...events, ...events], options);
    expect(await balancesOf(account)).toEqual({ USD: "100" });
  });

  it.each([["it had succeeded", false] as const, ["it was still pending", true] as const])(
    "a refund fails when %s, and is made again, in every order → debited once",
    async (_, pending) => {
      for (const order of everyOrder([0, 1, 2])) {
        const { account, payment } = await paid();
        const [first, made] = payment.refund({ amount: 300, pending });
        const failed = payment.refundFails(first);
        const again = payment.refund({ amount: 300 })[1];
        const events = order.flatMap((nth) => [made, failed, again][nth] ?? []);
        await deliverAll([...events, ...events], options);
        await runAlarms(events);
        expect(await balancesOf(account), `order ${order.join()}`).toEqual({ USD: "700" });
      }
    },
  );

  it("a refund that is pending, succeeds, and gets its reference → debited once", async () => {
    const { account, payment } = await paid();
    const [refund, made] = payment.refund({ amount: 300, pending: true });
    const events = [...made, ...payment.refundSucceeds(refund), ...payment.refundIsReferenced(refund)];
    await deliverAll([...events, ...events.toReversed()], options);
    expect(await balancesOf(account)).toEqual({ USD: "700" });
  });

  it("a refund of everything that fails for good → the account has it all back", async () => {
    const { account, payment } = await paid();
    const [refund, made] = payment.refund({ amount: 1_000 });
    await deliverAll(made, options);
    expect(await balancesOf(account)).toEqual({ USD: "0" });
    await deliverAll(payment.refundFails(refund), options);
    expect(await balancesOf(account)).toEqual({ USD: "1000" });
  });
});
