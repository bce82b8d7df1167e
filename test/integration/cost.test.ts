import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { paymentIntentSucceeded, stripeEvent } from "../../scripts/sandbox/events/stripe-events.ts";
import { LANE_IDLE_MS, meterEvent, restingBytes } from "../support/cost-meter.ts";
import { accepted, refused, type ScriptedLedger, scriptLedger } from "../support/scripted-ledger.ts";
import { deliver, runAlarm, showEvent } from "../support/worker.ts";

/** What an event costs in rows and pages. Both are product figures: they are most of the bill. */

const PAGE_BYTES = 4_096;

let ledger: ScriptedLedger;
beforeEach(() => {
  ledger = scriptLedger();
});
afterEach(() => vi.restoreAllMocks());

/** As long as Stripe's ids get, with the fields that make a settlement largest. */
function typical(payment_method_types = ["us_bank_account"]) {
  // Its own account: what another test did in a lane would count here.
  const account_id = `acct_01JDB3K7Q8W9ERTYU${crypto.randomUUID().slice(0, 8).toUpperCase()}`;
  const event = paymentIntentSucceeded(
    {
      id: "pi_3SVxYz2eZvKYlo2C1a2b3c4d",
      account_id,
      amount: 123_456_789,
      currency: "usd",
      payment_method_types,
    },
    { id: `evt_3SVxYz2eZvKYlo2C${crypto.randomUUID().slice(0, 8)}` },
  );
  return { event, account_id };
}

it("a settled event: 7 rows, 4 of its own, 1 in the index, 2 in its idle lane; 12,288 bytes at rest", async () => {
  const { event, account_id } = typical();
  const { own, index, lane } = await meterEvent(event.id, account_id);
  expect((await deliver(event)).body.state).toBe("forwarded");
  await scheduler.wait(LANE_IDLE_MS);
  expect([own.rows, index.rows, lane.rows]).toEqual([4, 1, 2]);
  expect(lane.objectRequests).toBe(1);
  expect(await restingBytes(event.id)).toBe(3 * PAGE_BYTES);
});

it("a card payment on a Connect endpoint: 12,288 bytes too", async () => {
  const event = { ...typical(["card"]).event, account: "acct_listed" };
  ledger.answer(() => accepted("stl_01JDB3K7Q8W9ERTYUIOPASDFGH"));
  await deliver(event);
  expect(await restingBytes(event.id)).toBe(3 * PAGE_BYTES);
});

it("a replay: 1 row, which counts it, none in the index, and nothing in the lane", async () => {
  const { event, account_id } = typical();
  await deliver(event);
  const { own, index, lane } = await meterEvent(event.id, account_id);
  expect((await deliver(event)).body.deduped).toBe(true);
  expect([own.rows, index.rows, lane.objectRequests]).toEqual([1, 0, 0]);
});

it("an ignored event: 4 rows, 3 of its own and 1 in the index", async () => {
  const event = stripeEvent("customer.created", { id: "cus_1", object: "customer" });
  const { own, index } = await meterEvent(event.id, "acct_none");
  await deliver(event);
  expect([own.rows, index.rows]).toEqual([3, 1]);
  expect(await restingBytes(event.id)).toBe(3 * PAGE_BYTES);
});

it("one failed attempt more costs 8 rows more: 4 of its own, 3 in the index, which lists it as open and by its payment, 1 in its lane", async () => {
  ledger.answer(() => refused(503));
  const { event, account_id } = typical();
  const { own, index, lane } = await meterEvent(event.id, account_id);
  await deliver(event);
  expect([own.rows, index.rows, lane.rows]).toEqual([4, 3, 1]);
  ledger.answer(() => accepted());
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 20_000 });
  await runAlarm(event.id);
  vi.useRealTimers();
  expect((await showEvent(event.id)).body).toMatchObject({ state: "forwarded", attempts: 2 });
  await scheduler.wait(LANE_IDLE_MS);
  expect([own.rows, index.rows, lane.rows]).toEqual([8, 4, 3]);
});

it("reading an event that does not exist: no row, and no alarm", async () => {
  const { own } = await meterEvent("evt_nobody", "acct_none");
  const answer = await showEvent("evt_nobody");
  expect(answer.status).toBe(404);
  expect(answer.body.code).toBe("EVENT_NOT_FOUND");
  expect(own.rows).toBe(0);
});
