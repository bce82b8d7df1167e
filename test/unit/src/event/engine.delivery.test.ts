import { describe, expect, it } from "vitest";
import type { DeliveryReply } from "../../../../src/event/snapshot.ts";
import { idle, World } from "../../../support/fake-ports.ts";
import {
  ACCEPTED,
  delivery,
  EVENT_ID,
  failedForGood,
  forwarded,
  IGNORED,
  LEASE,
  ASKING,
  QUESTION_LEASE,
  PAYLOAD,
  PAYIN_HELD,
  REJECTED,
  SECOND,
  SETTLEMENT,
  T0,
  UNAVAILABLE,
  UNMAPPABLE,
  UNPROVEN,
} from "../../../support/records.ts";

const KEY = `stripe:event:${EVENT_ID}`;

const OK = {
  ok: true,
  event_id: EVENT_ID,
  event_type: "payment_intent.succeeded",
  state: "forwarded",
  idempotency_key: KEY,
  forwarded_to_ledger: true,
  ledger_status: 201,
  settlement_id: "stl_1",
};
const REFUSED = {
  kind: "ledger_ingest_failed",
  event_id: EVENT_ID,
  attempts: 1,
  ledger_status: 503,
  ledger_code: null,
  next_retry_at: T0 + 11_250,
};

describe("the first delivery", () => {
  it("is on record with its alarm, in one turn, before the ledger hears of it", async () => {
    const world = new World();
    void world.engine.deliver(delivery());
    expect(world.steps()).toEqual(["save forwarding", `alarm ${LEASE}`, "ledger settle"]);
    expect(new Set(world.diary.map(({ turn }) => turn)).size).toBe(1);
    expect(world.asked).toMatchObject({ about: PAYLOAD, key: KEY });
  });

  it("accepted → saved, answered, and published without anybody waiting for it", async () => {
    const world = new World();
    world.indexHangs = new Promise(() => {});
    const reply = world.engine.deliver(delivery());
    world.nowMs += 120;
    world.asked.answer(ACCEPTED);
    expect(await reply).toEqual({ kind: "ok", deduped: false, snapshot: OK });
    expect(world.record).toMatchObject({
      state: "forwarded",
      log: [[1, "delivery", T0, 120, "accepted", 201]],
    });
    await idle();
    expect(world.steps(3)).toEqual(["save forwarded", "publish forwarded r2"]);
    expect(world.alarmAt).toBe(T0 + LEASE);
  });

  it("refused for now → the 502's facts, with the time of the retry that its alarm then has", async () => {
    const world = new World();
    expect(await world.deliverAnd(UNAVAILABLE)).toEqual(REFUSED);
    await idle();
    expect(world.alarmAt).toBe(REFUSED.next_retry_at);
  });

  it("refused for good → the 502's facts, no retry, no alarm", async () => {
    const world = new World();
    expect(await world.deliverAnd(REJECTED)).toMatchObject({
      ledger_status: 400,
      ledger_code: "INVALID_REQUEST",
      next_retry_at: null,
    });
    await idle();
    expect(world.alarmAt).toBeNull();
    expect(world.rows.at(-1)).toMatchObject({ state: "failed", next_retry_at: null });
  });

  it("of no money → answered at once, the ledger not asked", async () => {
    const world = new World();
    const reply = await world.engine.deliver(delivery({ mapping: IGNORED }));
    expect(reply).toMatchObject({ kind: "ok", deduped: false, snapshot: { state: "ignored" } });
    expect(world.steps()).toEqual(["save ignored", `alarm ${5 * SECOND}`, "publish ignored r1"]);
    expect(world.ledger).toHaveLength(0);
  });

  it("of money without an account → answered at once, listed for operators, no alarm in the end", async () => {
    const world = new World();
    const body = new Uint8Array([1, 2, 3]);
    const reply = await world.engine.deliver(delivery({ mapping: UNMAPPABLE, body }));
    expect(reply).toMatchObject({ kind: "ok", deduped: false, snapshot: { error_code: "EVENT_UNMAPPABLE" } });
    await idle();
    expect(world.rows).toMatchObject([{ state: "failed", error_code: "EVENT_UNMAPPABLE" }]);
    expect(world.alarmAt).toBeNull();
  });
});

