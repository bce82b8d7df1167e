import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { upsert } from "../../src/event-index/events-table.ts";
import { findOpen, listEvents, readStats, sumOpen } from "../../src/event-index/queries.ts";
import { emptyIndex, FAILED, runUpkeep, summary, T0 } from "../support/summaries.ts";
import { runCron, SHARDS, shardStub } from "../support/worker.ts";

/** How SQLite runs each statement of a shard: nothing reads the whole table but what is named here. */

beforeEach(emptyIndex);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const PLACE = { env, shards: SHARDS };
const POSITION = { received_at: T0, event_id: "evt_1" };

interface Statement {
  readonly text: string;
  readonly params: readonly SqlStorageValue[];
}

/** The statements that shard 0 runs meanwhile. */
async function statementsOf(act: () => Promise<unknown>): Promise<Statement[]> {
  const seen = new Map<string, Statement>();
  await runInDurableObject(shardStub(0), (_, { storage: { sql } }) => {
    const real = sql.exec.bind(sql);
    const value = (text: string, ...params: SqlStorageValue[]) => {
      seen.set(text, { text, params });
      return real(text, ...params);
    };
    Object.defineProperty(sql, "exec", { configurable: true, value });
  });
  await act();
  return [...seen.values()];
}

/** Also of a row that is counted already. */
async function publishAndUpkeep(): Promise<void> {
  await runInDurableObject(shardStub(0), (_, { storage }) => {
    for (let i = 0; i < 600; i++) upsert(storage, summary({ event_id: `evt_${i}`, received_at: i }), T0);
  });
  await runUpkeep();
  await shardStub(0).publish(summary({ event_id: "evt_0", received_at: 0, revision: 2 }));
}

/** All that is ever asked of a shard. */
async function everything(): Promise<void> {
  const { received_at, event_id } = POSITION;
  const filters = [
    {},
    { state: "failed" },
    { state: "forwarded" },
    { type: "charge.refunded" },
    { account_id: "acc_1" },
    { payment_id: "pi_1" },
    { received_from: T0, received_to: T0 + 1 },
  ] as const;
  for (const filter of filters) {
    await listEvents(PLACE, filter, null, 10);
    await listEvents(PLACE, filter, POSITION, 10);
    await findOpen(PLACE, filter, T0, 10);
    await sumOpen(PLACE, filter);
  }
  await findOpen(PLACE, { source_payment_ids: ["pi_1"] }, null, 10);
  await publishAndUpkeep();
  await shardStub(0).publish(summary({ ...FAILED, ...POSITION }));
  await shardStub(0).takeOverdue(Date.now(), Date.now(), 10);
  await shardStub(0).markReported([{ received_at, event_id, revision: 1 }]);
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response("ok"));
  await runCron({ ALERT_WEBHOOK_URL: "https://chat.test" });
  await shardStub(0).markLongOpenReported(T0);
}

/**
 * The steps of a plan that read the events. A search reads a part of the
 * table or of an index, a scan all of it.
 */
function planOf({ text, params }: Statement): Promise<string[]> {
  return runInDurableObject(shardStub(0), (_, { storage: { sql } }) =>
    sql
      .exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`, ...params)
      .toArray()
      .map(({ detail }) => detail)
      .filter((detail) => /\bevents\b/.test(detail)),
  );
}

/** Which statements may read all of the events, or of an index of theirs, and why that is not much. */
const SCANS: readonly (readonly [step: string, statement: RegExp, why: string])[] = [
  [
    "SCAN events",
    /ORDER BY received_at DESC, event_id DESC LIMIT \?$/,
    "a page of a list ends when it is full. A filter that little matches reads on: docs/scale.md says how far",
  ],
  [
    "SCAN events USING INDEX open_by_time",
    /state IN \('received', 'forwarding', 'failed'\)/,
    "open events alone: what operators retry, what a sweep looks for, what an alert is about",
  ],
];

it("no statement scans the events but those that are named", async () => {
  const scans: string[] = [];
  for (const statement of await statementsOf(everything)) {
    for (const step of (await planOf(statement)).filter((detail) => detail.startsWith("SCAN"))) {
      const named = SCANS.find(([scan, text]) => step === scan && text.test(statement.text));
      expect(named, `${step}: ${statement.text}`).toBeDefined();
      scans.push(step);
    }
  }
  expect(new Set(scans)).toEqual(new Set(SCANS.map(([step]) => step)));
});

it.each<[string, () => Promise<unknown>]>([
  ["the statistics", () => readStats(PLACE, Date.now())],
  ["publishing, counting and purging", publishAndUpkeep],
])("%s: no scan at all", async (_, act) => {
  const plans = await Promise.all((await statementsOf(act)).map(planOf));
  expect(plans.flat().length).toBeGreaterThan(0);
  expect(plans.flat().filter((step) => step.startsWith("SCAN"))).toEqual([]);
});
