/** What an attempt asks before it sends anything, and what an operator does where nobody can answer. */
import { describe, expect, it } from "vitest";
import type { Question } from "../../../../src/settlement/questions.ts";
import type { EventRecord } from "../../../../src/event/record.ts";
import { idle, World } from "../../../support/fake-ports.ts";
import {
  ACCEPTED,
  ASKING,
  BODY,
  delivery,
  DRAFT,
  failedForGood,
  healingDraft,
  healing,
  held,
  HOUR,
  IGNORED,
  MONEY,
  PAYIN_HELD,
  SECOND,
  SETTLEMENT,
  unmappable,
} from "../../../support/records.ts";

const asking = (question: Question) => delivery({ mapping: { ...ASKING, question }, body: BODY });
const ACCOUNT: Question = { kind: "account", payment: "pi_1", customer: "cus_1", stripe_account: null };

describe("the account that Stripe's API names", () => {
  it("found → frozen with it, and its source", async () => {
    const world = new World();
    const reply = world.engine.deliver(asking(ACCOUNT));
    expect(world.asked).toMatchObject({ question: "stripe account", about: "pi_1" });
    world.asked.answer({ kind: "found", account_id: "acc_3", source: "invoice" });
    await idle();
    expect(JSON.parse(world.asked.about)).toMatchObject({
      account_id: "acc_3",
      metadata: { account_source: "invoice" },
    });
    world.asked.answer(ACCEPTED);
    expect(await reply).toMatchObject({ kind: "ok", snapshot: { state: "forwarded" } });
  });

  it("named nowhere → the delivery is answered with what is missing, the body kept for an operator", async () => {
    const world = new World();
    const reply = world.engine.deliver(asking(ACCOUNT));
    world.asked.answer({ kind: "none" });
    expect(await reply).toMatchObject({ snapshot: { state: "failed", reason: "account_missing" } });
    await idle();
    expect(world.record).toMatchObject({ cause: "unmappable", body: BODY });
    expect(world.rows).toMatchObject([{ reason: "account_missing", amount_minor: "500", currency: "USD" }]);
    expect(world.alarmAt).toBeNull();
  });

  it("Stripe's API cannot answer → 502, healing, and asked again", async () => {
    const world = new World();
    const reply = world.engine.deliver(asking(ACCOUNT));
    world.asked.answer({ kind: "unavailable", retry_after_ms: 90 * SECOND });
    expect(await reply).toMatchObject({ ledger_status: null, ledger_code: "STRIPE_API_UNAVAILABLE" });
    await idle();
    expect((world.alarmAt ?? 0) - world.nowMs).toBeGreaterThanOrEqual(90 * SECOND);
    void world.fireAlarm();
    expect(world.ledger.map(({ question }) => question)).toEqual(["stripe account", "stripe account"]);
  });

  it("without a key → nobody is asked, and an operator is called", async () => {
    const world = new World(null, null, false);
    expect(await world.engine.deliver(asking(ACCOUNT))).toMatchObject({
      snapshot: { reason: "account_missing" },
    });
    expect(world.ledger).toEqual([]);
  });
});

describe("a refund of exactly what was not captured", () => {
  const partlyCaptured = {
    kind: "found",
    settlement: { ...PAYIN_HELD.settlement, released_minor: "500" },
  } as const;
  const mapping = {
    ...ASKING,
    draft: { ...DRAFT, metadata: { ...DRAFT.metadata, stripe_balance_transaction: "txn_1" } },
  };

  it("asks the ledger, then Stripe, in one attempt", async () => {
    const world = new World();
    const reply = world.engine.deliver(delivery({ mapping, body: BODY }));
    world.asked.answer(partlyCaptured);
    await idle();
    expect(world.asked).toMatchObject({ question: "stripe category", about: "txn_1" });
    world.asked.answer({ kind: "found", reporting_category: "partial_capture_reversal" });
    expect(await reply).toMatchObject({ snapshot: { state: "ignored", reason: "authorization_released" } });
    expect(world.record).toMatchObject({ attempts: 1 });
    expect(world.record).not.toHaveProperty("work");
  });

  it("cut off between the two → the next attempt asks only the second, with the account of the first", async () => {
    const world = new World();
    void world.engine.deliver(delivery({ mapping, body: BODY }));
    world.asked.answer(partlyCaptured);
    await idle();
    world.crash();
    void world.fireAlarm();
    expect(world.asked).toMatchObject({ question: "stripe category" });
    world.asked.answer({ kind: "found", reporting_category: "refund" });
    await idle();
    expect(JSON.parse(world.asked.about)).toMatchObject({ account_id: "acc_7" });
  });

  it("without a key, or without a transaction → an operator decides", async () => {
    for (const [world, given] of [
      [new World(null, null, false), mapping],
      [new World(), ASKING],
    ] as const) {
      const reply = world.engine.deliver(delivery({ mapping: given, body: BODY }));
      world.asked.answer(partlyCaptured);
      expect(await reply).toMatchObject({ snapshot: { reason: "partial_capture_or_refund" } });
    }
  });
});