describe("a refund whose account the ledger knows", () => {
  it("found → frozen on record in a turn of its own, before the ledger hears of the settlement", async () => {
    const world = new World();
    const reply = world.engine.deliver(delivery({ mapping: ASKING }));
    expect(world.steps()).toEqual(["save received", `alarm ${QUESTION_LEASE}`, "ledger find"]);
    expect(world.asked.about).toBe("payin pi_1");
    world.asked.answer(PAYIN_HELD);
    await idle();
    expect(world.steps(3)).toEqual(["save forwarding", "ledger settle"]);
    expect(JSON.parse(world.asked.about)).toMatchObject({ account_id: "acc_7", direction: "refund" });
    expect(world.asked.key).toBe(KEY);
    world.asked.answer(ACCEPTED);
    expect(await reply).toMatchObject({ kind: "ok", deduped: false, snapshot: { state: "forwarded" } });
    expect(world.record).toMatchObject({ attempts: 1, log: [[1, "delivery", T0, 0, "accepted", 201]] });
  });

  it("not known yet → the 502's facts, nothing sent, and the retry asks again", async () => {
    const world = new World();
    expect(await world.deliverAnd({ kind: "absent" }, { mapping: ASKING })).toMatchObject({
      ledger_status: 404,
      ledger_code: "ACCOUNT_NOT_RESOLVED",
    });
    await idle();
    void world.fireAlarm();
    expect(world.ledger.map(({ question }) => question)).toEqual(["find", "find"]);
  });
});

describe("the turn that an attempt asks for", () => {
  it("its account's, waiting for no longer than the lease allows", () => {
    const world = new World();
    void world.engine.deliver(delivery());
    expect(world.asked).toMatchObject({
      key: `stripe:event:${EVENT_ID}`,
      turn: { account_id: "acc_1", read_back: false, wait_ms: 5_000 },
    });
  });

  it("after a question that took its time → what is left; none left → no waiting", async () => {
    for (const [askedMs, wait_ms] of [
      [4_000, 5_000],
      [22_000, 3_000],
      [26_000, 0],
    ] as const) {
      const world = new World();
      void world.engine.deliver(delivery({ mapping: ASKING }));
      world.nowMs += askedMs;
      world.asked.answer(PAYIN_HELD);
      await idle();
      expect(world.asked.turn).toEqual({ account_id: "acc_7", read_back: false, wait_ms });
    }
  });

  it("after an answer without an effect → reads back first", async () => {
    const world = new World();
    await world.deliverAnd(UNPROVEN);
    await idle();
    void world.fireAlarm();
    expect(world.asked.turn).toMatchObject({ read_back: true });
  });
});

