import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import {
  paymentIntentSucceeded,
  type StripeEventBody,
  stripeEvent,
} from "../../scripts/lib/stripe-events.ts";
import { shardOf } from "../../src/event-index/shard.ts";
import { accepted, refused, type ScriptedLedger, scriptLedger } from "../support/scripted-ledger.ts";
import { meterShard } from "../support/summaries.ts";
import { deliver, runAlarm, SHARDS, showEvent, stubOf } from "../support/worker.ts";

/** What an event costs in rows and pages. Both are product figures: they are most of the bill. */

const PAGE_BYTES = 4_096;

let ledger: ScriptedLedger;
beforeEach(() => {
  ledger = scriptLedger();
});
afterEach(() => vi.restoreAllMocks());

/**
 * Counts the object's billed writes: each put and each alarm set is a row. Alarms taken away are not counted here:
 * the one that an event needs taken away has rung already, and running an alarm by hand takes it away first.
 */
async function meter(eventId: string): Promise<{ rows: () => number }> {
  let rows = 0;
  await runInDurableObject(stubOf(eventId), (_, { storage }) => {
    for (const [target, name] of [
      [storage.kv, "put"],
      [storage.kv, "delete"],
      [storage, "setAlarm"],
    ] as const) {
      const real = (target as unknown as Record<string, (...args: unknown[]) => unknown>)[name];
      Object.defineProperty(target, name, {
        value: (...args: unknown[]) => {
          rows++;
          return real?.apply(target, args);
        },
      });
    }
  });
  return { rows: () => rows };
}

function databaseBytes(eventId: string): Promise<number> {
  return runInDurableObject(stubOf(eventId), (_, { storage }) => storage.sql.databaseSize);
}

/** As long as Stripe's ids get, with the fields that make a settlement largest. */
function typical(payment_method_types = ["us_bank_account"]): StripeEventBody {
  return paymentIntentSucceeded(
    {
      id: "pi_3SVxYz2eZvKYlo2C1a2b3c4d",
      account_id: "acct_01JDB3K7Q8W9ERTYUIOPASDFGH",
      amount: 123_456_789,
      currency: "usd",
      payment_method_types,
    },
    { id: `evt_3SVxYz2eZvKYlo2C${crypto.randomUUID().slice(0, 8)}` },
  );
}

it("a settled event: 5 rows, 4 of its own and 1 in the index, and 12,288 bytes at rest", async () => {
  const event = typical();
  const { rows } = await meter(event.id);
  const index = await meterShard(shardOf(event.id, SHARDS));
  expect((await deliver(event)).body.state).toBe("forwarded");
  expect([rows(), index.rows()]).toEqual([4, 1]);
  expect(await databaseBytes(event.id)).toBe(3 * PAGE_BYTES);
});

it("a card payment on a Connect endpoint: 12,288 bytes too", async () => {
  const event = { ...typical(["card"]), account: "acct_1PgafTB7WZ01zgkW" };
  ledger.answer(() => accepted("stl_01JDB3K7Q8W9ERTYUIOPASDFGH"));
  await deliver(event);
  expect(await databaseBytes(event.id)).toBe(3 * PAGE_BYTES);
});

it("a replay: 1 row, which counts it, and none in the index", async () => {
  const event = typical();
  await deliver(event);
  const { rows } = await meter(event.id);
  const index = await meterShard(shardOf(event.id, SHARDS));
  expect((await deliver(event)).body.deduped).toBe(true);
  expect([rows(), index.rows()]).toEqual([1, 0]);
});

it("an ignored event: 4 rows, 3 of its own and 1 in the index", async () => {
  const event = stripeEvent("customer.created", { id: "cus_1", object: "customer" });
  const { rows } = await meter(event.id);
  const index = await meterShard(shardOf(event.id, SHARDS));
  await deliver(event);
  expect([rows(), index.rows()]).toEqual([3, 1]);
  expect(await databaseBytes(event.id)).toBe(3 * PAGE_BYTES);
});

it("one failed attempt more costs 6 rows more: 4 of its own, and 2 in the index, which lists it as open", async () => {
  ledger.answer(() => refused(503));
  const event = typical();
  const { rows } = await meter(event.id);
  const index = await meterShard(shardOf(event.id, SHARDS));
  await deliver(event);
  expect([rows(), index.rows()]).toEqual([4, 2]);
  ledger.answer(() => accepted());
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 20_000 });
  await runAlarm(event.id);
  vi.useRealTimers();
  expect((await showEvent(event.id)).body).toMatchObject({ state: "forwarded", attempts: 2 });
  expect([rows(), index.rows()]).toEqual([8, 3]);
});

it("reading an event that does not exist: no row, and no alarm", async () => {
  const { rows } = await meter("evt_nobody");
  const answer = await showEvent("evt_nobody");
  expect(answer.status).toBe(404);
  expect(answer.body.code).toBe("EVENT_NOT_FOUND");
  expect(rows()).toBe(0);
});
