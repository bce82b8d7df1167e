/**
 * The lane of an account, through the real objects: turns, busy answers, resets, and a 2xx without an effect.
 */
import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  paymentIntentSucceeded,
  refundCreated,
  refundUpdated,
} from "../../scripts/sandbox/events/stripe-events.ts";
import { LANE_WAIT_MAX_MS } from "../../src/ledger/lane.ts";
import { accepted, refused, type ScriptedLedger, scriptLedger } from "../support/scripted-ledger.ts";
import { exclusiveLane } from "../support/exclusive-lane.ts";
import {
  crash,
  deliver,
  operator,
  runAlarm,
  showEvent,
  storedRecord,
  stubOf,
  withOverrides,
} from "../support/worker.ts";

let ledger: ScriptedLedger;
let account: string;
beforeEach(async () => {
  ledger = scriptLedger();
  account = `acc_${crypto.randomUUID()}`;
  await exclusiveLane(account);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const payment = (accountId = account) => paymentIntentSucceeded({ account_id: accountId, amount: 1234 });

/** Answers the n-th request once the test opens its gate. */
function holdLedger() {
  // Made here: what resolves a promise must be the object that made it, or the test itself.
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const bodies: string[] = [];
  ledger.answer(async ({ body }) => {
    bodies.push(body);
    await gates[bodies.length - 1]?.promise;
    return accepted();
  });
  return { bodies, open: (request: number) => gates[request]?.resolve() };
}

/** An answer of the ledger as it is: the settlement's row is there, its effect is not. */
function withoutEffect(): Response {
  return Response.json({
    settlement: { id: "stl_1", status: "confirmed" },
    idempotency: { key: "k", replayed: false, deduped: true },
  });
}

function inTheBooks(latest_event_id?: string): Response {
  const held = {
    id: "stl_1",
    account_id: account,
    amount_minor: "1234",
    currency: "USD",
    status: "confirmed",
  };
  return Response.json({ settlements: [{ ...held, direction: "payin", latest_event_id }] });
}

describe("settlements of one account", () => {
  it("20 at once → never two at the ledger, all forwarded", async () => {
    let running = 0;
    let most = 0;
    ledger.answer(async () => {
      most = Math.max(most, ++running);
      await scheduler.wait(2);
      running--;
      return accepted();
    });
    const answers = await Promise.all(Array.from({ length: 20 }, () => deliver(payment())));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect({ most, requests: ledger.requests.length }).toEqual({ most: 1, requests: 20 });
  });

  it("a slow one holds up its own account, and no other", async () => {
    const held = holdLedger();
    const slow = deliver(payment());
    await vi.waitFor(() => expect(held.bodies).toHaveLength(1));
    const behind = deliver(payment());
    const other = deliver(payment(`${account}_other`));
    await vi.waitFor(() => expect(held.bodies).toHaveLength(2));
    expect(JSON.parse(held.bodies[1] ?? "").account_id).toBe(`${account}_other`);
    held.open(1);
    expect((await other).status).toBe(200);
    held.open(0);
    await vi.waitFor(() => expect(held.bodies).toHaveLength(3));
    held.open(2);
    expect((await slow).status + (await behind).status).toBe(400);
  });

  it("a turn that does not come in time → 502 LANE_BUSY with a retry, no attempt counted, nothing sent", async () => {
    const held = holdLedger();
    const slow = deliver(payment());
    await vi.waitFor(() => expect(held.bodies).toHaveLength(1));
    // Nobody waits for longer than this; the ledger's own time limit is shorter here, so the clock is moved.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const late = payment();
    const answered = deliver(late);
    await scheduler.wait(50);
    vi.setSystemTime(Date.now() + LANE_WAIT_MAX_MS + 1_000);
    held.open(0);
    const answer = await answered;
    expect(answer.status).toBe(502);
    expect(answer.body).toMatchObject({
      code: "LEDGER_INGEST_FAILED",
      details: {
        state: "failed",
        attempts: 0,
        ledger_status: null,
        ledger_code: "LANE_BUSY",
        retry_scheduled: true,
      },
    });
    expect((await slow).status).toBe(200);
    expect(ledger.requests).toHaveLength(1);
    expect((await showEvent(late.id)).body).toMatchObject({
      reason: "ledger_busy",
      attempts: 0,
      attempt_log: [],
    });
    ledger.answer(() => accepted());
    expect((await operator("POST", `/v1/admin/events/${late.id}/retry`)).body.state).toBe("forwarded");
  });

  it("reset in the middle of a turn → the outcome is unknown, and the lane waits until that request must be over", async () => {
    const held = holdLedger();
    const cut = payment();
    const delivered = deliver(cut).catch(() => null);
    await vi.waitFor(() => expect(held.bodies).toHaveLength(1));
    const lane = env.ACCOUNT_LANE.getByName(account);
    await runInDurableObject(lane, (_, state) => state.abort("reset")).catch(() => undefined);
    await exclusiveLane(account);
    await delivered;
    expect((await showEvent(cut.id)).body).toMatchObject({ state: "failed", reason: "ledger_unknown" });
    const began = Date.now();
    ledger.answer(() => accepted());
    const next = await deliver(payment());
    expect(next.status).toBe(200);
    // 2 s for the turn and 20 ms of quiet, as configured here; some of it had passed.
    expect(Date.now() - began).toBeGreaterThan(1_000);
    held.open(0);
    await abortAllDurableObjects();
  });
});

describe("a 2xx without an effect", () => {
  it("the ledger's books show it a moment later → forwarded in the same turn, with the ledger's event", async () => {
    ledger.answer(({ method }) => (method === "POST" ? withoutEffect() : inTheBooks("led_7")));
    const event = payment();
    expect((await deliver(event)).body).toMatchObject({ state: "forwarded", ledger_status: 200 });
    expect((await showEvent(event.id)).body.evidence.ledger_event_id).toBe("led_7");
  });

  it("no effect for a minute → failed for good, never sent again; repaired and retried → forwarded", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    ledger.answer(({ method }) => (method === "POST" ? withoutEffect() : inTheBooks()));
    const event = payment();
    const answer = await deliver(event);
    expect(answer.status).toBe(502);
    expect(answer.body.details).toMatchObject({ ledger_status: 200, ledger_code: "EFFECT_UNPROVEN" });
    for (let looks = 0; looks < 3; looks++) {
      vi.setSystemTime(Date.now() + 20_000);
      expect(await runAlarm(event.id)).toBe(true);
    }
    const failed = (await showEvent(event.id)).body;
    expect(failed).toMatchObject({
      state: "failed",
      reason: "ledger_unproven",
      next_retry_at: null,
      last_error: { code: "LEDGER_EFFECT_UNPROVEN", ledger_code: "EFFECT_UNPROVEN" },
    });
    expect(failed.last_error.message).toContain("USD 1234");
    vi.setSystemTime(Date.now() + 60_000);
    ledger.answer(({ method }) => (method === "POST" ? refused(500) : inTheBooks("led_8")));
    const retried = await operator("POST", `/v1/admin/events/${event.id}/retry`);
    expect(retried.body).toMatchObject({ state: "forwarded", evidence: { ledger_event_id: "led_8" } });
    expect(ledger.requests.filter(({ method }) => method === "POST")).toHaveLength(1);
  });

  it("a payment that was given up only records → a 2xx is enough", async () => {
    ledger.answer(() => withoutEffect());
    const event = { ...payment(), type: "payment_intent.canceled" };
    expect((await deliver(event)).body).toMatchObject({ state: "forwarded" });
    expect(ledger.requests).toHaveLength(1);
  });
});

describe("a movement that an operator closed", () => {
  const RESOLUTION = { note: "booked by hand", actor: "ada" };
  const resolve = (eventId: string) => operator("POST", `/v1/admin/events/${eventId}/resolve`, RESOLUTION);
  const refundOf = (build: typeof refundCreated, id: string) =>
    build({ id, amount: 300, payment_intent: "pi_1", status: "succeeded" });
  const sent = () => ledger.requests.filter(({ method }) => method === "POST").length;
  /** The ledger refuses what it is sent, or takes it, and holds the payin. */
  const heldAnd = (answer: () => Response) => (request: { readonly method: string }) =>
    request.method === "GET" ? inTheBooks("led_1") : answer();
  const HELD_BACK = {
    state: "failed",
    reason: "movement_resolved",
    next_retry_at: null,
    last_error: { code: "MOVEMENT_RESOLVED", ledger_code: "MOVEMENT_RESOLVED" },
  };

  it("its account is known → no other event of it is sent, an operator sees it; another movement of the account is", async () => {
    ledger.answer(() => refused(400, "INVALID_REQUEST"));
    const closed = payment();
    await deliver(closed);
    expect((await resolve(closed.id)).body.state).toBe("resolved");
    ledger.answer(() => accepted());
    const twin = { ...closed, id: `${closed.id}twin` };
    const { status, body } = await deliver(twin);
    expect([status, body.details]).toEqual([
      502,
      expect.objectContaining({ state: "failed", ledger_code: "MOVEMENT_RESOLVED", retry_scheduled: false }),
    ]);
    expect((await showEvent(twin.id)).body).toMatchObject(HELD_BACK);
    expect(sent()).toBe(1);
    expect((await deliver(payment())).status).toBe(200);
  });

  it("closed while another event of it waits for its turn → that one is not sent", async () => {
    ledger.answer(() => refused(400, "INVALID_REQUEST"));
    const closed = payment();
    await deliver(closed);
    const held = holdLedger();
    const slow = deliver(payment());
    await vi.waitFor(() => expect(held.bodies).toHaveLength(1));
    const twin = { ...closed, id: `${closed.id}twin` };
    const waiting = deliver(twin);
    await vi.waitFor(async () => expect((await storedRecord(twin.id))?.state).toBe("forwarding"));
    expect((await resolve(closed.id)).status).toBe(200);
    held.open(0);
    expect([(await slow).status, (await waiting).body.details.ledger_code]).toEqual([
      200,
      "MOVEMENT_RESOLVED",
    ]);
    expect(held.bodies).toHaveLength(1);
  });

  it("its account was not known yet → known by the movement itself, when another event finds the account", async () => {
    ledger.answer(() => refused(404, "NOT_FOUND"));
    const id = `re_${crypto.randomUUID()}`;
    const closed = refundOf(refundCreated, id);
    await deliver(closed);
    expect((await showEvent(closed.id)).body.settlement.account_id).toBeUndefined();
    await resolve(closed.id);
    ledger.answer(heldAnd(accepted));
    const twin = refundOf(refundUpdated, id);
    await deliver(twin);
    expect((await showEvent(twin.id)).body).toMatchObject(HELD_BACK);
    expect(sent()).toBe(0);
    expect((await deliver(refundOf(refundCreated, `${id}other`))).body.state).toBe("forwarded");
  });

  it("its account was found out → known by the account's lane", async () => {
    ledger.answer(heldAnd(() => refused(400, "INVALID_REQUEST")));
    const id = `re_${crypto.randomUUID()}`;
    const closed = refundOf(refundCreated, id);
    await deliver(closed);
    await resolve(closed.id);
    ledger.answer(heldAnd(accepted));
    const twin = refundOf(refundUpdated, id);
    await deliver(twin);
    expect((await showEvent(twin.id)).body).toMatchObject(HELD_BACK);
    expect(sent()).toBe(1);
  });

  it("unmappable, but its movement could be read → known by the movement itself", async () => {
    ledger.answer(heldAnd(accepted));
    const id = `re_${crypto.randomUUID()}`;
    const closed = refundCreated({ id, amount: 300, payment_intent: "pi_1", currency: "xxx" });
    expect((await deliver(closed)).body.error_code).toBe("EVENT_UNMAPPABLE");
    await resolve(closed.id);
    const twin = refundOf(refundUpdated, id);
    await deliver(twin);
    expect((await showEvent(twin.id)).body).toMatchObject(HELD_BACK);
    expect(sent()).toBe(0);
  });

  it("opened again → an operator's retry of the other event sends it", async () => {
    ledger.answer(() => refused(400, "INVALID_REQUEST"));
    const closed = payment();
    await deliver(closed);
    await resolve(closed.id);
    ledger.answer(() => accepted());
    const twin = { ...closed, id: `${closed.id}twin` };
    await deliver(twin);
    const retry = () => operator("POST", `/v1/admin/events/${twin.id}/retry`);
    expect((await retry()).body).toMatchObject(HELD_BACK);
    const reason = { actor: "ada", note: "was not booked after all" };
    const reopened = await operator("POST", `/v1/admin/events/${closed.id}/reopen`, reason);
    expect(reopened).toMatchObject({ status: 200, body: { state: "failed", next_retry_at: null } });
    expect((await retry()).body.state).toBe("forwarded");
  });

  it("closed with two events, and one of them opened again → still closed", async () => {
    ledger.answer(() => refused(400, "INVALID_REQUEST"));
    const closed = payment();
    const twin = { ...closed, id: `${closed.id}twin` };
    for (const event of [closed, twin]) await deliver(event);
    for (const event of [closed, twin]) await resolve(event.id);
    ledger.answer(() => accepted());
    await stubOf(closed.id).reopen("ada", "was not booked after all");
    const retry = () => operator("POST", `/v1/admin/events/${closed.id}/retry`);
    expect((await retry()).body).toMatchObject(HELD_BACK);
    await stubOf(twin.id).reopen("ada", "nor was this one");
    expect((await retry()).body.state).toBe("forwarded");
  });

  it("what cannot be closed, for the lane is out of reach → 503, and the event stays as it was", async () => {
    ledger.answer(() => refused(400, "INVALID_REQUEST"));
    const event = payment();
    await deliver(event);
    const broken = { getByName: () => ({ setResolved: () => Promise.reject(new Error("out of reach")) }) };
    await crash(event.id);
    await runInDurableObject(stubOf(event.id), (object) => {
      const value = withOverrides({ ACCOUNT_LANE: broken });
      Object.defineProperty(object, "env", { value, configurable: true });
    });
    expect((await resolve(event.id)).status).toBe(503);
    expect((await showEvent(event.id)).body.state).toBe("failed");
  });
});

describe("money of a currency that the ledger does not hold", () => {
  it("→ 200, failed, visible with its amount, never sent; not even its account is asked for", async () => {
    const paid = paymentIntentSucceeded({ account_id: account, amount: 5_000, currency: "chf" });
    const back = refundCreated({ payment_intent: "pi_1", amount: 500, currency: "chf" });
    for (const event of [paid, back]) {
      const answer = await deliver(event);
      expect(answer.status).toBe(200);
    }
    expect((await showEvent(paid.id)).body).toMatchObject({
      state: "failed",
      reason: "currency_not_settled",
      last_error: { code: "CURRENCY_NOT_SETTLED" },
      settlement: { amount_minor: "5000", currency: "CHF" },
    });
    expect(ledger.requests).toEqual([]);
  });
});
