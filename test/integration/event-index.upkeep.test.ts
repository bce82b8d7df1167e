import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NOTES_SHARD } from "../../src/event-index/call-shards.ts";
import { shardOf } from "../../src/event-index/shard.ts";
import type { EventSummary } from "../../src/event-index/event-summary.ts";
import { allRows, emptyIndex, FAILED, fill, runUpkeep, summary } from "../support/summaries.ts";
import { runCron, shardStub } from "../support/worker.ts";

/** What a shard does by its own alarm, and what sees to it that there is one. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

beforeEach(emptyIndex);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("the purge of a shard, by its own alarm", () => {
  const old = () => Date.now() - 30 * DAY;

  it.each<[string, Partial<EventSummary>, boolean]>([
    ["forwarded, past its retention → purged", {}, true],
    ["ignored, past its retention → purged", { state: "ignored" }, true],
    ["resolved, past its retention → purged", { state: "resolved" }, true],
    ["failed, past its retention → kept: nobody has dealt with it", FAILED, false],
    ["resolved a moment ago, received long ago → kept", { state: "resolved", updated_at: Infinity }, false],
  ])("%s", async (_, fields, purged) => {
    const updated_at = fields.updated_at === undefined ? old() : old() + 1;
    await fill([summary({ ...fields, received_at: old() - DAY, updated_at })]);
    await runUpkeep();
    expect(await allRows()).toHaveLength(purged ? 0 : 1);
  });

  it.each([
    ["forwarded", 0],
    ["ignored", 1],
    ["resolved", 1],
  ] as const)("%s, past a retention of 7 days, while Stripe can resend it → %i kept", async (state, kept) => {
    const received_at = Date.now() - 30 * DAY;
    await fill([summary({ state, received_at, updated_at: received_at })]);
    await runUpkeep({ EVENT_RETENTION_DAYS: "7" });
    expect(await allRows()).toHaveLength(kept);
  });

  it("more than one batch, with unresolved failures among them → all go but those", async () => {
    const rows = Array.from({ length: 2_500 }, (_, i) =>
      summary({
        event_id: `evt_old${i}`,
        received_at: old() - DAY + i,
        updated_at: old(),
        ...(i % 100 === 0 ? FAILED : {}),
      }),
    ).filter((row, i) => i % 100 === 0 || shardOf(row.event_id, 2) === 0);
    await fill(rows);
    await fill([summary({ event_id: "evt_young", received_at: Date.now(), updated_at: Date.now() })]);
    await runUpkeep();
    const kept = (await allRows()).map((row) => row["state"]);
    expect(kept.toSorted()).toEqual([...Array(25).fill("failed"), "forwarded"]);
  });
});

describe.each([0, NOTES_SHARD] as const)("the alarm of shard %s", (shard) => {
  const alarm = () => runInDurableObject(shardStub(shard), (_, { storage }) => storage.getAlarm());
  const setAlarm = (at: number | null) =>
    runInDurableObject(shardStub(shard), (_, { storage }) =>
      at === null ? storage.deleteAlarm() : storage.setAlarm(at),
    );

  it.each<[string, number | null]>([
    ["none", null],
    ["overdue by more than ten minutes", -11 * MINUTE],
  ])("%s → set by the next sweep", async (_, ahead) => {
    await setAlarm(ahead === null ? null : Date.now() + ahead);
    await runCron();
    expect(await alarm()).toBe(Date.now() + 50);
  });

  it.each([-9 * MINUTE, HOUR])("%i ms ahead → left alone", async (ahead) => {
    const at = Date.now() + ahead;
    await runCron();
    await setAlarm(at);
    await runCron();
    expect(await alarm()).toBe(at);
  });

  it.each<[string, PropertyDescriptor, string]>([
    ["has run", { value: env }, ""],
    ["has found no configuration", { value: {} }, ""],
    [
      "has failed",
      {
        get: () => {
          throw new RangeError("planted");
        },
      },
      "index_upkeep_failed",
    ],
  ])("%s → comes again in an hour", async (_, descriptor, line) => {
    await setAlarm(Date.now());
    const logged = vi.spyOn(console, "error");
    await runInDurableObject(shardStub(shard), (object) =>
      Object.defineProperty(object, "env", { configurable: true, ...descriptor }),
    );
    expect(await runDurableObjectAlarm(shardStub(shard))).toBe(true);
    expect(await alarm()).toBe(Date.now() + HOUR);
    expect(logged.mock.calls.flat().join("\n")).toContain(line);
    expect(logged).toHaveBeenCalledTimes(line === "" ? 0 : 1);
  });
});
