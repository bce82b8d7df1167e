import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import type { RpcResult } from "../../src/durable-object/rpc.ts";
import type { EventSummary } from "../../src/event-index/event-summary.ts";
import { accepted, refused, scriptLedger } from "../support/scripted-ledger.ts";
import { alarmAt, crash, deliver, indexRow, runAlarm, storedRecord, stubOf } from "../support/worker.ts";

/**
 * The object is aborted at each step between outcome and publish: within one
 * alarm the index shows the true state.
 */

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type Publish = () => Promise<RpcResult<void>>;
/** What becomes of a row on its way. `state` is that of the object which publishes it. */
type Fault = (really: Publish, state: DurableObjectState) => Promise<RpcResult<void>>;

/** Breaks the way to the index for one event, until its object is gone. */
function breakIndex(eventId: string, fault: Fault): Promise<void> {
  return runInDurableObject(stubOf(eventId), (object, state) => {
    const getByName = (name: string) => ({
      publish: (row: EventSummary) => fault(async () => env.EVENT_INDEX.getByName(name).publish(row), state),
    });
    Object.defineProperty(object, "env", { value: { ...env, EVENT_INDEX: { getByName } } });
  });
}

const OUTCOMES: readonly [string, () => Response, Record<string, unknown>][] = [
  ["accepted", () => accepted(), { state: "forwarded", attempts: 1, error_code: null }],
  ["refused for now", () => refused(503), { state: "failed", attempts: 1, reason: "ledger_unavailable" }],
  [
    "refused for good",
    () => refused(400, "INVALID_REQUEST"),
    { state: "failed", attempts: 1, reason: "ledger_rejected" },
  ],
];

describe.each(OUTCOMES)("%s", (_, answer, expected) => {
  async function deliverWith(fault: Fault) {
    const ledger = scriptLedger(answer);
    const event = paymentIntentSucceeded({ account_id: "acct_1", amount: 1234 });
    await breakIndex(event.id, fault);
    return { ledger, event };
  }

  it("crash in the turn of the outcome → the outcome is not on record; the lease's alarm finds it out", async () => {
    const { event, ledger } = await deliverWith((__, state) => {
      state.abort("Instance dispose");
      return Promise.resolve({ ok: false, failure: "unreachable" });
    });
    // The Worker's own second try of the delivery must not be what heals it.
    const once = { STRIPE_EVENT: { getByName: (name: string) => deliveredOnce(name) } };
    expect((await deliver(event, { atOnce: true, env: once })).status).toBe(503);
    expect(await indexRow(event.id)).toBeUndefined();
    expect((await storedRecord(event.id))?.state).toBe("forwarding");

    vi.useFakeTimers({ toFake: ["Date"], now: (await alarmAt(event.id)) ?? 0 });
    await runAlarm(event.id);
    expect(await indexRow(event.id)).toMatchObject({ ...expected, attempts: 2 });
    expect(new Set(ledger.requests.map((request) => JSON.stringify(request))).size).toBe(1);
  });

  it("crash with the row on its way, not arrived → the alarm publishes it", async () => {
    const reached = Promise.withResolvers<void>();
    const { event, ledger } = await deliverWith(() => {
      reached.resolve();
      return new Promise(() => undefined);
    });
    await deliver(event, { atOnce: true });
    await reached.promise;
    await crash(event.id);
    expect(await indexRow(event.id)).toBeUndefined();

    expect(await runAlarm(event.id)).toBe(true);
    expect(await indexRow(event.id)).toMatchObject(expected);
    expect(ledger.requests).toHaveLength(1);
  });

  it("crash with the row arrived, before the alarm moved → the alarm publishes it again, to no effect", async () => {
    const { event, ledger } = await deliverWith(async (really) => {
      await really();
      return new Promise(() => undefined);
    });
    await deliver(event, { atOnce: true });
    await vi.waitFor(async () => expect(await indexRow(event.id)).toMatchObject(expected));
    const row = await indexRow(event.id);
    const lease = await alarmAt(event.id);
    await crash(event.id);

    expect(await runAlarm(event.id)).toBe(true);
    expect(await indexRow(event.id)).toEqual(row);
    expect(await alarmAt(event.id)).not.toBe(lease);
    expect(ledger.requests).toHaveLength(1);
  });

  it("the index refuses the row → the alarm comes within a minute and a half, and publishes it", async () => {
    let refusals = 0;
    const { event } = await deliverWith((really) => {
      refusals++;
      return refusals === 1 ? Promise.reject(new Error("the index is out of reach")) : really();
    });
    await deliver(event, { atOnce: true });
    await vi.waitFor(async () => expect(refusals).toBe(1));
    expect(await indexRow(event.id)).toBeUndefined();
    const alarm = (await alarmAt(event.id)) ?? Infinity;
    expect(alarm).toBeLessThanOrEqual(Date.now() + 90_000);
    expect(await runAlarm(event.id)).toBe(true);
    expect(await indexRow(event.id)).toMatchObject(expected);
  });
});

/**
 * The event's object, for as long as nothing fails: a second call of the same delivery does not get through.
 */
let delivered = new Set<string>();
afterEach(() => (delivered = new Set()));
function deliveredOnce(name: string): unknown {
  if (delivered.has(name)) throw new Error("no second try");
  delivered.add(name);
  return stubOf(name);
}
