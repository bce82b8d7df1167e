import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { idle, World } from "../../../support/fake-ports.ts";
import {
  ACCEPTED,
  DAY,
  delivery,
  failedForGood,
  forwarded,
  healing,
  HOUR,
  IGNORED,
  ignored,
  MONEY,
  operatorRetry,
  PAYLOAD,
  REJECTED,
  resolved,
  SECOND,
  T0,
  unmappable,
  UNMAPPABLE,
} from "../../../support/records.ts";

describe("an event that does not exist", () => {
  it.each([
    ["inspect", (world: World) => world.engine.inspect(), null],
    ["retry", (world: World) => world.engine.retry(operatorRetry()), { kind: "event_not_found" }],
    ["resolve", (world: World) => world.engine.resolve("ana", "why"), { kind: "event_not_found" }],
    ["poke", (world: World) => world.engine.poke(), false],
  ] as const)("%s → says so, and writes nothing", async (_, act, answer) => {
    const world = new World();
    expect(await act(world)).toEqual(answer);
    await idle();
    expect(world.diary).toEqual([]);
    expect([world.record, world.alarmAt]).toEqual([null, null]);
  });
});

describe("inspect", () => {
  it("→ the whole state, with the alarm's time and the digest of the very bytes that went out", async () => {
    const world = new World(forwarded(), T0 + 30 * DAY);
    expect(await world.engine.inspect()).toMatchObject({
      state: "forwarded",
      alarm_at: new Date(T0 + 30 * DAY).toISOString(),
      evidence: { payload_sha256: createHash("sha256").update(PAYLOAD).digest("hex") },
    });
    expect(world.diary).toEqual([]);
  });

  it("unmappable → no payload, so no digest of one", async () => {
    const state = await new World(unmappable()).engine.inspect();
    expect(state).toMatchObject({ settlement: null, evidence: { payload_sha256: null } });
  });
});

describe("retry", () => {
  it("failed(healing) → answers the state after the attempt", async () => {
    const world = new World(healing(), T0 + 15 * SECOND);
    const reply = world.engine.retry(operatorRetry({ note: "ledger is back" }));
    world.asked.answer(ACCEPTED);
    expect(await reply).toMatchObject({
      kind: "retried",
      attempted: true,
      event: {
        state: "forwarded",
        attempts: 2,
        operator_actions: [{ action: "retry", actor: "ana", note: "ledger is back" }],
      },
    });
  });

  it("failed(for good), refused again → answers the failure, and it stays for good", async () => {
    const world = new World(failedForGood());
    const reply = world.engine.retry(operatorRetry());
    world.asked.answer(REJECTED);
    expect(await reply).toMatchObject({ attempted: true, event: { state: "failed", next_retry_at: null } });
    await idle();
    expect(world.alarmAt).toBeNull();
  });

  it("failed(for good), scope healing → not attempted, nothing written", async () => {
    const world = new World(failedForGood());
    const reply = await world.engine.retry(operatorRetry({ scope: "healing" }));
    expect(reply).toMatchObject({ kind: "retried", attempted: false, event: { state: "failed" } });
    expect(world.ledger).toHaveLength(0);
    expect(world.steps()).not.toContain("alarm");
  });

  it("forwarding, in flight → waits for that attempt", async () => {
    const world = new World();
    void world.engine.deliver(delivery());
    const reply = world.engine.retry(operatorRetry());
    world.asked.answer(ACCEPTED);
    expect(await reply).toMatchObject({ attempted: true, event: { state: "forwarded", attempts: 1 } });
    expect(world.ledger).toHaveLength(1);
    expect(world.record?.actions).toHaveLength(1);
  });

  it("two at once → one attempt", async () => {
    const world = new World(failedForGood());
    const replies = [world.engine.retry(operatorRetry()), world.engine.retry(operatorRetry())];
    world.asked.answer(ACCEPTED);
    for (const reply of await Promise.all(replies)) {
      expect(reply).toMatchObject({ attempted: true, event: { state: "forwarded" } });
    }
    expect(world.ledger).toHaveLength(1);
  });

  it.each([
    ["forwarded", forwarded()],
    ["resolved", resolved()],
    ["ignored", ignored()],
  ] as const)("%s → invalid state, nothing written", async (state, record) => {
    const world = new World(record);
    expect(await world.engine.retry(operatorRetry())).toEqual({ kind: "invalid_state", state });
    expect(world.diary).toEqual([]);
  });
});

