import { expect, it } from "vitest";
import {
  payoutCanceled,
  payoutFailed,
  payoutPaid,
  paymentIntentSucceeded,
} from "../../../scripts/sandbox/events/stripe-events.ts";
import { stripeId } from "../../../scripts/sandbox/events/stripe-ids.ts";
import { newAccount } from "../../support/scripted-ledger.ts";
import {
  balancesOf,
  deliverAll,
  pass,
  settlementsOf,
  stateOf,
  prepareHistories,
} from "../../support/play-history.ts";

/** Payouts are recorded and move no balance. A failed one is the end of it, whatever arrives later. */

const history = prepareHistories();

async function payout() {
  const account = await newAccount();
  await deliverAll([paymentIntentSucceeded({ account_id: account, amount: 1_000 })]);
  const id = stripeId("po");
  const money = { id, account_id: account, amount: 800 };
  return { account, id, paid: payoutPaid(money), failed: payoutFailed(money) };
}

it("paid, then failed days later → reversed", async () => {
  const { account, id, paid, failed } = await payout();
  expect(await deliverAll([paid, paid])).toEqual(["200 forwarded", "200 forwarded"]);
  expect(await settlementsOf(id)).toEqual(["payout confirmed 800 USD"]);
  pass(3 * 86_400);
  expect(await deliverAll([failed, failed, paid])).toEqual(Array(3).fill("200 forwarded"));
  expect(await settlementsOf(id)).toEqual(["payout reversed 800 USD"]);
  expect(await balancesOf(account)).toEqual({ USD: "1000" });
});

it("failed, then paid → stays reversed; the late event is ignored, and nobody is asked again", async () => {
  const { account, id, paid, failed } = await payout();
  expect(await deliverAll([failed, paid])).toEqual(["200 forwarded", "200 ignored payout_overtaken"]);
  expect(await settlementsOf(id)).toEqual(["payout reversed 800 USD"]);
  expect(await stateOf(paid)).toMatchObject({
    state: "ignored",
    reason: "payout_overtaken",
    next_retry_at: null,
    last_error: null,
  });
  expect(await balancesOf(account)).toEqual({ USD: "1000" });
});

it("canceled → failed", async () => {
  const account = await newAccount();
  const event = payoutCanceled({ account_id: account, amount: 800 });
  expect(await deliverAll([event])).toEqual(["200 forwarded"]);
  expect(await settlementsOf(String(event.data.object["id"]))).toEqual(["payout failed 800 USD"]);
});

it("automatic, without an account → ignored, and the ledger hears nothing", async () => {
  const money = { automatic: true, amount: 800 };
  const events = [payoutPaid(money), payoutFailed(money), payoutCanceled(money)];
  expect(await deliverAll(events)).toEqual(Array(3).fill("200 ignored automatic_payout"));
  expect(history.ledger.requests).toEqual([]);
});

it("by hand, without an account → unmappable, and visible", async () => {
  const event = payoutPaid({ amount: 800 });
  expect(await deliverAll([event])).toEqual(["200 failed account_missing"]);
  expect(await stateOf(event)).toMatchObject({ state: "failed", last_error: { code: "EVENT_UNMAPPABLE" } });
});
