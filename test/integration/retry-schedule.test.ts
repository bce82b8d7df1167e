import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import { accepted, refused, type ScriptedLedger, scriptLedger } from "../support/scripted-ledger.ts";
import { alarmAt, deliver, runAlarm, showEvent } from "../support/worker.ts";

/** A ledger that stays down: the alarm tries again by the backoff, until the horizon. */

const BASE_MS = 15_000;
const MAX_MS = 3_600_000;
const HORIZON_MS = 72 * 3_600_000;

let ledger: ScriptedLedger;
beforeEach(() => {
  // The date only: the alarms themselves are run by hand, at the times that the objects asked for.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  ledger = scriptLedger(() => refused(503));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** An account of its own: each test moves the clock, and a lane lives in time. */
function paymentOfNewAccount() {
  return paymentIntentSucceeded({ account_id: `acct_${crypto.randomUUID()}` });
}

/** Sets the clock to the alarm's time and lets it ring. Returns how long the wait was. */
async function ring(eventId: string): Promise<number> {
  const at = await alarmAt(eventId);
  if (at === null) throw new Error("no alarm is set");
  const waited = at - Date.now();
  vi.setSystemTime(at);
  expect(await runAlarm(eventId)).toBe(true);
  return waited;
}

it("ten attempts against a ledger that is down: each delay is half fixed, half random, and doubles", async () => {
  const event = paymentOfNewAccount();
  const answer = await deliver(event);
  expect(Date.parse(answer.body.details.next_retry_at)).toBe(await alarmAt(event.id));

  const waits: number[] = [];
  for (let attempt = 2; attempt <= 10; attempt++) {
    waits.push(await ring(event.id));
    expect(ledger.requests).toHaveLength(attempt);
  }
  waits.forEach((waited, i) => {
    const full = Math.min(MAX_MS, BASE_MS * 2 ** i);
    expect(waited).toBeGreaterThanOrEqual(full / 2);
    expect(waited).toBeLessThanOrEqual(full);
  });
  // Were the random half constant, the ratios would all be alike.
  const shares = waits.map((waited, i) => waited / Math.min(MAX_MS, BASE_MS * 2 ** i));
  expect(new Set(shares.map((share) => share.toFixed(3))).size).toBeGreaterThan(1);

  const state = (await showEvent(event.id)).body;
  expect(state.attempts).toBe(10);
  expect(state.attempt_log.map((entry: { trigger: string }) => entry.trigger)).toEqual([
    "delivery",
    ...Array(9).fill("alarm"),
  ]);
  expect(state.next_retry_at).toBe(state.alarm_at);
});

it("every attempt sends the same key and the same bytes", async () => {
  const event = paymentOfNewAccount();
  await deliver(event);
  for (let i = 0; i < 5; i++) await ring(event.id);
  ledger.answer(() => accepted());
  await ring(event.id);
  expect((await showEvent(event.id)).body).toMatchObject({ state: "forwarded", attempts: 7 });
  expect(new Set(ledger.requests.map((request) => JSON.stringify(request))).size).toBe(1);
});

it("the horizon ends in failed with no retry scheduled, and the last attempt falls on it", async () => {
  const event = paymentOfNewAccount();
  const begin = Date.now();
  await deliver(event);
  for (let rings = 0; (await alarmAt(event.id)) !== null; rings++) {
    expect(rings).toBeLessThan(200);
    await ring(event.id);
  }
  expect(Date.now() - begin).toBe(HORIZON_MS);
  const state = (await showEvent(event.id)).body;
  expect(state).toMatchObject({
    state: "failed",
    reason: "retry_horizon_reached",
    next_retry_at: null,
    alarm_at: null,
  });
  expect(state.attempts).toBeGreaterThan(72);
  expect(state.attempt_log).toHaveLength(20);
  const answer = await deliver(event);
  expect(answer.status).toBe(502);
  expect(answer.body.details).toMatchObject({ retry_scheduled: false, next_retry_at: null });
});

it("Retry-After: the alarm is not earlier, and spread beyond it", async () => {
  ledger.answer(() => refused(429, "SLOW_DOWN", { "retry-after": "600" }));
  const event = paymentOfNewAccount();
  await deliver(event);
  const waited = await ring(event.id);
  expect(waited).toBeGreaterThanOrEqual(600_000);
  expect(waited).toBeLessThanOrEqual(600_000 + BASE_MS);
});

it("an alarm that rings early changes nothing, and is set again", async () => {
  const event = paymentOfNewAccount();
  await deliver(event);
  const due = await alarmAt(event.id);
  expect(await runAlarm(event.id)).toBe(true);
  expect(ledger.requests).toHaveLength(1);
  expect(await alarmAt(event.id)).toBe(due);
});

it("forwarded + alarm after the retention → purged: the event is unknown, and its storage empty", async () => {
  ledger.answer(() => accepted());
  const event = paymentOfNewAccount();
  await deliver(event);
  expect(await ring(event.id)).toBe(30 * 86_400_000);
  expect((await showEvent(event.id)).status).toBe(404);
  expect(await alarmAt(event.id)).toBeNull();
});