describe("retry of an unmappable event", () => {
  it("without a mapping → hands out the kept body; with what it maps to now → attempted", async () => {
    const world = new World(unmappable());
    const asked = await world.engine.retry(operatorRetry());
    expect(asked).toEqual({ kind: "needs_mapping", body: unmappable().body });
    expect(world.diary).toEqual([]);

    const reply = world.engine.retry(operatorRetry({ mapping: MONEY }));
    expect(world.asked.about).toBe(PAYLOAD);
    world.asked.answer(ACCEPTED);
    expect(await reply).toMatchObject({ attempted: true, event: { state: "forwarded", attempts: 1 } });
  });

  it("a delivery repaired it between the two → its bytes are sent, not those of the mapping", async () => {
    const world = new World(unmappable());
    await world.engine.retry(operatorRetry());
    await world.deliverAnd(REJECTED);
    const settlement = { ...MONEY.settlement, amount_minor: "99" };
    void world.engine.retry(operatorRetry({ mapping: { kind: "settlement", settlement } }));
    expect(world.ledger.map(({ about }) => about)).toEqual([PAYLOAD, PAYLOAD]);
  });

  it("now ignored → not attempted, and still there for whoever resolves it", async () => {
    const world = new World(unmappable());
    const reply = await world.engine.retry(operatorRetry({ mapping: IGNORED }));
    expect(reply).toMatchObject({ kind: "retried", attempted: false, event: { state: "failed" } });
    await idle();
    expect(world.rows).toMatchObject([{ state: "failed" }]);
    expect(world.record).toMatchObject({ body: unmappable().body });
  });

  it("still unmappable → not attempted, its body kept", async () => {
    const world = new World(unmappable());
    const reply = await world.engine.retry(operatorRetry({ mapping: UNMAPPABLE }));
    expect(reply).toMatchObject({ attempted: false, event: { state: "failed" } });
    expect(world.record).toMatchObject({ body: unmappable().body });
  });
});

describe("resolve", () => {
  it.each([
    ["failed(healing)", healing()],
    ["failed(for good)", failedForGood()],
    ["failed(unmappable)", unmappable()],
  ] as const)("%s → resolved, published, the purge's alarm set, and no retry comes", async (_, record) => {
    const world = new World(
      record,
      record.state === "failed" && record.cause === "ledger" ? record.next_retry_at : null,
    );
    expect(await world.engine.resolve("ana", "paid by hand")).toMatchObject({
      kind: "done",
      event: { state: "resolved", operator_actions: [{ actor: "ana", note: "paid by hand" }] },
    });
    await idle();
    expect(world.rows).toMatchObject([{ state: "resolved" }]);
    expect(world.alarmAt).toBe(T0 + 31 * DAY);
    expect(await world.engine.deliver(delivery())).toMatchObject({
      deduped: true,
      snapshot: { state: "resolved" },
    });
    expect(world.ledger).toHaveLength(0);
  });

  it("forwarding, in flight → invalid state, and the attempt goes on", async () => {
    const world = new World();
    const reply = world.engine.deliver(delivery());
    expect(await world.engine.resolve("ana", "why")).toEqual({ kind: "invalid_state", state: "forwarding" });
    world.asked.answer(ACCEPTED);
    expect(await reply).toMatchObject({ kind: "ok" });
  });

  it("forwarded → invalid state, nothing written", async () => {
    const world = new World(forwarded());
    expect(await world.engine.resolve("ana", "why")).toEqual({ kind: "invalid_state", state: "forwarded" });
    expect(world.diary).toEqual([]);
  });
});

describe("the watchdog's poke", () => {
  it.each([
    ["forwarded", forwarded(), T0 + 30 * DAY],
    ["failed(for good)", failedForGood(), null],
    ["failed(healing)", healing({ next_retry_at: T0 + HOUR }), T0 + HOUR],
  ] as const)(
    "%s, nothing due → published again, the alarm where it belongs, no rescue",
    async (_, record, alarmAt) => {
      const world = new World(record, alarmAt);
      expect(await world.engine.poke()).toBe(false);
      expect(world.rows).toHaveLength(1);
      expect(world.alarmAt).toBe(alarmAt);
      expect(world.ledger).toHaveLength(0);
    },
  );

  it("failed(healing), overdue → attempted, published, a rescue", async () => {
    const world = new World(healing(), null);
    world.nowMs = T0 + HOUR;
    const rescued = world.engine.poke();
    world.asked.answer(ACCEPTED);
    expect(await rescued).toBe(true);
    expect(world.record).toMatchObject({ log: [[2, "watchdog", T0 + HOUR, 0, "accepted", 201]] });
    expect(world.rows).toMatchObject([{ state: "forwarded" }]);
  });
});
