import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type StripeEventBody,
  paymentIntentSucceeded,
} from "../../../scripts/sandbox/events/stripe-events.ts";
import { CURRENCIES } from "../../../src/settlement/currency.ts";
import { type Row, TABLE } from "../../../src/settlement/mapping-table.ts";
import { operator, storedRecord } from "../../support/worker.ts";
import {
  balancesOf,
  deliverAll,
  newStripeAccount,
  pass,
  runAlarms,
  stateOf,
  prepareHistories,
} from "../../support/play-history.ts";
import { accountIdOf } from "../../../scripts/lib/account-id.ts";
import { newAccount, newDid, openAccount } from "../../support/scripted-ledger.ts";

/**
 * An event that the mapper could not read, after the mapper was fixed: here, a mapper that does not know a
 * currency yet, and then knows it. The kept body is mapped again, and goes the way of every other event.
 */

const history = prepareHistories();
const known = CURRENCIES as Set<string>;
const mapperLearns = () => known.add("XCG");
beforeEach(() => void known.delete("XCG"));
afterEach(() => void mapperLearns());

const CUSTOMER = "jenny.rosen@example.com";
const paid = (account_id: string) =>
  paymentIntentSucceeded({ account_id, amount: 1_200, currency: "xcg", receipt_email: CUSTOMER });
const retry = (event: StripeEventBody) =>
  operator("POST", `/v1/admin/events/${event.id}/retry`, { actor: "ada", note: "XCG is known now" });

/** The record as text, its bytes as the text that they hold. */
async function stored(event: StripeEventBody): Promise<string> {
  return JSON.stringify(await storedRecord(event.id), (_, value: unknown) =>
    value instanceof Uint8Array ? new TextDecoder().decode(value) : value,
  );
}

it("failed(unmappable) + retry after the fix → forwarded and credited, and the raw body is gone", async () => {
  const account = await newAccount();
  const event = paid(account);
  expect(await deliverAll([event])).toEqual(["200 failed currency_unknown"]);
  expect(history.ledger.requests).toEqual([]);
  expect(await stored(event)).toContain(CUSTOMER);

  mapperLearns();
  const answer = await retry(event);
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({
    state: "forwarded",
    reason: null,
    attempts: 1,
    settlement: { account_id: account, amount_minor: "1200", currency: "XCG" },
    operator_actions: [{ action: "retry", actor: "ada", note: "XCG is known now" }],
  });
  expect(await balancesOf(account)).toEqual({ XCG: "1200" });
  expect(await stored(event)).not.toContain(CUSTOMER);
  expect(await storedRecord(event.id)).not.toHaveProperty("body");

  expect(await deliverAll([event])).toEqual(["200 forwarded"]);
  expect((await retry(event)).status).toBe(409);
  expect(await balancesOf(account)).toEqual({ XCG: "1200" });
});

it("failed(unmappable) + retry before the fix → still failed, its body still kept, and nobody is asked", async () => {
  const event = paid(await newAccount());
  await deliverAll([event]);
  expect((await retry(event)).body).toMatchObject({
    state: "failed",
    reason: "currency_unknown",
    attempts: 0,
  });
  expect(history.ledger.requests).toEqual([]);
  expect(await stored(event)).toContain(CUSTOMER);
  mapperLearns();
  expect((await retry(event)).body).toMatchObject({ state: "forwarded" });
});

it("failed(unmappable) + Stripe's resend after the fix → forwarded, as by an operator", async () => {
  const account = await newAccount();
  const event = paid(account);
  await deliverAll([event]);
  pass(86_400);
  mapperLearns();
  expect(await deliverAll([event, event])).toEqual(["200 forwarded", "200 forwarded"]);
  expect(await balancesOf(account)).toEqual({ XCG: "1200" });
  expect(await stored(event)).not.toContain(CUSTOMER);
});

it("failed(unmappable) + retry + a ledger that refuses for now → heals like any other, without the body", async () => {
  const did = newDid();
  const account = accountIdOf(did);
  const event = paid(account);
  await deliverAll([event]);
  mapperLearns();
  expect((await retry(event)).body).toMatchObject({
    state: "failed",
    reason: "ledger_unavailable",
    last_error: { ledger_status: 404 },
  });
  expect(await stored(event)).not.toContain(CUSTOMER);
  await openAccount(did);
  await runAlarms([event]);
  expect(await stateOf(event)).toMatchObject({ state: "forwarded", attempts: 2 });
  expect(await balancesOf(account)).toEqual({ XCG: "1200" });
});

describe("an event whose account must be looked up", () => {
  it("failed(unmappable) + retry after the fix → looked up, and debited once", async () => {
    const account = await newAccount();
    const stripe = newStripeAccount();
    const payment = stripe.pay({ amount: 1_200, currency: "xcg", metadata: { account_id: account } });
    payment.dispute({ amount: 500 });
    const withdrawn = stripe.lastEvent("charge.dispute.funds_withdrawn");
    const succeeded = stripe.lastEvent("payment_intent.succeeded");
    expect(await deliverAll([succeeded, withdrawn])).toEqual([
      "200 failed currency_unknown",
      "200 failed currency_unknown",
    ]);
    mapperLearns();
    // In the wrong order: the dispute then waits for its payment.
    expect((await retry(withdrawn)).body).toMatchObject({
      state: "failed",
      last_error: { ledger_code: "ACCOUNT_NOT_RESOLVED" },
    });
    expect((await retry(succeeded)).body).toMatchObject({ state: "forwarded" });
    await runAlarms([withdrawn]);
    expect((await stateOf(withdrawn)).settlement.metadata).toMatchObject({ account_source: "payin" });
    expect(await balancesOf(account)).toEqual({ XCG: "700" });
  });
});

it("failed(unmappable) + retry by a mapper that ignores the type now → still failed, its body still kept", async () => {
  const event = paid(await newAccount());
  await deliverAll([event]);
  const table = TABLE as Map<string, readonly Row[]>;
  const rows = table.get(event.type)!;
  table.set(event.type, [{ kind: "ignored", reason: "attempt_not_final" }]);
  const answer = await retry(event);
  table.set(event.type, rows);
  expect(answer.body).toMatchObject({ state: "failed", reason: "currency_unknown", attempts: 0 });
  expect(await stored(event)).toContain(CUSTOMER);
});
