import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import { shardOf } from "../../src/event-index/shard.ts";
import type { EventSummary } from "../../src/event-index/event-summary.ts";
import {
  accepted,
  askSandbox,
  availableOf,
  openAccount,
  refused,
  type ScriptedLedger,
  scriptLedger,
} from "../support/scripted-ledger.ts";
import { allRows, emptyIndex, FAILED, fill, summary, withoutShard } from "../support/summaries.ts";
import { deliver, operator, SHARDS, showEvent, storedRecord, untilPublished } from "../support/worker.ts";

/** Many events at once: which ones, how many at a time, and that none can be credited twice by it. */

let ledger: ScriptedLedger;
beforeEach(async () => {
  await emptyIndex();
  ledger = scriptLedger(() => refused(503));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const bulk = (body: unknown) => operator("POST", "/v1/admin/events/retry", body);
const retryAll = (more: object = {}) => bulk({ filter: {}, dry_run: false, ...more });

async function failing(money: object = {}, envelope: { id?: string } = {}): Promise<string> {
  const event = paymentIntentSucceeded({ account_id: "acct_1", amount: 1234, ...money }, envelope);
  await deliver(event);
  return event.id;
}

async function failingMany(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push(await failing());
  return ids;
}

describe("dry_run", () => {
  it("count and sum per currency, and nothing is touched", async () => {
    const ids = [
      await failing({ amount: 100 }),
      await failing({ amount: 250 }),
      await failing({ amount: 7, currency: "jpy" }),
      await failing({ account_id: undefined, amount: 50 }),
      await failing({ currency: "zzz" }),
    ];
    ledger.answer(() => accepted());
    await deliver(paymentIntentSucceeded({ account_id: "acct_1" }));
    const before = [await allRows(), ...(await Promise.all(ids.map(storedRecord)))];
    const asked = ledger.requests.length;

    const answer = await bulk({ filter: {}, dry_run: true });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      dry_run: true,
      matched: 5,
      per_currency: [
        { currency: "JPY", count: 1, amount_minor: "7" },
        { currency: "USD", count: 3, amount_minor: "400" },
        // No currency that anybody pays with, so nothing can be summed.
        { currency: null, count: 1, amount_minor: null },
      ],
      attempted: 0,
      forwarded: 0,
      failed: 0,
      results: [],
    });
    expect(ledger.requests).toHaveLength(asked);
    expect([await allRows(), ...(await Promise.all(ids.map(storedRecord)))]).toEqual(before);
  });

  it("more matches than the limit → all are counted", async () => {
    await failingMany(3);
    expect((await bulk({ filter: {}, limit: 1, dry_run: true })).body.matched).toBe(3);
  });

  it("counts what the filter matches, and only what is open", async () => {
    await fill([
      summary({ event_id: "evt_a", ...FAILED, amount_minor: "9007199254740991", account_id: "acc_1" }),
      summary({ event_id: "evt_b", ...FAILED, amount_minor: "9007199254740991", account_id: "acc_1" }),
      summary({ event_id: "evt_c", ...FAILED, account_id: "acc_2" }),
      summary({ event_id: "evt_d", account_id: "acc_1" }),
    ]);
    const answer = await bulk({ filter: { account_id: "acc_1" }, dry_run: true });
    expect(answer.body).toMatchObject({
      matched: 2,
      per_currency: [{ currency: "USD", count: 2, amount_minor: "18014398509481982" }],
    });
  });
});

