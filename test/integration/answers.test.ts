import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  paymentCanceled,
  paymentFailed,
  paymentIntentSucceeded,
  payoutPaid,
  stripeEvent,
} from "../../scripts/sandbox/events/stripe-events.ts";
import { accepted, refused, type ScriptedLedger, scriptLedger } from "../support/scripted-ledger.ts";
import { deliver, operator, showEvent, storedRecord } from "../support/worker.ts";

/** What Stripe is answered for an event, first and at any later time. */

let ledger: ScriptedLedger;
beforeEach(() => {
  ledger = scriptLedger();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const succeeded = () => paymentIntentSucceeded({ account_id: "acct_1", amount: 1234, currency: "usd" });

function later(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
}

describe("forwarded", () => {
  it("(new) + delivery, accepted → 200, and the ledger got the settlement under the event's key", async () => {
    const event = succeeded();
    const answer = await deliver(event);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      ok: true,
      deduped: false,
      event_id: event.id,
      event_type: "payment_intent.succeeded",
      state: "forwarded",
      idempotency_key: `stripe:event:${event.id}`,
      forwarded_to_ledger: true,
      ledger_status: 201,
      settlement_id: "stl_1",
    });
    const [request, ...more] = ledger.requests;
    expect(more).toEqual([]);
    expect(request).toMatchObject({ method: "POST", idempotencyKey: `stripe:event:${event.id}` });
    expect(request?.url.href).toBe("http://127.0.0.1:9/v1/payments/settlements/ingest");
    expect(request?.authorization).toBe("Bearer test-ledger-admin-key");
    expect(JSON.parse(request?.body ?? "")).toMatchObject({
      provider: "stripe",
      external_payment_id: event.data.object["id"],
      direction: "payin",
      status: "confirmed",
      account_id: "acct_1",
      amount_minor: "1234",
      currency: "USD",
      network: "stripe",
      metadata: { stripe_event_id: event.id, stripe_event_type: event.type },
    });
  });

  it("forwarded + replay, now and 29 days later → the same body, deduped, and the ledger is not asked", async () => {
    const event = succeeded();
    const first = await deliver(event);
    for (const days of [0, 29]) {
      later(days * 86_400_000);
      const replay = await deliver(event);
      expect(replay.status).toBe(200);
      expect(replay.body).toEqual({ ...first.body, deduped: true });
    }
    expect(ledger.requests).toHaveLength(1);
    expect((await showEvent(event.id)).body).toMatchObject({ deliveries: 3, attempts: 1 });
  });

  it("a replay with other bytes around the same money (Stripe counts pending_webhooks) is still a replay", async () => {
    const event = succeeded();
    await deliver(event);
    const replay = await deliver({ ...event, pending_webhooks: 0 });
    expect(replay.body).toMatchObject({ deduped: true, state: "forwarded" });
  });
});

describe("ignored", () => {
  it.each([
    ["a failed attempt at payment", () => paymentFailed({ account_id: "acct_1" }), "attempt_not_final"],
    [
      "a type that tells of no money",
      () => stripeEvent("customer.created", { id: "cus_1" }),
      "not_a_settlement_event",
    ],
    ["a type of tomorrow", () => stripeEvent("teleport.arrived", { id: "tp_1" }), "not_a_settlement_event"],
    ["a cancellation that concerns no account", () => paymentCanceled({}), "canceled_without_account"],
  ])("(new) + %s → 200 ignored, with the reason; a replay is deduped", async (_, build, reason) => {
    const event = build();
    const answer = await deliver(event);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      ok: true,
      deduped: false,
      event_id: event.id,
      event_type: event.type,
      state: "ignored",
      reason,
      idempotency_key: `stripe:event:${event.id}`,
      forwarded_to_ledger: false,
    });
    expect((await deliver(event)).body).toEqual({ ...answer.body, deduped: true });
    expect(ledger.requests).toEqual([]);
  });
});

describe("unmappable", () => {
  const orphan = () => payoutPaid({ amount: 1234 });

  it("(new) + money without an account → 200 failed, kept with its raw body, visible", async () => {
    const event = orphan();
    const body = JSON.stringify(event);
    const answer = await deliver(body);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      ok: true,
      deduped: false,
      event_id: event.id,
      event_type: event.type,
      state: "failed",
      error_code: "EVENT_UNMAPPABLE",
      reason: "account_missing",
      forwarded_to_ledger: false,
    });
    expect((await deliver(body)).body).toEqual({ ...answer.body, deduped: true });
    const record = await storedRecord(event.id);
    const kept = record?.state === "failed" && record.cause === "unmappable" ? record.body : new Uint8Array();
    expect(new TextDecoder().decode(kept)).toBe(body);
    expect((await showEvent(event.id)).body).toMatchObject({
      state: "failed",
      reason: "account_missing",
      next_retry_at: null,
      alarm_at: null,
      last_error: { code: "EVENT_UNMAPPABLE" },
    });
    expect(ledger.requests).toEqual([]);
  });

  it("unmappable + operator's retry that cannot map it either → stays, with the action on record", async () => {
    const event = orphan();
    await deliver(event);
    const answer = await operator("POST", `/v1/admin/events/${event.id}/retry`, { actor: "ada" });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      state: "failed",
      attempts: 0,
      operator_actions: [{ action: "retry", actor: "ada", note: null }],
    });
  });

  it("unmappable + a resend that maps now → forwarded, and the raw body is gone", async () => {
    const event = orphan();
    await deliver(event);
    const object = { ...event.data.object, metadata: { account_id: "acct_1" } };
    const answer = await deliver({ ...event, data: { object } });
    expect(answer.body).toMatchObject({ state: "forwarded", deduped: false });
    expect(await storedRecord(event.id)).not.toHaveProperty("body");
  });
});

