import { describe, expect, it } from "vitest";
import { broken, idle, World } from "../../../support/fake-ports.ts";
import {
  ACCEPTED,
  DAY,
  delivery,
  failedForGood,
  forwarded,
  healing,
  LEASE,
  PAYLOAD,
  POLICY,
  SECOND,
  T0,
  UNAVAILABLE,
  UNKNOWN,
} from "../../../support/records.ts";

describe("the alarm", () => {
  it("while an attempt is in flight → waits for it, and starts no other", async () => {
    const world = new World();
    const reply = world.engine.deliver(delivery());
    const alarm = world.fireAlarm();
    expect(world.alarmAt).toBe(world.nowMs + 5 * SECOND);
    expect(world.ledger).toHaveLength(1);
    world.asked.answer(ACCEPTED);
    await Promise.all([reply, alarm]);
    expect(world.alarmAt).toBe(world.nowMs + 30 * DAY);
  });

  it("at the retry's time → attempt 2, and a delivery meanwhile joins it", async () => {
    const world = new World(healing(), T0 + 15 * SECOND);
    const alarm = world.fireAlarm();
    expect(await world.deliverAnd(ACCEPTED)).toMatchObject({
      kind: "ok",
      deduped: true,
      snapshot: { state: "forwarded" },
    });
    await alarm;
    expect(world.ledger).toHaveLength(1);
  });

  it("for an event that does not exist → nothing is written", async () => {
    const world = new World(null, T0);
    await world.fireAlarm();
    expect(world.diary).toEqual([]);
  });

  it("at the end of the retention → everything is erased; a delivery after that begins anew", async () => {
    const world = new World(forwarded(), T0 + 30 * DAY);
    await world.fireAlarm();
    expect(world.steps()).toEqual(["erase null"]);
    expect([world.record, world.alarmAt]).toEqual([null, null]);
    void world.engine.deliver(delivery());
    expect(world.asked).toMatchObject({ about: PAYLOAD });
  });

  it("in an outage of days → retries to the horizon with the same bytes, then rests in front of an operator", async () => {
    const world = new World();
    await world.deliverAnd(UNAVAILABLE);
    await idle();
    while (world.alarmAt !== null) {
      const alarm = world.fireAlarm();
      world.asked.answer(world.ledger.length % 2 === 0 ? UNKNOWN : UNAVAILABLE);
      await alarm;
    }
    expect(world.nowMs).toBe(T0 + POLICY.retryHorizonMs);
    expect(world.ledger.length).toBeGreaterThan(72);
    expect(world.ledger.length).toBeLessThan(160);
    expect(new Set(world.ledger.map(({ about, key }) => about + key)).size).toBe(1);
    expect(world.record).toMatchObject({
      state: "failed",
      next_retry_at: null,
      attempts: world.ledger.length,
    });
    expect(world.rows.at(-1)).toMatchObject({ reason: "retry_horizon_reached" });
  });
});

describe("the alarm never throws, and sets another", () => {
  it.each([
    ["load", healing()],
    ["save", healing()],
    ["ledger", healing()],
    ["index", failedForGood()],
    ["erase", forwarded({ updated_at: T0 - 31 * DAY })],
  ] as const)("%s throws → an alarm within 60 s, which does the work", async (port, record) => {
    const world = new World(record, T0 + 15 * SECOND);
    world.faults[port] = broken(port);
    await world.fireAlarm();
    expect(world.alarmAt).toBeGreaterThan(world.nowMs);
    expect(world.alarmAt).toBeLessThanOrEqual(world.nowMs + 60 * SECOND);
    expect(world.lines.filter(({ level }) => level === "error")).toHaveLength(1);
    expect(JSON.stringify(world.lines)).not.toContain("words that must go nowhere");

    delete world.faults[port];
    const before = world.diary.length;
    void world.fireAlarm();
    await idle();
    expect(world.diary.length).toBeGreaterThan(before);
  });

  it("a record with a field of a later version → not overwritten, looked at again in 60 s", async () => {
    const world = new World(null, T0);
    const future = { ...forwarded(), later: 1 };
    world.record = future as never;
    await world.fireAlarm();
    await expect(world.engine.deliver(delivery())).rejects.toThrow(/Unrecognized key/);
    expect(world.record).toBe(future);
    expect(world.alarmAt).toBe(T0 + 60 * SECOND);
  });

  it("a ledger port that breaks its promise during a delivery → the delivery fails, the next one asks again", async () => {
    const world = new World();
    const reply = world.engine.deliver(delivery());
    world.asked.breakOff(new Error("broken"));
    await expect(reply).rejects.toThrow("broken");
    expect(world.record).toMatchObject({ state: "forwarding", attempts: 1 });
    expect(world.alarmAt).toBe(T0 + LEASE);
    expect(await world.deliverAnd(ACCEPTED)).toMatchObject({ kind: "ok" });
    expect(world.ledger).toHaveLength(2);
  });
});
