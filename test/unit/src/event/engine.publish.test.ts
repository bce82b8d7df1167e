/** The end of the commit protocol: the row for the index, and only then the alarm. */
import { describe, expect, it } from "vitest";
import { broken, idle, World } from "../../../support/fake-ports.ts";
import {
  ACCEPTED,
  DAY,
  delivery,
  failedForGood,
  forwarded,
  healing,
  HOUR,
  LEASE,
  REJECTED,
  SECOND,
  T0,
  UNAVAILABLE,
} from "../../../support/records.ts";

async function settled(outcome = ACCEPTED as Parameters<World["asked"]["answer"]>[0]): Promise<World> {
  const world = new World();
  await world.deliverAnd(outcome);
  return world;
}

describe("the alarm moves only after the row is published", () => {
  it("accepted → published, then the alarm of the purge", async () => {
    const world = await settled();
    await idle();
    expect(world.steps(3)).toEqual(["save forwarded", "publish forwarded r2", `alarm ${30 * DAY}`]);
    expect(world.rows).toMatchObject([{ state: "forwarded", revision: 2 }]);
  });

  it("refused for now → published, then the alarm of the retry", async () => {
    const world = await settled(UNAVAILABLE);
    await idle();
    expect(world.steps(3)).toEqual(["save failed", "publish failed r2", "alarm 11250"]);
  });

  it("refused for good → published, then no alarm", async () => {
    const world = await settled(REJECTED);
    await idle();
    expect(world.steps(3)).toEqual(["save failed", "publish failed r2", "alarm null"]);
  });

  it("an index that is slow → the lease's alarm stands until it answers", async () => {
    const world = new World();
    const release = world.hangIndex();
    await world.deliverAnd(ACCEPTED);
    await idle();
    expect(world.alarmAt).toBe(T0 + LEASE);
    release();
    await idle();
    expect(world.alarmAt).toBe(T0 + 30 * DAY);
  });

  it("a retry that fell due while the index was slow → the alarm is in the future", async () => {
    const world = new World();
    const release = world.hangIndex();
    await world.deliverAnd(UNAVAILABLE);
    world.nowMs += HOUR;
    release();
    await idle();
    expect(world.alarmAt).toBe(world.nowMs + 1);
  });
});

describe("nobody is done before the row is published who has used up the alarm", () => {
  it.each([
    ["the alarm", (world: World) => world.fireAlarm()],
    ["the watchdog's poke", (world: World) => world.engine.poke()],
  ] as const)("%s, index slow → waits for it, and then the next alarm stands", async (_, act) => {
    const world = new World(forwarded(), T0);
    const release = world.hangIndex();
    let isDone = false;
    const acting = act(world).then(() => (isDone = true));
    await idle();
    expect(isDone).toBe(false);
    release();
    await acting;
    expect(world.rows).toHaveLength(1);
    expect(world.alarmAt).toBe(T0 + 30 * DAY);
  });

  it("the alarm that made an attempt, index slow → waits for the row of the outcome", async () => {
    const world = new World(healing({ next_retry_at: T0 }), T0);
    const release = world.hangIndex();
    let isDone = false;
    const acting = world.fireAlarm().then(() => (isDone = true));
    world.asked.answer(ACCEPTED);
    await idle();
    expect([isDone, world.alarmAt]).toEqual([false, T0 + LEASE]);
    release();
    await acting;
    expect(world.alarmAt).toBe(T0 + 30 * DAY);
  });
});

describe("an index that fails", () => {
  it.each([
    ["forwarded", ACCEPTED],
    ["failed for good", REJECTED],
  ] as const)("%s → answered all the same, an alarm in 60 s, which publishes", async (_, outcome) => {
    const world = new World();
    world.faults.index = broken("index");
    await world.deliverAnd(outcome);
    await idle();
    expect(world.alarmAt).toBe(T0 + 60 * SECOND);
    expect(world.lines).toContainEqual(expect.objectContaining({ level: "error", msg: "publish_failed" }));

    delete world.faults.index;
    await world.fireAlarm();
    expect(world.rows).toHaveLength(1);
    expect(world.alarmAt).toBe(outcome === ACCEPTED ? T0 + 30 * DAY : null);
    expect(world.ledger).toHaveLength(1);
  });

  it("failed, retry before those 60 s → the alarm of the retry", async () => {
    const world = new World();
    world.faults.index = broken("index");
    await world.deliverAnd(UNAVAILABLE);
    await idle();
    expect(world.alarmAt).toBe(T0 + 11_250);
  });

  it("failed, retry after those 60 s → the alarm of the publish, and then that of the retry", async () => {
    const world = new World(healing({ next_retry_at: T0 + HOUR }), T0);
    world.faults.index = broken("index");
    await world.fireAlarm();
    expect(world.alarmAt).toBe(T0 + 60 * SECOND);
    delete world.faults.index;
    await world.fireAlarm();
    expect(world.alarmAt).toBe(T0 + HOUR);
    expect(world.ledger).toHaveLength(0);
  });

  it("again and again → alarms that grow to an hour apart, nobody else asked, and no end to it", async () => {
    const world = new World(failedForGood(), T0);
    world.faults.index = broken("index");
    const waits: number[] = [];
    for (let round = 0; round < 12; round++) {
      await world.fireAlarm();
      waits.push(((world.alarmAt ?? 0) - world.nowMs) / SECOND);
    }
    expect(waits).toEqual([60, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600, 3_600, 3_600]);
    for (const [random, wait] of [
      [0, 1_800],
      [0.99, 3_600],
    ] as const) {
      world.random = random;
      await world.fireAlarm();
      expect(((world.alarmAt ?? 0) - world.nowMs) / SECOND).toBe(wait);
    }
    expect(world.ledger).toHaveLength(0);
  });

  it("what it threw is not repeated in the log: its message may quote the row", async () => {
    const world = new World(forwarded(), T0);
    world.faults.index = broken("index");
    await world.fireAlarm();
    expect(JSON.stringify(world.lines)).not.toContain("words that must go nowhere");
  });
});

describe("a step that came while a row was on its way", () => {
  it("its own alarm stands: the late row moves nothing", async () => {
    const world = new World();
    const release = world.hangIndex();
    await world.deliverAnd(UNAVAILABLE);
    world.nowMs += 6 * SECOND;
    void world.engine.deliver(delivery());
    expect(world.record).toMatchObject({ state: "forwarding", attempts: 2 });
    release();
    await idle();
    expect(world.rows).toMatchObject([{ state: "failed", revision: 2 }]);
    expect(world.alarmAt).toBe(T0 + 6 * SECOND + LEASE);
  });

  it("its own row fails after the older one arrived → an alarm in 60 s publishes it", async () => {
    const world = new World();
    const release = world.hangIndex();
    await world.deliverAnd(UNAVAILABLE);
    world.nowMs += 6 * SECOND;
    const second = world.engine.deliver(delivery());
    world.faults.index = broken("index");
    world.asked.answer(ACCEPTED);
    await second;
    release();
    await idle();
    expect(world.rows).toMatchObject([{ state: "failed" }]);
    expect(world.alarmAt).toBe(world.nowMs + 60 * SECOND);
    delete world.faults.index;
    await world.fireAlarm();
    expect(world.rows.at(-1)).toMatchObject({ state: "forwarded", revision: 4 });
  });

  it("the event was purged → the late row moves nothing", async () => {
    const world = new World(forwarded(), T0);
    const release = world.hangIndex();
    void world.fireAlarm();
    world.record = null;
    release();
    await idle();
    expect(world.alarmAt).toBeNull();
  });
});
