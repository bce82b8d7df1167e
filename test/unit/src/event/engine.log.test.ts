/** What the engine says of its steps: operators count and follow these lines, so each is pinned whole. */
import { describe, expect, it } from "vitest";
import { broken, idle, World } from "../../../support/fake-ports.ts";
import {
  ACCEPTED,
  BUSY,
  DAY,
  delivery,
  EVENT_ID,
  forwarded,
  forwarding,
  healing,
  HOUR,
  LEASE,
  ASKING,
  REJECTED,
  SECOND,
  T0,
  UNAVAILABLE,
  UNKNOWN,
} from "../../../support/records.ts";

const ATTEMPT = {
  msg: "attempt",
  event_id: EVENT_ID,
  event_type: "payment_intent.succeeded",
  attempt: 1,
  trigger: "delivery",
  duration_ms: 120,
};

async function attemptLine(
  outcome: Parameters<World["asked"]["answer"]>[0],
  given: Parameters<typeof delivery>[0] = {},
) {
  const world = new World();
  const reply = world.engine.deliver(delivery(given));
  world.nowMs += 120;
  world.asked.answer(outcome);
  await reply;
  return world.lines;
}

describe("a busy lane", () => {
  it("→ a line of its own: no attempt was made", async () => {
    expect(await attemptLine(BUSY, { request_id: "request-7" })).toEqual([
      {
        level: "warn",
        msg: "lane_busy",
        event_id: EVENT_ID,
        times: 1,
        next_retry_at: T0 + 120 + BUSY.retry_after_ms,
        duration_ms: 120,
        request_id: "request-7",
      },
    ]);
  });
});

describe("attempt", () => {
  it("accepted → info, with the delivery's request_id", async () => {
    expect(await attemptLine(ACCEPTED, { request_id: "request-7" })).toEqual([
      {
        level: "info",
        ...ATTEMPT,
        state: "forwarded",
        outcome: "accepted",
        ledger_status: 201,
        next_retry_at: null,
        request_id: "request-7",
      },
    ]);
  });

  it.each([
    ["refused for now", UNAVAILABLE, { outcome: "unavailable", ledger_status: 503 }, T0 + 120 + 11_250],
    ["unanswered", UNKNOWN, { outcome: "unknown", ledger_status: null }, T0 + 120 + 11_250],
    ["refused for good", REJECTED, { outcome: "rejected", ledger_status: 400 }, null],
  ] as const)("%s → a warning, with the time of the retry if there is one", async (_, answer, said, next) => {
    expect(await attemptLine(answer)).toMatchObject([
      { level: "warn", ...ATTEMPT, ...said, state: "failed", next_retry_at: next },
    ]);
  });

  it("a look-up that fails → one line too, for the attempt that it is", async () => {
    expect(await attemptLine(UNAVAILABLE, { mapping: ASKING })).toMatchObject([
      { level: "warn", ...ATTEMPT, state: "failed", outcome: "unavailable", ledger_status: 503 },
    ]);
  });

  it("by the alarm → after the alarm's line, and without a request_id: nobody asked", async () => {
    const world = new World(healing({ next_retry_at: T0 + 15 * SECOND }), T0 + 15 * SECOND);
    const alarm = world.fireAlarm();
    world.asked.answer(ACCEPTED);
    await alarm;
    expect(world.lines).toMatchObject([
      { level: "info", msg: "alarm" },
      { level: "info", msg: "attempt", attempt: 2, trigger: "alarm", duration_ms: 0, request_id: null },
    ]);
  });
});

describe("alarm", () => {
  it.each([
    [
      "a retry that is due",
      healing({ next_retry_at: T0 }),
      { state: "forwarding", effects: "set_alarm attempt" },
    ],
    ["a row to publish", healing({ next_retry_at: T0 + HOUR }), { state: "failed", effects: "publish" }],
    ["a lease that is not over", forwarding(), { state: "forwarding", effects: "set_alarm" }],
  ])("%s → the event, its state and what follows", async (_, record, said) => {
    const world = new World(record, T0);
    void world.fireAlarm();
    await idle();
    expect(world.lines[0]).toEqual({ level: "info", msg: "alarm", event_id: EVENT_ID, ...said });
  });

  it("an event that is gone → nulls", async () => {
    const world = new World(null, T0);
    await world.fireAlarm();
    expect(world.lines).toEqual([{ level: "info", msg: "alarm", event_id: null, state: null, effects: "" }]);
  });

  it("the purge → said before the event is gone", async () => {
    const world = new World(forwarded(), T0 + 30 * DAY);
    await world.fireAlarm();
    expect(world.lines).toMatchObject([{ msg: "alarm", state: "forwarded", effects: "purge" }]);
  });

  it("something breaks → alarm_failed, with the error's name and nothing of what it said; again in 60 s", async () => {
    const world = new World(healing({ next_retry_at: T0 }), T0);
    world.faults.save = broken("disk");
    await world.fireAlarm();
    expect(world.lines).toEqual([{ level: "error", msg: "alarm_failed", error: "disk" }]);
    expect(world.alarmAt).toBe(T0 + 60 * SECOND);
  });
});

describe("publish_failed", () => {
  const line = (error: string) => ({ level: "error", msg: "publish_failed", event_id: EVENT_ID, error });

  it("the index breaks → its error's name", async () => {
    const world = new World(forwarded(), T0);
    world.faults.index = broken("shard");
    await world.fireAlarm();
    expect(world.lines).toContainEqual(line("shard"));
  });

  it("the store breaks once the row is out → the lease's alarm stays, and publishes again", async () => {
    const world = new World();
    const release = world.hangIndex();
    await world.deliverAnd(ACCEPTED);
    world.faults.load = broken("disk");
    release();
    await idle();
    expect(world.lines).toContainEqual(line("disk"));
    expect(world.alarmAt).toBe(T0 + LEASE);

    delete world.faults.load;
    await world.fireAlarm();
    expect(world.rows).toHaveLength(2);
    expect(world.alarmAt).toBe(T0 + 30 * DAY);
  });
});

describe("alarm_rearmed", () => {
  it("→ a warning, with the event and its state", async () => {
    const world = new World(healing({ next_retry_at: T0 + HOUR }), null);
    await world.engine.inspect();
    expect(world.lines).toEqual([
      { level: "warn", msg: "alarm_rearmed", event_id: EVENT_ID, state: "failed" },
    ]);
  });
});