describe("for real", () => {
  it("failed + the ledger is back → each forwarded, each reported, with the operator on record", async () => {
    const ids = await failingMany(3);
    ledger.answer(() => accepted());
    const answer = await retryAll({ actor: "ada", note: "the ledger is back" });
    expect(answer.body).toMatchObject({ dry_run: false, matched: 3, attempted: 3, forwarded: 3, failed: 0 });
    expect(answer.body.results).toHaveLength(3);
    for (const event_id of ids) {
      expect(answer.body.results).toContainEqual({ event_id, state: "forwarded", error_code: null });
      expect((await showEvent(event_id)).body.operator_actions).toMatchObject([
        { action: "retry", actor: "ada", note: "the ledger is back" },
      ]);
    }
  });

  it("some heal, some do not → counted apart; without an actor it was the operator", async () => {
    const [poor, rich] = [await failing({ amount: 1 }), await failing({ amount: 2 })];
    ledger.answer(({ body }) =>
      body.includes('"amount_minor":"1"') ? refused(400, "INVALID_REQUEST") : accepted(),
    );
    const answer = await retryAll();
    expect(answer.body).toMatchObject({ attempted: 2, forwarded: 1, failed: 1 });
    expect(answer.body.results).toContainEqual({
      event_id: poor,
      state: "failed",
      error_code: "LEDGER_INGEST_FAILED",
    });
    expect((await showEvent(rich)).body.operator_actions).toMatchObject([{ actor: "operator", note: null }]);
  });

  it("limit → only so many; asked again → the others, whatever keeps failing", async () => {
    // All in one shard: so it is the shard, too, that must not name the same ones again.
    const ids = Array.from({ length: 100 }, (_, i) => `evt_again${i}`);
    const together = ids.filter((id) => shardOf(id, SHARDS) === 0).slice(0, 5);
    for (const id of together) await failing({}, { id });
    const tried: string[] = [];
    for (const expected of [2, 2, 2]) {
      vi.setSystemTime(Date.now() + 1_000);
      const { results } = (await retryAll({ limit: 2 })).body;
      expect(results).toHaveLength(expected);
      for (const { event_id } of results) {
        tried.push(event_id);
        await untilPublished(event_id);
      }
    }
    expect(new Set(tried).size).toBe(5);
  });

  it("never more than 6 at a time", async () => {
    await failingMany(20);
    let open = 0;
    let most = 0;
    ledger.answer(async () => {
      most = Math.max(most, ++open);
      await scheduler.wait(10);
      open--;
      return accepted();
    });
    expect((await retryAll()).body.forwarded).toBe(20);
    expect(most).toBe(6);
  });

  it("unmappable + retry → mapped again; still unmappable counts as no attempt", async () => {
    const id = await failing({ currency: "zzz" });
    const answer = await retryAll();
    expect(answer.body).toMatchObject({ matched: 1, attempted: 0, failed: 0 });
    expect(answer.body.results).toEqual([{ event_id: id, state: "failed", error_code: "EVENT_UNMAPPABLE" }]);
  });

  it("rows that are behind the truth → the object decides: final ones are not tried, unknown ones are named", async () => {
    ledger.answer(() => accepted());
    const event = paymentIntentSucceeded({ account_id: "acct_1" });
    await deliver(event);
    const [row] = (await allRows()) as unknown as EventSummary[];
    await emptyIndex();
    await fill([summary({ ...row, ...FAILED, revision: 1 }), summary({ event_id: "evt_ghost", ...FAILED })]);
    const answer = await retryAll();
    expect(answer.body).toMatchObject({ matched: 2, attempted: 0, forwarded: 0, failed: 0 });
    expect(answer.body.results).toContainEqual({ event_id: event.id, state: "forwarded", error_code: null });
    expect(answer.body.results).toContainEqual({
      event_id: "evt_ghost",
      state: "failed",
      error_code: "EVENT_NOT_FOUND",
    });
    expect(ledger.requests).toHaveLength(1);
  });
});

it("the ledger settled all, and every answer was lost; two operators retry all at the same time → credited once", async () => {
  ledger.answer(async (request) => {
    await (await askSandbox(request)).text();
    throw new TypeError("Network connection lost.");
  });
  const account = await openAccount("did:test:bulk");
  for (let i = 0; i < 5; i++) await failing({ account_id: account, amount: 1_000 });
  expect(await availableOf(account)).toBe("5000");
  ledger.answer(askSandbox);
  const answers = await Promise.all([retryAll(), retryAll()]);
  expect(answers.every(({ body }) => body.failed === 0)).toBe(true);
  expect((await operator("GET", "/v1/admin/events?state=forwarded")).body.events).toHaveLength(5);
  expect(await availableOf(account)).toBe("5000");
});

