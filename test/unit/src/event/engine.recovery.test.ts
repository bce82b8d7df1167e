/** The states that one can wake in after a crash, and what happens then. */
import { describe, expect, it } from "vitest";
import { idle, World } from "../../../support/fake-ports.ts";
import {
  ACCEPTED,
  DAY,
  delivery,
  failedForGood,
  IGNORED,
  LEASE,
  ASKING,
  PAYIN_HELD,
  QUESTION_LEASE,
  operatorRetry,
  SECOND,
  T0,
  UNMAPPABLE,
  REJECTED,
  unmappable,
} from "../../../support/records.ts";

describe("a crash while the ledger is asked", () => {
  it("→ the lease's alarm asks again with the same bytes under the same key", async () => {
    const world = new World();
    void world.engine.deliver(delivery());
    world.crash();
    const alarm = world.fireAlarm();
    expect(world.nowMs).toBe(T0 + LEASE);
    expect(world.steps(3)).toEqual(["save forwarding", `alarm ${2 * LEASE}`, "ledger settle"]);
    expect(world.ledger[1]).toMatchObject({ about: world.ledger[0]?.about, key: world.ledger[0]?.key });
    world.asked.answer(ACCEPTED);
    await alarm;
    expect(world.record).toMatchObject({
      state: "forwarded",
      log: [
        [1, "delivery", T0, LEASE, "unknown", null],
        [2, "alarm", T0 + LEASE, 0, "accepted", 201],
      ],
    });
    expect(world.alarmAt).toBe(T0 + LEASE + 30 * DAY);
  });

  it("→ a redelivery need not wait for the lease's end", async () => {
    const world = new World();
    void world.engine.deliver(delivery());
    world.crash();
    expect(await world.deliverAnd(ACCEPTED)).toMatchObject({ kind: "ok", snapshot: { state: "forwarded" } });
    expect(world.ledger).toHaveLength(2);
  });

  it("→ 50 redeliveries share one new attempt", async () => {
    const world = new World();
    void world.engine.deliver(delivery());
    world.crash();
    const replies = Array.from({ length: 50 }, () => world.engine.deliver(delivery()));
    world.asked.answer(ACCEPTED);
    await Promise.all(replies);
    expect(world.ledger).toHaveLength(2);
  });

  it("for the account → the alarm asks for it again", async () => {
    const world = new World();
    void world.engine.deliver(delivery({ mapping: ASKING }));
    world.crash();
    void world.fireAlarm();
    expect(world.nowMs).toBe(T0 + QUESTION_LEASE);
    expect(world.ledger.map(({ question }) => question)).toEqual(["find", "find"]);
  });

  it("after the account was found → the frozen bytes go again, and the account is not asked for again", async () => {
    const world = new World();
    void world.engine.deliver(delivery({ mapping: ASKING }));
    world.asked.answer(PAYIN_HELD);
    await idle();
    world.crash();
    void world.fireAlarm();
    expect(world.nowMs).toBe(T0 + QUESTION_LEASE);
    expect(world.ledger.map(({ question }) => question)).toEqual(["find", "settle", "settle"]);
    expect(world.ledger[2]?.about).toBe(world.ledger[1]?.about);
  });

  it("→ the answer that came too late for the lost instance changes nothing", async () => {
    const world = new World();
    world.engine.deliver(delivery()).catch(() => undefined);
    const lost = world.asked;
    world.crash();
    const before = world.record;
    lost.answer(ACCEPTED);
    await idle();
    expect(world.record).toEqual(before);
  });
});

describe("a crash between the outcome and the row", () => {
  it.each([
    ["accepted", ACCEPTED, "forwarded", T0 + 30 * DAY],
    ["refused for good", REJECTED, "failed", null],
  ] as const)("%s → the lease's alarm still stands, and publishes", async (_, outcome, state, alarmAt) => {
    const world = new World();
    world.indexHangs = new Promise(() => {});
    await world.deliverAnd(outcome);
    await idle();
    world.crash();
    expect(world.alarmAt).toBe(T0 + LEASE);
    world.indexHangs = null;
    await world.fireAlarm();
    expect(world.rows).toMatchObject([{ state, revision: 2 }]);
    expect(world.alarmAt).toBe(alarmAt);
    expect(world.ledger).toHaveLength(1);
  });

  it.each([
    ["ignored", IGNORED],
    ["unmappable", UNMAPPABLE],
  ] as const)("%s → its first alarm publishes it", async (_, mapping) => {
    const world = new World();
    world.indexHangs = new Promise(() => {});
    await world.engine.deliver(delivery({ mapping }));
    world.crash();
    world.indexHangs = null;
    await world.fireAlarm();
    expect(world.nowMs).toBe(T0 + 5 * SECOND);
    expect(world.rows).toHaveLength(1);
  });

  // Nothing wakes a permanent failure, so without an alarm of its own the
  // operator's act would reach no index.
  it.each([
    [
      "resolve of a permanent failure",
      failedForGood(),
      (world: World) => world.engine.resolve("ana", "paid by hand"),
    ],
    [
      "resolve of an unmappable event",
      unmappable(),
      (world: World) => world.engine.resolve("ana", "paid by hand"),
    ],
    [
      "unmappable event found to move no money",
      unmappable(),
      (world: World) => world.engine.retry(operatorRetry({ mapping: IGNORED })),
    ],
  ] as const)("%s → an alarm stands, and publishes it", async (_, record, act) => {
    const world = new World(record);
    world.indexHangs = new Promise(() => {});
    await act(world);
    world.crash();
    world.indexHangs = null;
    await world.fireAlarm();
    expect(world.rows).toHaveLength(1);
  });
});