it("asked about again, and cut off before it came to the same end → deduped all the same", async () => {
  const world = new World();
  const given = asking({ kind: "debit", refund: "re_1", if_absent: "ignore" });
  const first = world.engine.deliver(given);
  world.asked.answer({ kind: "absent" });
  expect(await first).toMatchObject({ deduped: false, snapshot: { reason: "refund_not_moved" } });
  await idle();
  world.nowMs += HOUR;
  void world.engine.deliver(given);
  world.crash();
  const again = world.engine.deliver(given);
  world.asked.answer({ kind: "absent" });
  expect(await again).toMatchObject({ deduped: true, snapshot: { reason: "refund_not_moved" } });
});

describe("assign", () => {
  const ASSIGNED = { ...MONEY, settlement: { ...SETTLEMENT, account_id: "acc_9" } };
  const assignment = { account_id: "acc_9", actor: "ana", note: "hers", mapping: null };

  it("hands out the body, then sends the settlement at once, and answers with what came of it", async () => {
    const world = new World(unmappable());
    expect(await world.engine.assign(assignment)).toEqual({ kind: "needs_mapping", body: BODY });
    const reply = world.engine.assign({ ...assignment, mapping: ASSIGNED });
    world.asked.answer(ACCEPTED);
    expect(await reply).toMatchObject({
      kind: "assigned",
      event: { state: "forwarded", settlement: { account_id: "acc_9" } },
    });
  });

  it("the body of a payment that Stripe's API does not answer about is handed out too", async () => {
    const world = new World(healingDraft({ work: { ...healingDraft().work, question: ACCOUNT } }));
    expect(await world.engine.assign(assignment)).toEqual({ kind: "needs_mapping", body: BODY });
  });

  it("what needs no account → refused", async () => {
    expect(await new World(failedForGood()).engine.assign(assignment)).toEqual({
      kind: "invalid_state",
      state: "failed",
    });
    expect(await new World().engine.assign(assignment)).toEqual({ kind: "event_not_found" });
  });
});

