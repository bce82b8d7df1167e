import { afterEach, expect, it, vi } from "vitest";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import { accepted, refused, scriptLedger } from "../support/scripted-ledger.ts";
import { type Answer, deliver, operator, showEvent } from "../support/worker.ts";

/**
 * Deliveries that come while an attempt is under way join it: one request to the ledger, one answer for all.
 */

afterEach(() => vi.restoreAllMocks());

const DELIVERIES = 50;

async function deliverAtOnce(answerOfLedger: () => Response): Promise<{ answers: Answer[]; asked: number }> {
  const held = Promise.withResolvers<void>();
  const ledger = scriptLedger(async () => {
    await held.promise;
    return answerOfLedger();
  });
  const event = paymentIntentSucceeded({ account_id: "acct_1" });
  const sent = Promise.all(Array.from({ length: DELIVERIES }, () => deliver(event)));
  // All are on their way before the ledger says a word.
  await vi.waitFor(async () => expect((await showEvent(event.id)).body.deliveries).toBe(DELIVERIES));
  held.resolve();
  return { answers: await sent, asked: ledger.requests.length };
}

it("50 at once, accepted → one ledger request, 50 answers alike but for deduped, exactly one false", async () => {
  const { answers, asked } = await deliverAtOnce(() => accepted());
  expect(asked).toBe(1);
  expect(answers.map((answer) => answer.status)).toEqual(Array(DELIVERIES).fill(200));
  expect(answers.filter((answer) => answer.body.deduped === false)).toHaveLength(1);
  const bodies = answers.map((answer) => JSON.stringify({ ...answer.body, deduped: null }));
  expect(new Set(bodies).size).toBe(1);
});

it("50 at once, refused → one ledger request, 50 times the same 502", async () => {
  const { answers, asked } = await deliverAtOnce(() => refused(503));
  expect(asked).toBe(1);
  expect(answers.every((answer) => answer.status === 502)).toBe(true);
  expect(new Set(answers.map((answer) => JSON.stringify(answer.body.details))).size).toBe(1);
});

it("an operator's retry during an attempt joins it", async () => {
  const held = Promise.withResolvers<void>();
  const ledger = scriptLedger(async () => {
    await held.promise;
    return accepted();
  });
  const event = paymentIntentSucceeded({ account_id: "acct_1" });
  const delivered = deliver(event);
  await vi.waitFor(() => expect(ledger.requests).toHaveLength(1));
  const retried = operator("POST", `/v1/admin/events/${event.id}/retry`, { actor: "ada" });
  await vi.waitFor(async () =>
    expect((await showEvent(event.id)).body.operator_actions).toMatchObject([{ actor: "ada" }]),
  );
  held.resolve();
  expect((await retried).body.state).toBe("forwarded");
  expect((await delivered).body.deduped).toBe(false);
  expect(ledger.requests).toHaveLength(1);
});

it("events of different accounts do not wait for each other", async () => {
  const held = Promise.withResolvers<void>();
  const ledger = scriptLedger(async (request) => {
    if (request.body.includes("evt_slow")) await held.promise;
    return accepted();
  });
  const slow = deliver(paymentIntentSucceeded({ account_id: "acct_1" }, { id: "evt_slow" }));
  await vi.waitFor(() => expect(ledger.requests).toHaveLength(1));
  const fast = await deliver(paymentIntentSucceeded({ account_id: "acct_2" }, { id: "evt_fast" }));
  expect(fast.status).toBe(200);
  held.resolve();
  expect((await slow).status).toBe(200);
});
