import { expect, it } from "vitest";
import { newAccount } from "../../support/scripted-ledger.ts";
import {
  balancesOf,
  deliverAll,
  runAlarms,
  settlementsOf,
  prepareHistories,
  twinOf,
} from "../../support/play-history.ts";
import { StripePayment } from "../../support/stripe-payment.ts";

/** A dispute takes its own amount, which may be less than the charge; what is won back is that amount too. */

prepareHistories();

async function disputedInPart() {
  const account = await newAccount();
  const payment = new StripePayment({ account, amount: 1_000 });
  const paid = payment.succeeds();
  const [dispute, withdrawn] = payment.isDisputed({ amount: 350 });
  return { account, payment, paid, dispute, withdrawn };
}

it("a part of a charge withdrawn → that part debited; then reinstated → credited again, each once", async () => {
  const { account, payment, paid, dispute, withdrawn } = await disputedInPart();
  await deliverAll([...paid, ...withdrawn, ...withdrawn, ...withdrawn.map(twinOf)]);
  expect(await balancesOf(account)).toEqual({ USD: "650" });
  const won = payment.disputeIsWon(dispute);
  await deliverAll([...won, ...won, ...won.map(twinOf), ...withdrawn]);
  expect(await balancesOf(account)).toEqual({ USD: "1000" });
  expect(await settlementsOf(dispute.money.id)).toEqual([
    "payin confirmed 350 USD",
    "refund confirmed 350 USD",
  ]);
});

it("reinstated, then withdrawn → nothing is left of it", async () => {
  const { account, payment, paid, dispute, withdrawn } = await disputedInPart();
  const won = payment.disputeIsWon(dispute);
  await deliverAll([...paid, ...won]);
  expect(await balancesOf(account)).toEqual({ USD: "1350" });
  await deliverAll([...withdrawn, ...won]);
  expect(await balancesOf(account)).toEqual({ USD: "1000" });
});

it("reinstated, withdrawn, and only then paid → exact without an operator", async () => {
  const { account, payment, paid, dispute, withdrawn } = await disputedInPart();
  const events = [...payment.disputeIsWon(dispute), ...withdrawn];
  await deliverAll([...events, ...paid]);
  await runAlarms(events);
  expect(await balancesOf(account)).toEqual({ USD: "1000" });
});

it("lost → the part stays debited; the rest can still be refunded", async () => {
  const { account, payment, paid, dispute, withdrawn } = await disputedInPart();
  const lost = payment.disputeIsLost(dispute);
  await deliverAll([...paid, ...withdrawn, ...lost, ...payment.refund({ amount: 650 })[1]]);
  expect(await balancesOf(account)).toEqual({ USD: "0" });
});