describe("malformed", () => {
  it.each<[string, unknown, string]>([
    ["without dry_run: nobody should have to guess", { filter: {} }, "dry_run"],
    ["without a filter", { dry_run: true }, "filter"],
    ["a misspelt filter", { filter: { acount_id: "acc_1" }, dry_run: true }, "filter: Unrecognized key"],
    ["a final state", { filter: { state: "forwarded" }, dry_run: true }, "filter.state"],
    ["a limit above 200", { filter: {}, limit: 201, dry_run: true }, "limit"],
    ["a misspelt field", { filter: {}, dry_run: true, dryRun: true }, "Unrecognized key"],
    ["dry_run as text", { filter: {}, dry_run: "false" }, "dry_run"],
    ["no JSON", "{", "not JSON"],
  ])("%s → 400", async (_, body, problem) => {
    const answer = await bulk(body);
    expect([answer.status, answer.body.code]).toEqual([400, "INVALID_REQUEST"]);
    expect(answer.body.details.problems.join("\n")).toContain(problem);
  });

  it("a shard out of reach → 503, and nothing is tried", async () => {
    await failing();
    const asked = ledger.requests.length;
    const body = { filter: {}, dry_run: false };
    const answer = await operator("POST", "/v1/admin/events/retry", body, { env: withoutShard(0) });
    expect([answer.status, answer.body.code]).toEqual([503, "EVENT_OBJECT_UNAVAILABLE"]);
    expect(ledger.requests).toHaveLength(asked);
  });
});

describe("POST /v1/stripe/forwarding/retry without event_id", () => {
  const retry = (body: unknown) => operator("POST", "/v1/stripe/forwarding/retry", body);

  /** One that waits for its retry, one that failed for good, one unmappable. */
  async function threeKinds(): Promise<{ healing: string; due: number }> {
    ledger.answer(() => refused(400, "INVALID_REQUEST"));
    await failing();
    await failing({ currency: "zzz" });
    ledger.answer(() => refused(503));
    const healing = await failing();
    const due = Date.parse((await showEvent(healing)).body.next_retry_at);
    ledger.answer(() => accepted());
    return { healing, due };
  }

  it("retries what is due, and nothing else", async () => {
    const { healing, due } = await threeKinds();
    vi.setSystemTime(due - 1);
    expect((await retry({})).body).toEqual({ ok: true, attempted: 0, forwarded: 0, failed: 0 });
    vi.setSystemTime(due);
    expect((await retry({})).body).toEqual({ ok: true, attempted: 1, forwarded: 1, failed: 0 });
    expect((await storedRecord(healing))?.state).toBe("forwarded");
  });

  it("an empty body is the same", async () => {
    const { due } = await threeKinds();
    vi.setSystemTime(due);
    expect((await operator("POST", "/v1/stripe/forwarding/retry")).body.attempted).toBe(1);
  });

  it("force → every failed one; the unmappable one is mapped again, and has nothing to attempt", async () => {
    await threeKinds();
    expect((await retry({ force: true })).body).toEqual({ ok: true, attempted: 2, forwarded: 2, failed: 0 });
  });

  it("limit → only so many", async () => {
    await failingMany(4);
    ledger.answer(() => accepted());
    expect((await retry({ force: true, limit: 3 })).body.attempted).toBe(3);
    expect((await retry({ limit: 201 })).status).toBe(400);
  });

  it("one fails → ok: false", async () => {
    await failing();
    expect((await retry({ force: true })).body).toEqual({ ok: false, attempted: 1, forwarded: 0, failed: 1 });
  });
});
