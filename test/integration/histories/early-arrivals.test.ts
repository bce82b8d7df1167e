import { beforeEach, describe, expect, it } from "vitest";
import { accountIdOf } from "../../../scripts/lib/account-id.ts";
import type { StripeEventBody } from "../../../scripts/sandbox/events/stripe-events.ts";
import { newAccount, newDid, openAccount } from "../../support/scripted-ledger.ts";
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
import { type Events, StripePayment } from "../../support/stripe-payment.ts";

/** What overtakes its payment is refused at first, and settles without an operator. */

prepareHistories();

const NOT_RESOLVED = "502 404 ACCOUNT_NOT_RESOLVED, will retry";
const NO_FUNDS = "502 422 INSUFFICIENT_FUNDS, will retry";

let account: string;
beforeEach(async () => {
  account = await newAccount();
});

/** Whose money it is: written on the object that moves it, or to be asked of the ledger. */
const WAYS = [
  { way: "by look-up", own: false, refusal: NOT_RESOLVED },
  { way: "by its own metadata", own: true, refusal: NO_FUNDS },
];

describe.each(REFUND_MODES)("refunds reported by %s events", (mode) => {
  const options = refundsReportedBy(mode);

  describe.each(WAYS)("a refund and its payment, the account known $way", ({ own, refusal }) => {
    function eventsOfBoth(): { payment: Events; refund: Events; carrier: StripeEventBody } {
      const payment = new StripePayment({ account, amount: 1_000, chargeKnowsAccount: own });
      const paid = payment.succeeds();
      const refund = payment.refund({ amount: 400, account: own ? account : undefined })[1];
      const type = mode === "charge" ? "charge.refunded" : "refund.created";
      return { payment: paid, refund, carrier: refund.find((event) => event.type === type)! };
    }

    it("payment, refund → settled at once", async () => {
      const { payment, refund, carrier } = eventsOfBoth();
      await deliverAll([...payment, ...refund], options);
      expect(await stateOf(carrier)).toMatchObject({ state: "forwarded", attempts: 1 });
      expect(await balancesOf(account)).toEqual({ USD: "600" });
    });

    it("refund, payment → the refund's own alarm settles it", async () => {
      const { payment, refund, carrier } = eventsOfBoth();
      expect(await deliverAll(refund, options)).toContain(refusal);
      await deliverAll(payment, options);
      expect(await balancesOf(account)).toEqual({ USD: "1000" });
      await runAlarms([carrier]);
      expect(await balancesOf(account)).toEqual({ USD: "600" });
      const { attempt_log, operator_actions } = await stateOf(carrier);
      expect(attempt_log.at(-1)).toMatchObject({ attempt: 2, trigger: "alarm", outcome: "accepted" });
      expect(operator_actions).toEqual([]);
    });

    it("refund, payment, the refund again → the redelivery settles it", async () => {
      const { payment, refund, carrier } = eventsOfBoth();
      await deliverAll([...refund, ...payment], options);
      pass(6);
      expect(await deliverAll([carrier], options)).toEqual(["200 forwarded"]);
      expect(await balancesOf(account)).toEqual({ USD: "600" });
      await runAlarms([carrier]);
      expect(await balancesOf(account)).toEqual({ USD: "600" });
    });

    it("the refund waits for hours → it settles within one interval after its payment", async () => {
      const { payment, refund, carrier } = eventsOfBoth();
      await deliverAll(refund, options);
      await runAlarms([carrier], Date.now() + 12 * 3_600_000);
      pass(60);
      await deliverAll(payment, options);
      const paidAt = Date.now();
      await runAlarms([carrier]);
      expect(Date.now() - paidAt).toBeLessThanOrEqual(3_600_000);
      expect(await balancesOf(account)).toEqual({ USD: "600" });
    });
  });

  it("a refund made, failed, made again, all before the payment and last first → exact", async () => {
    const payment = new StripePayment({ account, amount: 1_000, chargeKnowsAccount: false });
    const paid = payment.succeeds();
    const [refund, made] = payment.refund({ amount: 300 });
    const events = [...made, ...payment.refundFails(refund), ...payment.refund({ amount: 300 })[1]];
    await deliverAll([...events.toReversed(), ...paid], options);
    await runAlarms(events);
    expect(await balancesOf(account)).toEqual({ USD: "700" });
    for (const event of events) expect((await stateOf(event)).state).toMatch(/^(forwarded|ignored)$/);
  });
});

describe.each(WAYS)("a dispute and its payment, the account known $way", ({ own, refusal }) => {
  function eventsOfBoth() {
    const payment = new StripePayment({ account, amount: 1_000 });
    const paid = payment.succeeds();
    const [, disputed] = payment.isDisputed({ amount: 400, account: own ? account : undefined });
    const withdrawn = disputed.find((event) => event.type === "charge.dispute.funds_withdrawn")!;
    return { paid, disputed, withdrawn };
  }

  it("payment, dispute → settled at once", async () => {
    const { paid, disputed, withdrawn } = eventsOfBoth();
    await deliverAll([...paid, ...disputed]);
    expect(await stateOf(withdrawn)).toMatchObject({ state: "forwarded", attempts: 1 });
    expect(await balancesOf(account)).toEqual({ USD: "600" });
  });

  it("dispute, payment → the dispute's own alarm settles it", async () => {
    const { paid, disputed, withdrawn } = eventsOfBoth();
    expect(await deliverAll(disputed)).toContain(refusal);
    await deliverAll(paid);
    await runAlarms([withdrawn]);
    expect(await stateOf(withdrawn)).toMatchObject({ state: "forwarded", attempts: 2 });
    expect(await balancesOf(account)).toEqual({ USD: "600" });
  });

  it("dispute, payment, the dispute again → the redelivery settles it", async () => {
    const { paid, disputed, withdrawn } = eventsOfBoth();
    await deliverAll([...disputed, ...paid]);
    pass(6);
    expect(await deliverAll([withdrawn])).toEqual(["200 forwarded"]);
    expect(await balancesOf(account)).toEqual({ USD: "600" });
  });
});

it("payment, refund and dispute before their account is opened → all settle once it is", async () => {
  const did = newDid();
  const late = accountIdOf(did);
  const payment = new StripePayment({ account: late, amount: 1_000 });
  const [, disputed] = payment.isDisputed({ amount: 300 });
  const events = [...payment.succeeds(), ...payment.refund({ amount: 200, account: late })[1], ...disputed];
  const outcomes = await deliverAll(events);
  expect(outcomes.filter((outcome) => outcome === "502 404 NOT_FOUND, will retry")).toHaveLength(2);
  expect(outcomes.filter((outcome) => outcome === NOT_RESOLVED)).toHaveLength(1);
  await openAccount(did);
  await runAlarms(events);
  expect(await balancesOf(late)).toEqual({ USD: "500" });
});
