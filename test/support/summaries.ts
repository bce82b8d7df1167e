/** Rows of the index, built at once: lists, sums and sweeps need many, and no ledger. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { NOTES_SHARD } from "../../src/event-index/call-shards.ts";
import { shardName, shardOf } from "../../src/event-index/shard.ts";
import { upsert } from "../../src/event-index/events-table.ts";
import type { EventSummary } from "../../src/event-index/event-summary.ts";
import { SHARDS, shardStub, withOverrides } from "./worker.ts";

/** When the first of them came. */
export const T0 = 1_790_000_000_000;

export function summary(fields: Partial<EventSummary> = {}): EventSummary {
  return {
    event_id: "evt_1",
    revision: 1,
    event_type: "payment_intent.succeeded",
    state: "forwarded",
    reason: null,
    error_code: null,
    account_id: "acc_1",
    payment_id: "pi_1",
    source_payment_id: "pi_1",
    amount_minor: "1234",
    currency: "USD",
    attempts: 1,
    received_at: T0,
    updated_at: T0,
    next_retry_at: null,
    ...fields,
  };
}

export const FAILED = {
  state: "failed",
  reason: "ledger_unavailable",
  error_code: "LEDGER_INGEST_FAILED",
} as const;

/** Puts rows where their events would publish them. */
export async function fill(rows: readonly EventSummary[]): Promise<void> {
  const byShard = Map.groupBy(rows, (row) => shardOf(row.event_id, SHARDS));
  await Promise.all(
    [...byShard].map(([shard, its]) =>
      runInDurableObject(shardStub(shard), (_, { storage }) =>
        storage.transactionSync(() => its.forEach((row) => upsert(storage, row, Date.now()))),
      ),
    ),
  );
}

/** All rows of all shards. */
export async function allRows(): Promise<Record<string, SqlStorageValue>[]> {
  const shards = Array.from({ length: SHARDS }, (_, shard) =>
    runInDurableObject(shardStub(shard), (_object, { storage }) =>
      storage.sql.exec("SELECT * FROM events").toArray(),
    ),
  );
  return (await Promise.all(shards)).flat();
}

/**
 * An empty index, since the tests of a file share their storage, and a clock that stands still in a far year:
 * the runtime's own is real, and would ring the alarms of the tests before into this one. Undone by
 * `vi.useRealTimers()`.
 */
export async function emptyIndex(): Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2031, 0, 1) });
  for (const shard of [...Array(SHARDS).keys(), NOTES_SHARD] as const) {
    await runInDurableObject(shardStub(shard), (_, { storage }) => {
      storage.sql.exec("DELETE FROM events");
      storage.sql.exec("DELETE FROM told");
      storage.sql.exec("DELETE FROM told_open");
      storage.sql.exec("DELETE FROM unlisted_accounts");
      storage.sql.exec("DELETE FROM refused_deliveries");
      for (const [key] of storage.kv.list()) if (key !== "schema") storage.kv.delete(key);
      // As if the shard had published before: what it costs once is not what a row costs.
      storage.kv.put("no_older_generation", true);
    });
  }
}

/** Runs the alarm of each shard until it has nothing more to do, as configured or otherwise. */
export async function runUpkeep(overrides: Record<string, unknown> = {}): Promise<void> {
  for (const shard of [...Array(SHARDS).keys(), NOTES_SHARD] as const) {
    const stub = shardStub(shard);
    await runInDurableObject(stub, (object, { storage }) => {
      Object.defineProperty(object, "env", { configurable: true, value: withOverrides(overrides) });
      return storage.setAlarm(Date.now());
    });
    const isSoon = () =>
      runInDurableObject(
        stub,
        async (_, { storage }) => ((await storage.getAlarm()) ?? 0) < Date.now() + 1_000,
      );
    while (await isSoon()) await runDurableObjectAlarm(stub);
  }
}

/** Counts the rows that a shard reads and writes, as they are billed: each statement's cursor says. */
export async function meterShard(
  shard: number | typeof NOTES_SHARD,
): Promise<{ readonly rows: () => number; readonly read: () => number }> {
  const cursors: { rowsRead: number; rowsWritten: number }[] = [];
  let others = 0;
  await runInDurableObject(shardStub(shard), (_, { storage }) => {
    const replace = (target: object, name: string, note: (result: unknown) => void) => {
      const real = (target as Record<string, (...args: unknown[]) => unknown>)[name]?.bind(target);
      const value = (...args: unknown[]) => {
        const result = real?.(...args);
        note(result);
        return result;
      };
      Object.defineProperty(target, name, { configurable: true, value });
    };
    replace(storage.sql, "exec", (cursor) => cursors.push(cursor as (typeof cursors)[number]));
    for (const name of ["put", "delete"]) replace(storage.kv, name, () => others++);
    replace(storage, "setAlarm", () => others++);
  });
  const sum = (of: "rowsRead" | "rowsWritten") => cursors.reduce((total, cursor) => total + cursor[of], 0);
  return { rows: () => sum("rowsWritten") + others, read: () => sum("rowsRead") };
}

/** The index as the Worker finds it when one shard is out of reach. */
export function withoutShard(shard: number | typeof NOTES_SHARD): { readonly EVENT_INDEX: unknown } {
  const broken = new Proxy({}, { get: () => () => Promise.reject(new Error("out of reach")) });
  const getByName = (name: string): unknown =>
    name === (typeof shard === "number" ? shardName(shard, SHARDS) : shard)
      ? broken
      : env.EVENT_INDEX.getByName(name);
  return { EVENT_INDEX: { getByName } };
}