describe("deliveries of one event at the same time", () => {
  const dedupedOf = (reply: DeliveryReply) => reply.kind === "ok" && reply.deduped;

  it("50 at once, accepted → one ledger request, 50 equal replies, one of them the first", async () => {
    const world = new World();
    const replies = Array.from({ length: 50 }, () => world.engine.deliver(delivery()));
    await idle();
    expect(world.ledger).toHaveLength(1);
    world.asked.answer(ACCEPTED);
    const settled = await Promise.all(replies);
    expect(settled.filter((reply) => !dedupedOf(reply))).toEqual([settled[0]]);
    for (const reply of settled) expect(reply).toMatchObject({ kind: "ok", snapshot: OK });
    expect(world.record).toMatchObject({ state: "forwarded", deliveries: 50, attempts: 1 });
    await idle();
    expect(world.rows).toHaveLength(1);
  });

  it("50 at once, refused → one ledger request, 50 times the same 502", async () => {
    const world = new World();
    const replies = Array.from({ length: 50 }, () => world.engine.deliver(delivery()));
    world.asked.answer(UNAVAILABLE);
    expect(new Set((await Promise.all(replies)).map((reply) => JSON.stringify(reply)))).toEqual(
      new Set([JSON.stringify(REFUSED)]),
    );
    expect(world.ledger).toHaveLength(1);
  });

  it("50 at once during a question → asked once, one ingest", async () => {
    const world = new World();
    const replies = Array.from({ length: 25 }, () => world.engine.deliver(delivery({ mapping: ASKING })));
    world.asked.answer(PAYIN_HELD);
    await idle();
    replies.push(...Array.from({ length: 25 }, () => world.engine.deliver(delivery({ mapping: ASKING }))));
    world.asked.answer(ACCEPTED);
    const settled = await Promise.all(replies);
    expect(settled.filter((reply) => !dedupedOf(reply))).toHaveLength(1);
    expect(world.ledger.map(({ question }) => question)).toEqual(["find", "settle"]);
  });

  it("a conflicting one among them → answered at once, and the attempt goes on as it was", async () => {
    const world = new World();
    const first = world.engine.deliver(delivery());
    const settlement = { ...SETTLEMENT, amount_minor: "99" };
    const other = await world.engine.deliver(delivery({ mapping: { kind: "settlement", settlement } }));
    expect(other).toEqual({ kind: "event_conflict", event_id: EVENT_ID, state: "forwarding" });
    world.asked.answer(ACCEPTED);
    expect(await first).toMatchObject({ kind: "ok", deduped: false });
    expect(world.record).toMatchObject({ state: "forwarded", payload: PAYLOAD, conflict: { count: 1 } });
    expect(world.ledger).toHaveLength(1);
  });
});

describe("redeliveries", () => {
  it("forwarded + replay → the same answer but for deduped, one save, nobody asked", async () => {
    const world = new World(forwarded());
    const replies = [await world.engine.deliver(delivery()), await world.engine.deliver(delivery())];
    for (const reply of replies) expect(reply).toEqual({ kind: "ok", deduped: true, snapshot: OK });
    expect(world.steps()).toEqual(["save forwarded", "save forwarded"]);
  });

  it("failed + redelivery within 5 s → the stored 502, nobody asked; after 5 s → attempt 2", async () => {
    const world = new World();
    await world.deliverAnd(UNAVAILABLE);
    await idle();
    world.nowMs += 4_999;
    expect(await world.engine.deliver(delivery())).toEqual(REFUSED);
    expect(world.ledger).toHaveLength(1);
    world.nowMs += 1;
    expect(await world.deliverAnd(ACCEPTED)).toMatchObject({ kind: "ok", deduped: false, snapshot: OK });
    expect(world.ledger.map(({ about, key }) => [about, key])).toEqual([
      [PAYLOAD, KEY],
      [PAYLOAD, KEY],
    ]);
  });

  it("ignored by an answer that may change + redelivery → asked again, and the same answer is deduped", async () => {
    const world = new World();
    const question = { kind: "debit", refund: "re_1", if_absent: "ignore" } as const;
    const mapping = { ...ASKING, question };
    const ignored = { kind: "ok", snapshot: { state: "ignored", reason: "refund_not_moved" } };
    expect(await world.deliverAnd({ kind: "absent" }, { mapping })).toMatchObject({
      ...ignored,
      deduped: false,
    });
    await idle();
    world.nowMs += 5_000;
    expect(await world.deliverAnd({ kind: "absent" }, { mapping })).toMatchObject({
      ...ignored,
      deduped: true,
    });
    expect(world.ledger).toHaveLength(2);
  });

  it("failed for good + redelivery → the stored 502, nobody asked, its row published again", async () => {
    const world = new World(failedForGood());
    const reply = await world.engine.deliver(delivery());
    expect(reply).toMatchObject({ kind: "ledger_ingest_failed", next_retry_at: null, attempts: 1 });
    await idle();
    expect(world.steps()).toEqual(["save failed", "publish failed r2", "alarm null"]);
  });
});
