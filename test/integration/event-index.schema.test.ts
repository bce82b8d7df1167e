import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import tables from "../corpus/index-tables/v1.sql?raw";
import { prepareTables, SCHEMA_VERSION } from "../../src/event-index/schema.ts";
import { stateSchema } from "../../src/event-index/event-summary.ts";
import {
  allRows,
  emptyIndex,
  FAILED,
  fill,
  meterShard,
  runUpkeep,
  summary,
  T0,
} from "../support/summaries.ts";
import { crash, operator, shardStub } from "../support/worker.ts";

/** The tables of a shard: those of every version are read, and none of a later one is touched. */

beforeEach(emptyIndex);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const inShard = (act: (storage: DurableObjectStorage) => unknown) =>
  runInDurableObject(shardStub(0), (_, { storage }) => act(storage));
/** The rows are years old. */
const KEEP = { EVENT_RETENTION_DAYS: "3650" };
const TABLES = ["events", "told", "told_open", "unlisted_accounts", "refused_deliveries"];

/** The shard as that version left it, started anew. */
async function restore(sqlText: string): Promise<void> {
  await inShard(({ sql, kv }) => {
    for (const table of TABLES) sql.exec(`DROP TABLE ${table}`);
    for (const [key] of kv.list()) kv.delete(key);
    sql.exec(sqlText);
  });
  await crash(shardStub(0));
}

it("tables that are there are made again for nothing", async () => {
  const { rows } = await meterShard(0);
  expect(await inShard(prepareTables)).toBe(true);
  expect(rows()).toBe(0);
});

describe("the tables of 1.0.0", () => {
  beforeEach(() => restore(tables));

  it("a row of each state is listed and counted; what was reported stays so", async () => {
    const { events } = (await operator("GET", "/v1/admin/events")).body;
    expect(events.map(({ state }: { state: string }) => state)).toEqual([
      "ignored",
      "resolved",
      "forwarded",
      "failed",
      "failed",
      "forwarding",
      "received",
    ]);
    const stats = (await operator("GET", "/v1/admin/stats")).body;
    expect(stats.states).toEqual({
      ...Object.fromEntries(stateSchema.options.map((state) => [state, 1])),
      failed: 2,
    });
    expect(stats.open).toMatchObject([
      { currency: "EUR", amount_minor: "500" },
      { currency: "USD", amount_minor: "300" },
      { currency: null, count: 1 },
    ]);
    await runUpkeep(KEEP);
    expect((await operator("GET", "/v1/admin/stats")).body).toEqual(stats);
    const { value } = (await shardStub(0).alertFacts(T0 + 10, 9)) as { value: unknown };
    expect(value).toMatchObject({ failures: [], longOpen: { unreported: 3 } });
    expect(await inShard(({ kv }) => kv.get("schema"))).toBe(SCHEMA_VERSION);
  });

  it("new rows know their payments; old ones have none until their events publish again", async () => {
    await shardStub(0).publish(summary({ ...FAILED, event_id: "evt_new", source_payment_id: "pi_2" }));
    const open = await shardStub(0).open({ source_payment_ids: ["pi_2"] }, null, 9);
    expect(open).toMatchObject({ ok: true, value: [{ event_id: "evt_new" }] });
    expect((await allRows()).find((row) => row["event_id"] === "evt_failed")).toMatchObject({
      source_payment_id: null,
      poked_at: 7,
    });
  });
});

it("rolled back to a version without counters, and forward again → the statistics are what is stored", async () => {
  await fill(Array.from({ length: 20 }, (_, i) => summary({ event_id: `evt_${i}`, received_at: T0 + i })));
  await runUpkeep(KEEP);
  await inShard(({ sql }) => {
    // As 1.0.0 starts, and purges.
    sql.exec(
      "CREATE INDEX IF NOT EXISTS open_events ON events (received_at) WHERE state IN ('received', 'forwarding', 'failed')",
    );
    sql.exec("DELETE FROM events");
  });
  const states = async () => {
    const stats = await shardStub(0).stats(0);
    return stats.ok ? stats.value.states : null;
  };
  expect(await states()).not.toEqual([]);
  await crash(shardStub(0));
  expect(await states()).toEqual([]);
});

it("tables of a later version → 503, nothing published, and nothing changed", async () => {
  await inShard(({ kv }) => kv.put("schema", SCHEMA_VERSION + 1));
  await crash(shardStub(0));
  const logged = vi.spyOn(console, "error");
  expect(await shardStub(0).publish(summary())).toEqual({ ok: false, failure: "object_failed" });
  expect(logged.mock.calls.flat().join("\n")).toContain("LaterVersion");
  const answer = await operator("GET", "/v1/admin/events");
  expect([answer.status, answer.body.code]).toEqual([503, "EVENT_OBJECT_UNAVAILABLE"]);
  await runUpkeep();
  expect(await allRows()).toEqual([]);
  await inShard(({ kv }) => kv.put("schema", SCHEMA_VERSION));
  await crash(shardStub(0));
  expect((await shardStub(0).publish(summary())).ok).toBe(true);
});

it("rows that nobody can read → logged, left out of the list, and the others are listed and counted", async () => {
  await fill([1, 2, 3].map((i) => summary({ event_id: `evt_${i}`, ...FAILED, received_at: T0 + i })));
  await inShard(({ sql }) => {
    const insert = (received_at: number, state: string, amount: string) =>
      sql.exec(
        `INSERT INTO events (received_at, event_id, revision, event_type, state, amount_minor, currency, attempts, updated_at)
        VALUES (?, ?, 1, 't', ?, ?, 'USD', 0, 0)`,
        received_at,
        `evt_${state}_${amount}`,
        state,
        amount,
      );
    insert(T0 + 2, "of_a_later_version", "1");
    insert(9e15, "forwarded", "1");
    insert(T0, "failed", "12x");
  });
  const logged = vi.spyOn(console, "error");
  const { events, next_cursor } = (await operator("GET", "/v1/admin/events?limit=4")).body;
  expect(events.map(({ event_id }: { event_id: string }) => event_id)).toEqual(["evt_3", "evt_2"]);
  expect(
    logged.mock.calls
      .flat()
      .join("\n")
      .match(/index_row_unreadable/g),
  ).toHaveLength(2);
  const rest = (await operator("GET", `/v1/admin/events?cursor=${next_cursor}`)).body.events;
  expect(rest.map(({ event_id }: { event_id: string }) => event_id)).toEqual(["evt_1", "evt_failed_12x"]);
  const sums = [
    { currency: "USD", count: 3, amount_minor: "3702" },
    { currency: null, count: 1, amount_minor: null },
  ];
  expect((await operator("GET", "/v1/admin/stats")).body.open).toEqual(sums);
  await runUpkeep(KEEP);
  await inShard(({ sql }) => sql.exec("DELETE FROM events WHERE received_at = 9e15"));
  expect((await operator("GET", "/v1/admin/stats")).body.open).toEqual(sums);
});