describe("resolve closes the movement, before the event", () => {
  it.each([
    ["in the lane of its account", failedForGood, "payin:pi_1", "acc_1"],
    ["under its own name while nobody knows the account", healingDraft, "refund:re_1", null],
  ] as const)("%s", async (_, state, movement, account) => {
    const world = new World(state());
    expect(await world.engine.resolve("ana", "by hand")).toMatchObject({ kind: "done" });
    expect([...world.resolvedMovements]).toEqual([[movement, account]]);
  });

  it("of what could not be mapped, if it can be read", async () => {
    const money = { direction: "payin", external_payment_id: "pi_1" } as const;
    const world = new World(unmappable({ money }));
    await world.engine.resolve("ana", "by hand");
    expect([...world.resolvedMovements]).toEqual([["payin:pi_1", null]]);
    const named = new World(unmappable({ money: { ...money, account_id: "acc_1" } }));
    await named.engine.resolve("ana", "by hand");
    expect([...named.resolvedMovements]).toEqual([["payin:pi_1", "acc_1"]]);
    const unreadable = new World(unmappable());
    expect(await unreadable.engine.resolve("ana", "by hand")).toMatchObject({ kind: "done" });
    expect(unreadable.resolvedMovements.size).toBe(0);
  });

  it("that cannot be recorded → nothing is closed", async () => {
    const world = new World(failedForGood());
    world.movementsHang = true;
    expect(await world.engine.resolve("ana", "by hand")).toEqual({ kind: "unavailable" });
    expect(world.record).toEqual(failedForGood());
  });

  it("an event that was settled meanwhile → refused, and its movement is open again", async () => {
    const world = new World(healingDraft());
    const retried = world.engine.retry({ actor: "ana", note: null, scope: "any", mapping: null });
    world.asked.answer(PAYIN_HELD);
    const resolved = world.engine.resolve("ana", "by hand");
    await idle();
    world.asked.answer(ACCEPTED);
    await retried;
    expect(await resolved).toMatchObject({ kind: "invalid_state" });
    expect(world.resolvedMovements.size).toBe(0);
  });

  it("two operators at once → one resolves it, and its movement stays closed", async () => {
    const world = new World(failedForGood());
    const replies = await Promise.all([
      world.engine.resolve("ana", "by hand"),
      world.engine.resolve("bo", "by hand too"),
    ]);
    expect(replies).toMatchObject([{ kind: "done" }, { kind: "invalid_state", state: "resolved" }]);
    expect([...world.resolvedMovements.keys()]).toEqual(["payin:pi_1"]);
  });

  it("another event of it → held, and no retry sends it", async () => {
    const world = new World();
    await world.deliverAnd({ kind: "movement_resolved" });
    await idle();
    expect(world.record).toMatchObject({ error: { ledger_code: "MOVEMENT_RESOLVED" }, next_retry_at: null });
    expect(world.rows).toMatchObject([{ reason: "movement_resolved", error_code: "MOVEMENT_RESOLVED" }]);
    expect(await world.engine.inspect()).toMatchObject({ last_error: { code: "MOVEMENT_RESOLVED" } });
  });
});

describe("reopen opens the event, then the movement", () => {
  it.each([
    ["failed(for good)", failedForGood],
    ["failed(draft)", healingDraft],
    ["failed(unmappable)", () => unmappable({ money: { direction: "payin", external_payment_id: "pi_1" } })],
    ["failed(currency)", held],
  ] as const)("%s, resolved and reopened → as it was, waiting for an operator", async (_, state) => {
    const world = new World(state());
    await world.engine.resolve("ana", "by hand");
    await idle();
    expect(world.resolvedMovements.size).toBe(1);
    expect(await world.engine.reopen("bo", "it was not")).toMatchObject({
      kind: "done",
      event: {
        state: "failed",
        next_retry_at: null,
        operator_actions: [{}, { action: "reopen", actor: "bo" }],
      },
    });
    await idle();
    expect(world.resolvedMovements.size).toBe(0);
    expect(world.alarmAt).toBeNull();
    expect(world.rows.at(-1)).toMatchObject({ state: "failed" });
    const { actions, revision, updated_at, ...rest } = world.record as EventRecord;
    const { actions: _a, revision: _r, updated_at: _u, ...before } = state() as EventRecord;
    expect(rest).toEqual("next_retry_at" in before ? { ...before, next_retry_at: null } : before);
    expect([actions.length, revision > 2, updated_at >= 0]).toEqual([2, true, true]);
  });

  it("whose movement stays closed → says so, and the same call again opens it", async () => {
    const world = new World(failedForGood());
    await world.engine.resolve("ana", "by hand");
    world.movementsHang = true;
    expect(await world.engine.reopen("ana", "it was not")).toEqual({ kind: "unavailable" });
    world.movementsHang = false;
    expect(await world.engine.reopen("ana", "it was not")).toMatchObject({ kind: "done" });
    expect(world.resolvedMovements.size).toBe(0);
    expect(world.record?.actions).toHaveLength(2);
  });

  it("what is not resolved → refused", async () => {
    expect(await new World().engine.reopen("ana", "why")).toEqual({ kind: "event_not_found" });
    expect(await new World(healing()).engine.reopen("ana", "why")).toEqual({
      kind: "invalid_state",
      state: "failed",
    });
  });
});

it("what was ignored, and means money to a later version, is settled by a resend", async () => {
  const world = new World();
  await world.engine.deliver(delivery({ mapping: IGNORED }));
  await idle();
  world.nowMs += HOUR;
  expect(await world.deliverAnd(ACCEPTED)).toMatchObject({ snapshot: { state: "forwarded" } });
  world.nowMs += HOUR;
  expect(await world.engine.deliver(delivery({ mapping: IGNORED }))).toMatchObject({
    deduped: true,
    snapshot: { state: "forwarded" },
  });
});