describe("the ledger did not accept", () => {
  it("(new) + delivery, unavailable → 502 with the time of the alarm", async () => {
    ledger.answer(() => refused(503, "DOWN"));
    const event = succeeded();
    const answer = await deliver(event);
    expect(answer.status).toBe(502);
    expect(answer.body).toEqual({
      error: expect.any(String),
      code: "LEDGER_INGEST_FAILED",
      details: {
        event_id: event.id,
        state: "failed",
        attempts: 1,
        ledger_status: 503,
        ledger_code: "DOWN",
        retry_scheduled: true,
        next_retry_at: expect.any(String),
      },
      request_id: expect.any(String),
    });
    expect((await showEvent(event.id)).body).toMatchObject({
      next_retry_at: answer.body.details.next_retry_at,
      alarm_at: answer.body.details.next_retry_at,
    });
  });

  it("(new) + delivery, rejected → 502 without a retry; a redelivery gets it again, without a request to the ledger", async () => {
    ledger.answer(() => refused(422, "UNPROCESSABLE"));
    const event = succeeded();
    const answer = await deliver(event);
    expect(answer.status).toBe(502);
    expect(answer.body.details).toMatchObject({
      retry_scheduled: false,
      next_retry_at: null,
      ledger_status: 422,
    });
    later(86_400_000);
    ledger.answer(() => accepted());
    const again = await deliver(event);
    expect(again.status).toBe(502);
    expect(again.body.details).toEqual(answer.body.details);
    expect(ledger.requests).toHaveLength(1);
  });

  it("failed(healing) + redelivery within 5 s → the stored 502; after 5 s → attempted at once", async () => {
    ledger.answer(() => refused(503));
    const event = succeeded();
    const answer = await deliver(event);
    const soon = await deliver(event);
    expect(soon.status).toBe(502);
    expect(soon.body.details).toEqual(answer.body.details);
    expect(ledger.requests).toHaveLength(1);

    ledger.answer(() => accepted());
    later(5_001);
    const healed = await deliver(event);
    expect(healed.status).toBe(200);
    expect(healed.body).toMatchObject({ state: "forwarded", deduped: false });
    expect(ledger.requests).toHaveLength(2);
    expect(ledger.requests[1]).toEqual(ledger.requests[0]);
  });
});

describe("conflict", () => {
  it.each<[string, Record<string, unknown>]>([
    ["account", { metadata: { account_id: "acct_2" } }],
    ["amount", { amount_received: 9999 }],
    ["currency", { currency: "eur" }],
    ["external id", { id: "pi_other" }],
  ])(
    "forwarded + another %s → 409 EVENT_CONFLICT; the event stays, the conflict is on record",
    async (_, change) => {
      const event = succeeded();
      const first = await deliver(event);
      const before = (await showEvent(event.id)).body;
      const answer = await deliver({ ...event, data: { object: { ...event.data.object, ...change } } });
      expect(answer.status).toBe(409);
      expect(answer.body).toMatchObject({
        code: "EVENT_CONFLICT",
        details: { event_id: event.id, state: "forwarded" },
      });
      const after = (await showEvent(event.id)).body;
      expect(after).toEqual({
        ...before,
        deliveries: 2,
        conflicts: { count: 1, last_at: expect.any(String), last_body_sha256: expect.any(String) },
      });
      expect((await deliver(event)).body).toEqual({ ...first.body, deduped: true });
      expect(ledger.requests).toHaveLength(1);
    },
  );

  it.each(["payment_intent.canceled"])("another direction or status (%s) → 409", async (type) => {
    const event = succeeded();
    await deliver(event);
    expect((await deliver({ ...event, type })).status).toBe(409);
  });
});

describe("resolved", () => {
  it("failed + resolve → resolved; a replay is answered so, without a request to the ledger", async () => {
    ledger.answer(() => refused(400, "INVALID_REQUEST"));
    const event = succeeded();
    await deliver(event);
    const resolution = { actor: "ada", note: "booked by hand" };
    expect((await operator("POST", `/v1/admin/events/${event.id}/resolve`, resolution)).status).toBe(200);
    const replay = await deliver(event);
    expect(replay.status).toBe(200);
    expect(replay.body).toMatchObject({
      ok: true,
      deduped: true,
      state: "resolved",
      forwarded_to_ledger: false,
    });
    expect(ledger.requests).toHaveLength(1);
  });
});
