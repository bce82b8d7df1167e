/**
 * Power failures and lost connections on the real parts: the ledger may have accepted a settlement whose
 * outcome was never written down. Whatever happens, the event ends forwarded and the account is credited
 * once.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at } from "../../scripts/lib/http.ts";
import { newAccount } from "../../scripts/sandbox/clients/ledger.ts";
import { pollUntil } from "../../scripts/lib/poll.ts";
import type { Fault } from "../../scripts/sandbox/clients/sandbox-ledger.ts";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import { startTestStack, type TestStack } from "./support.ts";

/** Short, so that the lease of a lost attempt (this and a margin of 5 s) runs out during a test. */
const LEDGER_TIMEOUT_MS = 2_000;
const LEASE_MS = LEDGER_TIMEOUT_MS + 5_000;
const HANG_MS = 60_000;
const AMOUNT_MINOR = 4321;

let started: TestStack;
beforeAll(async () => {
  started = await startTestStack({ LEDGER_TIMEOUT_MS: String(LEDGER_TIMEOUT_MS) });
});
afterAll(() => started?.stop());

type Pending = { eventId: string; key: string; accountId: string; body: string };

async function newPayment(): Promise<Pending> {
  const accountId = await newAccount(started.ledger, "crash");
  const event = paymentIntentSucceeded({ account_id: accountId, amount: AMOUNT_MINOR });
  return { eventId: event.id, key: `stripe:event:${event.id}`, accountId, body: JSON.stringify(event) };
}

/** Delivers an event whose ledger request then hangs, and returns while it does. */
async function leaveHanging(fault: Fault): Promise<Pending> {
  const payment = await newPayment();
  await started.sandbox.addFault(fault);
  // Stripe's request: it gets no answer, because the receiver dies.
  void started.clawsettle.deliver({ body: payment.body }).catch(() => null);
  await pollUntil("the request to reach the ledger", { timeoutMs: 5_000, everyMs: 10 }, async () => {
    const requests = await started.sandbox.requests(payment.key);
    return requests.length === 1 ? requests : null;
  });
  return payment;
}

async function untilForwarded(eventId: string): Promise<unknown> {
  return pollUntil(`${eventId} to be forwarded`, { timeoutMs: 60_000, everyMs: 200 }, async () => {
    const event = await started.clawsettle.event(eventId);
    return event?.state === "forwarded" ? event : null;
  });
}

async function expectCreditedOnce({ key, accountId }: Pending, attempts: number): Promise<void> {
  const requests = await started.sandbox.requests(key);
  expect(requests).toHaveLength(attempts);
  expect(
    new Set(requests.map((request) => at(request, "body_sha256"))).size,
    "the same bytes each time",
  ).toBe(1);
  const account = await started.ledger.account(accountId);
  expect(at(account.body, "balances", "available")).toBe(String(AMOUNT_MINOR));
}

describe("kill -9 while a ledger request is pending", () => {
  it.each([
    ["restarted at once", 0],
    ["restarted after the lease has run out", LEASE_MS + 500],
  ])(
    "%s → the alarm forwards the event, without a new delivery, with the same key and bytes",
    async (_title, downMs) => {
      // Committed before the crash, and not yet committed when the next attempt comes.
      const committed = await leaveHanging({ kind: "commit_then_hang", count: 1, delay_ms: HANG_MS });
      const uncommitted = await leaveHanging({ kind: "slow", count: 1, delay_ms: HANG_MS });
      await started.stack.kill9();
      await started.sandbox.clearFaults();
      await sleep(downMs);
      await started.stack.restart();

      for (const payment of [committed, uncommitted]) {
        const event = await untilForwarded(payment.eventId);
        expect(event).toMatchObject({ deliveries: 1, attempts: 2, idempotency_key: payment.key });
        const log = at(event, "attempt_log");
        expect(Array.isArray(log) ? log.at(-1) : null).toMatchObject({
          trigger: "alarm",
          outcome: "accepted",
        });
        await expectCreditedOnce(payment, 2);
      }
    },
  );
});

describe("the ledger commits and drops the connection", () => {
  it("→ 502 with a retry scheduled; the alarm forwards it; credited once", async () => {
    const payment = await newPayment();
    await started.sandbox.addFault({ kind: "commit_then_drop", count: 1 });
    const answer = await started.clawsettle.deliver({ body: payment.body });
    expect(answer.status).toBe(502);
    expect(answer.body).toMatchObject({
      code: "LEDGER_INGEST_FAILED",
      details: { state: "failed", attempts: 1, retry_scheduled: true },
    });

    const event = await untilForwarded(payment.eventId);
    expect(event).toMatchObject({ deliveries: 1, attempts: 2 });
    await expectCreditedOnce(payment, 2);
  });
});
