import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import { shardOf } from "../../src/event-index/shard.ts";
import type { EventSummary } from "../../src/event-index/event-summary.ts";
import { accepted, refused, type ScriptedLedger, scriptLedger } from "../support/scripted-ledger.ts";
import { emptyIndex, FAILED, fill, summary, withoutShard } from "../support/summaries.ts";
import {
  alarmAt,
  crash,
  deliver,
  indexRow,
  operator,
  runCron,
  SHARDS,
  shardStub,
  showEvent,
  storedRecord,
  stubOf,
} from "../support/worker.ts";

/**
 * The cron's sweep: it finds from outside what has lost its alarm, and forgets what is past its retention.
 */

const MINUTE = 60_000;
const DAY = 86_400_000;
/** As in src/cron/sweep.ts: 2,000 over 8 shards. */
const POKES_PER_SHARD = 250;

let ledger: ScriptedLedger;
beforeEach(async () => {
  await emptyIndex();
  ledger = scriptLedger(() => refused(503));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const rescues = async (): Promise<number> => (await operator("GET", "/v1/admin/stats")).body.rescues;

function deleteAlarm(eventId: string): Promise<void> {
  return runInDurableObject(stubOf(eventId), (_, state) => state.storage.deleteAlarm());
}

/** An event that waits for a retry and has lost its alarm. Returns when the retry is due. */
async function strand(envelope: { id?: string } = {}): Promise<{ id: string; due: number }> {
  const event = paymentIntentSucceeded({ account_id: "acct_1", amount: 1234 }, envelope);
  const answer = await deliver(event);
  await deleteAlarm(event.id);
  return { id: event.id, due: Date.parse(answer.body.details.next_retry_at) };
}

describe("an event that lost its alarm", () => {
  it("failed(healing) + alarm deleted by hand + one sweep → forwarded, and counted once", async () => {
    const { id, due } = await strand();
    ledger.answer(() => accepted());
    vi.setSystemTime(due + MINUTE + 1);
    await runCron();
    const state = (await operator("GET", `/v1/admin/events/${id}`)).body;
    expect(state).toMatchObject({ state: "forwarded", attempts: 2 });
    expect(state.attempt_log.at(-1)).toMatchObject({ trigger: "watchdog", outcome: "accepted" });
    expect(await indexRow(id)).toMatchObject({ state: "forwarded", attempts: 2 });
    expect(await rescues()).toBe(1);

    await runCron();
    expect(await rescues()).toBe(1);
    expect(ledger.requests).toHaveLength(2);
  });

  it("the ledger is still down → it has its alarm again, and the next sweep finds nothing", async () => {
    const { id, due } = await strand();
    vi.setSystemTime(due + MINUTE + 1);
    await runCron();
    expect(await alarmAt(id)).toBe(((await storedRecord(id)) as { next_retry_at?: number }).next_retry_at);
    await runCron();
    expect(ledger.requests).toHaveLength(2);
  });

  it("not overdue by a minute yet → left alone: alarms may be a little late", async () => {
    const { due } = await strand();
    vi.setSystemTime(due + MINUTE - 1);
    await runCron();
    expect(ledger.requests).toHaveLength(1);
    expect(await rescues()).toBe(0);
  });

  it("cut off during a retry + alarm deleted by hand → the next attempt, same key and bytes", async () => {
    const { id, due } = await strand();
    ledger.answer(() => new Promise<Response>(() => undefined));
    vi.setSystemTime(due);
    const retried = operator("POST", `/v1/admin/events/${id}/retry`).catch(() => null);
    await vi.waitFor(async () => expect((await storedRecord(id))?.state).toBe("forwarding"));
    // The retry's own second try must not be what heals it.
    vi.spyOn(Math, "random").mockReturnValue(1);
    await crash(id);
    await deleteAlarm(id);
    ledger.answer(() => accepted());
    vi.setSystemTime(due + 10 * MINUTE);
    await runCron();
    expect((await showEvent(id)).body.state).toBe("forwarded");
    expect(new Set(ledger.requests.map((request) => JSON.stringify(request))).size).toBe(1);
    await retried;
  });

  it("forwarded, but its row was never published → the row tells the truth after one sweep", async () => {
    ledger.answer(() => accepted());
    const event = paymentIntentSucceeded({ account_id: "acct_1" });
    await deliver(event);
    const row = (await indexRow(event.id)) as unknown as EventSummary;
    await runInDurableObject(shardStub(shardOf(event.id, SHARDS)), (_, { storage }) =>
      storage.sql.exec("DELETE FROM events WHERE event_id = ?", event.id),
    );
    await fill([{ ...row, ...FAILED, revision: row.revision - 1, next_retry_at: Date.now() - 2 * MINUTE }]);
    await runCron();
    expect(await indexRow(event.id)).toMatchObject({ state: "forwarded", revision: row.revision });
    expect(await rescues()).toBe(0);
    expect(ledger.requests).toHaveLength(1);
  });

  it("permanently failed → not poked: only an operator moves it", async () => {
    ledger.answer(() => refused(400, "INVALID_REQUEST"));
    await deliver(paymentIntentSucceeded({ account_id: "acct_1" }));
    vi.setSystemTime(Date.now() + 40 * DAY);
    await runCron();
    expect(ledger.requests).toHaveLength(1);
  });
});

describe("what fails does not stop the sweep", () => {
  it("rows that no poke moves, more than one sweep takes → those behind them get their turn", async () => {
    const { id, due } = await strand();
    const shard = shardOf(id, SHARDS);
    const ghosts: EventSummary[] = [];
    for (let i = 0; ghosts.length < POKES_PER_SHARD + 10; i++) {
      const event_id = `evt_ghost${i}`;
      if (shardOf(event_id, SHARDS) !== shard) continue;
      ghosts.push(summary({ event_id, ...FAILED, next_retry_at: due - 1_000 + ghosts.length }));
    }
    await fill(ghosts);
    ledger.answer(() => accepted());
    vi.setSystemTime(due + MINUTE + 1);
    await runCron();
    expect((await storedRecord(id))?.state).toBe("failed");
    await runCron();
    expect((await storedRecord(id))?.state).toBe("forwarded");
    expect(await rescues()).toBe(1);
    // And again: they stay at the end of the queue.
    ledger.answer(() => refused(503));
    const next = await strand({ id: anotherOf(shard) });
    ledger.answer(() => accepted());
    vi.setSystemTime(next.due + MINUTE + 1);
    await runCron();
    expect((await storedRecord(next.id))?.state).toBe("forwarded");
  });

  it("an object that cannot be moved → logged, and the others are", async () => {
    const broken = await strand();
    const sound = await strand();
    await runInDurableObject(stubOf(broken.id), (_, { storage }) => storage.kv.put("event", { v: 2 }));
    await crash(broken.id);
    ledger.answer(() => accepted());
    const logged = vi.spyOn(console, "error");
    vi.setSystemTime(Math.max(broken.due, sound.due) + MINUTE + 1);
    await runCron();
    expect((await storedRecord(sound.id))?.state).toBe("forwarded");
    expect(logged.mock.calls.flat().join("\n")).toContain(`"msg":"poke_failed","event_id":"${broken.id}"`);
    expect(await rescues()).toBe(1);
  });

  it("a shard out of reach → the others are swept", async () => {
    const { id, due } = await strand();
    ledger.answer(() => accepted());
    vi.setSystemTime(due + MINUTE + 1);
    await runCron(withoutShard((shardOf(id, SHARDS) + 1) % SHARDS));
    expect((await storedRecord(id))?.state).toBe("forwarded");
  });

  it("a rescue that is counted again, because the answer was lost → counted once", async () => {
    await shardStub(2).addRescues("sweep-1", 3);
    await shardStub(2).addRescues("sweep-1", 3);
    await shardStub(2).addRescues("sweep-2", 1);
    expect(await rescues()).toBe(4);
  });

  it("an operator key that could be guessed → a warning that names it, and the sweep goes on", async () => {
    const logged = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const key = "a-short-key";
    await runCron({ SETTLE_ADMIN_KEY: key, SETTLE_READ_KEY: "r".repeat(22) });
    const lines = logged.mock.calls.flat().join("\n");
    expect(lines).toContain('"msg":"weak_keys","names":"SETTLE_ADMIN_KEY"');
    expect(lines).not.toContain(key);
    await runCron({ SETTLE_ADMIN_KEY: "a".repeat(22), SETTLE_READ_KEY: "r".repeat(22) });
    expect(
      logged.mock.calls
        .flat()
        .join("\n")
        .match(/weak_keys/g),
    ).toHaveLength(1);
  });

  it("not configured → says so, and sweeps nothing", async () => {
    const { due } = await strand();
    const logged = vi.spyOn(console, "error");
    vi.setSystemTime(due + MINUTE + 1);
    await runCron({ LEDGER_ADMIN_KEY: undefined });
    expect(logged.mock.calls.flat().join("\n")).toContain(
      '"msg":"unconfigured","missing":"LEDGER_ADMIN_KEY"',
    );
    expect(ledger.requests).toHaveLength(1);
  });
});

/** An id in the same shard. */
function anotherOf(shard: number): string {
  for (let i = 0; ; i++) if (shardOf(`evt_another${i}`, SHARDS) === shard) return `evt_another${i}`;
}
