import { runInDurableObject } from "cloudflare:test";
import { afterEach, expect, it, vi } from "vitest";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import { LEASE_MARGIN_MS } from "../../src/event/machine-types.ts";
import {
  accepted,
  askSandbox,
  availableOf,
  openAccount,
  refused,
  scriptLedger,
} from "../support/scripted-ledger.ts";
import {
  alarmAt,
  crash,
  deliver,
  operator,
  runAlarm,
  showEvent,
  storedRecord,
  stubOf,
} from "../support/worker.ts";

/** Crashes at the worst moments. What a state wakes up to is listed in the machine. */

const LEASE_MS = 2_000 + LEASE_MARGIN_MS;

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const succeeded = () => paymentIntentSucceeded({ account_id: "acct_1", amount: 1234 });

/** Delivers to a ledger that holds its answer back for ever, and crashes the object meanwhile. */
async function crashDuringAttempt(event: ReturnType<typeof succeeded>) {
  const never = Promise.withResolvers<Response>();
  const ledger = scriptLedger(() => never.promise);
  const delivered = deliver(event);
  await vi.waitFor(() => expect(ledger.requests).toHaveLength(1));
  expect(await storedRecord(event.id)).toMatchObject({ state: "forwarding", attempts: 1 });
  ledger.answer(() => accepted());
  return { ledger, delivered };
}

it("forwarding + crash + lease alarm → attempt 2 with the same key and bytes, without any new delivery", async () => {
  const event = succeeded();
  const { ledger, delivered } = await crashDuringAttempt(event);
  const lease = await alarmAt(event.id);
  expect(lease).toBeGreaterThan(Date.now() + LEASE_MS - 2_000);

  // The Worker's own retry of the delivery must not be what heals it.
  vi.spyOn(Math, "random").mockReturnValue(0);
  await crash(event.id);
  await delivered;
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + LEASE_MS });
  await runAlarm(event.id);
  const state = (await showEvent(event.id)).body;
  expect(state.state).toBe("forwarded");
  expect(ledger.requests.length).toBeGreaterThanOrEqual(2);
  expect(new Set(ledger.requests.map((request) => JSON.stringify(request))).size).toBe(1);
  expect(state.attempt_log[0]).toMatchObject({ attempt: 1, outcome: "unknown", ledger_status: null });
  expect(state.attempt_log.at(-1)).toMatchObject({ outcome: "accepted" });
});

it("forwarding + crash + redelivery before the lease ends → attempted at once", async () => {
  const event = succeeded();
  const { ledger, delivered } = await crashDuringAttempt(event);
  await crash(event.id);
  await delivered;
  const answer = await deliver(event);
  expect(answer.body).toMatchObject({ state: "forwarded" });
  expect(new Set(ledger.requests.map((request) => JSON.stringify(request))).size).toBe(1);
});

it("the Worker itself delivers again over a fresh stub when the object is reset under it", async () => {
  const event = succeeded();
  const { delivered } = await crashDuringAttempt(event);
  await crash(event.id);
  const answer = await delivered;
  expect([200, 503]).toContain(answer.status);
  expect((await deliver(event)).body).toMatchObject({ state: "forwarded" });
});

it("the ledger commits and drops the connection → forwarded after a retry, and credited once", async () => {
  const ledger = scriptLedger(async (request) => {
    await (await askSandbox(request)).text();
    throw new TypeError("Network connection lost.");
  });
  const account = await openAccount("did:test:drop");
  const event = paymentIntentSucceeded({ account_id: account, amount: 1234 });
  const first = await deliver(event);
  expect(first.status).toBe(502);
  expect(first.body.details).toMatchObject({ ledger_status: null, retry_scheduled: true });
  expect(await availableOf(account)).toBe("1234");

  ledger.answer(askSandbox);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 15_000 });
  await runAlarm(event.id);
  expect((await showEvent(event.id)).body).toMatchObject({ state: "forwarded", attempts: 2 });
  expect(ledger.requests).toHaveLength(2);
  expect(ledger.requests[1]).toEqual(ledger.requests[0]);
  expect(await availableOf(account)).toBe("1234");
});

it.each([
  ["redelivery within 5 s", (event: ReturnType<typeof succeeded>) => deliver(event)],
  ["an operator looks", (event: ReturnType<typeof succeeded>) => showEvent(event.id)],
])(
  "failed(healing) + alarm deleted by hand + %s → the alarm is back, at the retry's time",
  async (_title, act) => {
    scriptLedger(() => refused(503));
    const event = succeeded();
    const answer = await deliver(event);
    const due = Date.parse(answer.body.details.next_retry_at);
    await vi.waitFor(async () => expect(await alarmAt(event.id)).toBe(due));
    await runInDurableObject(stubOf(event.id), (_, state) => state.storage.deleteAlarm());
    expect(await alarmAt(event.id)).toBeNull();
    await act(event);
    expect(await alarmAt(event.id)).not.toBeNull();
    // At first it is the flag that the index may not know the event; publishing moves it.
    await vi.waitFor(async () => expect(await alarmAt(event.id)).toBe(due));
  },
);

it("a record of a later version → 503, and neither record nor alarm is lost", async () => {
  scriptLedger();
  const event = succeeded();
  await deliver(event);
  const alien = { v: 2, something: "new" };
  await runInDurableObject(stubOf(event.id), (_, state) => state.storage.kv.put("event", alien));
  // As the deploy did that brought this version back.
  await crash(event.id);
  expect((await deliver(event)).status).toBe(503);
  expect((await operator("GET", `/v1/admin/events/${event.id}`)).status).toBe(503);
  await runAlarm(event.id);
  expect(await alarmAt(event.id)).toBeGreaterThan(Date.now());
  expect(await storedRecord(event.id)).toEqual(alien);
});
