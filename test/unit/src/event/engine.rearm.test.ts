/** Alarms have stayed overdue for days in production: every entry point looks after its own. */
import { describe, expect, it } from "vitest";
import { broken, idle, World } from "../../../support/fake-ports.ts";
import {
  ACCEPTED,
  DAY,
  delivery,
  failedForGood,
  forwarded,
  forwarding,
  healing,
  HOUR,
  LEASE,
  MONEY,
  operatorRetry,
  SECOND,
  T0,
  unmappable,
  UNMAPPABLE,
} from "../../../support/records.ts";

describe("an alarm that is missing, or overdue by more than a minute, is set again", () => {
  const waits = () => healing({ next_retry_at: T0 + HOUR });
  const lost = [
    ["missing", null],
    ["overdue", T0 - 60_001],
  ] as const;

  it.each(lost)("%s, failed(healing) + redelivery within 5 s → set", async (_, alarmAt) => {
    const world = new World(waits(), alarmAt);
    await world.engine.deliver(delivery());
    await idle();
    expect(world.alarmAt).toBe(T0 + HOUR);
  });

  it("missing, failed(healing), and an index that hangs → the alarm is the flag of an unpublished row, soon", async () => {
    const world = new World(waits(), null);
    world.indexHangs = new Promise(() => {});
    await world.engine.deliver(delivery());
    expect(world.alarmAt).toBe(T0 + 5 * SECOND);
  });

  it("missing, forwarding after a reset + inspect → no row is published: it would look as if nothing were due", async () => {
    const world = new World(forwarding(), null);
    await world.engine.inspect();
    await idle();
    expect(world.rows).toEqual([]);
  });

  it.each(lost)("%s, failed(healing) + inspect → set, and seen in the answer", async (_, alarmAt) => {
    const world = new World(waits(), alarmAt);
    expect(await world.engine.inspect()).toMatchObject({ alarm_at: new Date(T0 + HOUR).toISOString() });
    expect(world.lines).toContainEqual(expect.objectContaining({ msg: "alarm_rearmed", level: "warn" }));
  });

  it.each(lost)("%s, failed(healing) + poke → set", async (_, alarmAt) => {
    const world = new World(waits(), alarmAt);
    await world.engine.poke();
    expect(world.alarmAt).toBe(T0 + HOUR);
  });

  it.each(lost)("%s, forwarding after a reset + inspect → set to the lease's end", async (_, alarmAt) => {
    const world = new World(forwarding(), alarmAt);
    await world.engine.inspect();
    expect(world.alarmAt).toBe(T0 + LEASE);
  });

  it("missing, failed(healing) and long due + inspect → set to a moment from now, and it retries", async () => {
    const world = new World(waits(), null);
    world.nowMs = T0 + DAY;
    await world.engine.inspect();
    expect(world.alarmAt).toBe(T0 + DAY + 1);
    void world.fireAlarm();
    expect(world.ledger).toHaveLength(1);
  });

  it("missing, forwarding after a reset + poke past the lease → a new attempt: a rescue", async () => {
    const world = new World(forwarding(), null);
    world.nowMs = T0 + HOUR;
    const rescued = world.engine.poke();
    world.asked.answer(ACCEPTED);
    expect(await rescued).toBe(true);
    expect(world.record).toMatchObject({ state: "forwarded", attempts: 2 });
    expect(world.alarmAt).toBe(T0 + HOUR + 30 * DAY);
  });

  // These two entry points answer before they look at the alarm.
  it.each([
    [
      "a conflicting delivery",
      (world: World) =>
        world.engine.deliver(
          delivery({ mapping: { ...MONEY, settlement: { ...MONEY.settlement, currency: "EUR" } } }),
        ),
    ],
    ["a resolve that is refused", (world: World) => world.engine.resolve("ana", "paid by hand")],
  ] as const)("missing, forwarding after a reset + %s → set", async (_, act) => {
    const world = new World(forwarding(), null);
    await act(world);
    expect(world.alarmAt).not.toBeNull();
  });
});

describe("an alarm that stands is left alone", () => {
  it.each([
    ["a minute late", T0 - 60_000],
    ["in the future", T0 + 1],
  ])("%s, failed(healing) + inspect → not set", async (_, alarmAt) => {
    const world = new World(healing({ next_retry_at: T0 + HOUR }), alarmAt);
    await world.engine.inspect();
    expect(world.diary).toEqual([]);
  });

  it("forwarded wants none that matters + inspect → nothing is written", async () => {
    const world = new World(forwarded(), null);
    await world.engine.inspect();
    expect(world.diary).toEqual([]);
  });

  describe.each([
    ["failed(for good)", failedForGood],
    ["failed(unmappable)", unmappable],
  ] as const)("%s, whose row was never published and whose alarm is lost, is in no list", (_, state) => {
    const touches = [
      ["inspect", (world: World) => world.engine.inspect()],
      ["redelivery", (world: World) => world.engine.deliver(delivery({ mapping: UNMAPPABLE }))],
      ["a retry of what can heal", (world: World) => world.engine.retry(operatorRetry({ scope: "healing" }))],
    ] as const;

    it.each(touches)("%s → it is published", async (_name, touch) => {
      for (const alarmAt of [null, T0 - 60_001]) {
        const world = new World(state(), alarmAt);
        await touch(world);
        await idle();
        expect(world.rows).toMatchObject([{ state: "failed" }]);
        expect(world.alarmAt).toBeNull();
      }
    });

    it("its alarm stands → it will publish, and nobody else does", async () => {
      const world = new World(state(), T0 + 1);
      await world.engine.inspect();
      expect(world.diary).toEqual([]);
    });

    it("and the index is away → an alarm that tries again", async () => {
      const world = new World(state(), null);
      world.faults.index = broken("index");
      await world.engine.inspect();
      await idle();
      expect(world.alarmAt).toBe(T0 + 60_000);
    });
  });

  it("forwarding, in flight + inspect → as it was", async () => {
    const world = new World();
    void world.engine.deliver(delivery());
    await world.engine.inspect();
    expect(world.diary).toHaveLength(3);
  });

  it("missing, but an attempt began during the look at it → the attempt's lease is the alarm, and nothing is said", async () => {
    const world = new World(healing({ next_retry_at: T0 }), null);
    world.nowMs = T0 + HOUR;
    const looked = world.engine.inspect();
    void world.engine.deliver(delivery());
    await looked;
    expect(world.alarmAt).toBe(T0 + HOUR + LEASE);
    expect(world.lines).toEqual([]);
  });

  it("missing, but the event was settled during the look at it → nothing is said", async () => {
    const world = new World(forwarding(), null);
    const looked = world.engine.inspect();
    world.record = forwarded();
    await looked;
    expect([world.alarmAt, world.lines]).toEqual([null, []]);
  });
});
