import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { env } from "cloudflare:workers";
import {
  payoutPaid,
  paymentIntentSucceeded,
  refundCreated,
} from "../../scripts/sandbox/events/stripe-events.ts";
import { shardOf } from "../../src/event-index/shard.ts";
import { encodeCursor } from "../../src/event-index/cursor.ts";
import type { EventSummary } from "../../src/event-index/event-summary.ts";
import { findOpen, listEvents } from "../../src/event-index/queries.ts";
import { refused, type ScriptedLedger, scriptLedger } from "../support/scripted-ledger.ts";
import {
  allRows,
  emptyIndex,
  FAILED,
  fill,
  meterShard,
  summary,
  T0,
  withoutShard,
} from "../support/summaries.ts";
import { deliver, indexRow, operator, SHARDS, shardStub, shardStubOf, showEvent } from "../support/worker.ts";

/** The index: what a row costs, that none goes backwards, and how events are found in it. */

let ledger: ScriptedLedger;
beforeEach(async () => {
  ledger = scriptLedger();
  await emptyIndex();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const list = (query = "") => operator("GET", `/v1/admin/events${query}`);
const idsOf = async (query: string): Promise<string[]> =>
  (await list(query)).body.events.map((event: { event_id: string }) => event.event_id);

describe("a row", () => {
  const publish = (row: EventSummary) => shardStub(0).publish(row);

  it.each<[string, Partial<EventSummary>[], number[]]>([
    ["settled: 1 row", [{}], [1]],
    ["the same again: nothing", [{}, {}], [1, 0]],
    ["an older revision: nothing", [{ revision: 4 }, { revision: 3 }], [1, 0]],
    ["a newer revision: 1 row", [{ revision: 4 }, { revision: 5 }], [1, 1]],
    ["open: 1 row, 1 among the open ones and 1 by its payment", [FAILED], [3]],
    ["open, of no payment: 1 row, and 1 among the open ones", [{ ...FAILED, source_payment_id: null }], [2]],
    ["open, failed again: all anew", [FAILED, { ...FAILED, revision: 2, attempts: 2 }], [3, 3]],
    ["open, then settled: 1 row", [FAILED, { revision: 2 }], [3, 1]],
  ])("%s", async (_, rows, expected) => {
    const { rows: written } = await meterShard(0);
    const costs: number[] = [];
    for (const row of rows) {
      const before = written();
      expect(await publish(summary({ ...row, event_id: "evt_cost" }))).toEqual({
        ok: true,
        value: undefined,
      });
      costs.push(written() - before);
    }
    expect(costs).toEqual(expected);
  });

  it("an older revision never overwrites a newer one, in whatever order they come", async () => {
    const newest = summary({ revision: 3, attempts: 3 });
    await publish(summary({ ...FAILED, revision: 2, attempts: 2, next_retry_at: T0 + 5 }));
    await publish(newest);
    await publish(summary({ ...FAILED, revision: 1 }));
    await publish(summary({ ...FAILED, revision: 2, attempts: 2, next_retry_at: T0 + 5 }));
    expect(await allRows()).toEqual([{ ...newest, poked_at: 0 }]);
  });

  it("a row that the table refuses → ok: false, and nothing thrown over RPC", async () => {
    expect(await publish(summary({ attempts: 1.5 }))).toEqual({
      ok: false,
      failure: "object_failed",
    });
  });
});

describe("an event's own publishing", () => {
  it("forwarded → listed as the contract has it", async () => {
    const event = paymentIntentSucceeded({
      id: "pi_listed",
      account_id: "acct_1",
      amount: 1234,
      currency: "usd",
    });
    await deliver(event);
    const state = (await showEvent(event.id)).body;
    expect((await list()).body).toEqual({
      events: [
        {
          event_id: event.id,
          event_type: "payment_intent.succeeded",
          state: "forwarded",
          reason: null,
          error_code: null,
          account_id: "acct_1",
          payment_id: "pi_listed",
          amount_minor: "1234",
          currency: "USD",
          attempts: 1,
          received_at: state.received_at,
          updated_at: state.updated_at,
          next_retry_at: null,
        },
      ],
      next_cursor: null,
    });
  });

  it("failed → listed with why and when; a replay changes nothing", async () => {
    ledger.answer(() => refused(503));
    const event = paymentIntentSucceeded({ account_id: "acct_1" });
    const answer = await deliver(event);
    const row = await indexRow(event.id);
    await deliver(event);
    expect(await indexRow(event.id)).toEqual(row);
    expect((await list("?state=failed")).body.events).toMatchObject([
      {
        event_id: event.id,
        state: "failed",
        reason: "ledger_unavailable",
        error_code: "LEDGER_INGEST_FAILED",
        next_retry_at: answer.body.details.next_retry_at,
      },
    ]);
  });

  it("resolved by an operator → listed as resolved", async () => {
    ledger.answer(() => refused(400, "INVALID_REQUEST"));
    const event = paymentIntentSucceeded({ account_id: "acct_1" });
    await deliver(event);
    await operator("POST", `/v1/admin/events/${event.id}/resolve`, { actor: "ada", note: "by hand" });
    expect(await idsOf("?state=resolved")).toEqual([event.id]);
    expect(await idsOf("?state=failed")).toEqual([]);
  });

  it("goes to the same shard, whatever happens to the event", async () => {
    ledger.answer(() => refused(503));
    const event = paymentIntentSucceeded({ account_id: "acct_1" });
    await deliver(event);
    await operator("POST", `/v1/admin/events/${event.id}/retry`);
    const rows = await runInDurableObject(shardStubOf(event.id), (_, { storage }) =>
      storage.sql.exec("SELECT event_id, attempts FROM events").toArray(),
    );
    expect(rows).toEqual([{ event_id: event.id, attempts: 2 }]);
    expect(await allRows()).toHaveLength(1);
  });
});

describe("open events by their payment", () => {
  const open = (source_payment_ids: string[], limit = 9) =>
    findOpen({ env, shards: SHARDS }, { state: "failed", source_payment_ids }, null, limit);
  const idsOfOpen = async (...given: Parameters<typeof open>) =>
    (await open(...given))?.map(({ event_id }) => event_id);

  it("those of the named payments, over all shards, the longest unchanged first; no final one", async () => {
    await fill([
      summary({ event_id: "evt_a", ...FAILED, updated_at: T0 + 3 }),
      summary({ event_id: "evt_b", ...FAILED, updated_at: T0 + 1, payment_id: "re_1" }),
      summary({ event_id: "evt_c", ...FAILED, updated_at: T0 + 2, source_payment_id: "pi_2" }),
      summary({ event_id: "evt_d" }),
      summary({ event_id: "evt_e", ...FAILED, source_payment_id: "pi_3" }),
      summary({ event_id: "evt_f", ...FAILED, source_payment_id: null }),
    ]);
    expect(await idsOfOpen(["pi_1"])).toEqual(["evt_b", "evt_a"]);
    expect(await idsOfOpen(["pi_1", "pi_2"])).toEqual(["evt_b", "evt_c", "evt_a"]);
    expect(await idsOfOpen(["pi_1", "pi_2"], 2)).toEqual(["evt_b", "evt_c"]);
    expect(await idsOfOpen([])).toEqual([]);
    expect(await idsOfOpen(["pi_1' OR TRUE --"])).toEqual([]);
  });

  it("an event publishes the payment that its money came in by", async () => {
    ledger.answer(() => refused(503));
    const paid = paymentIntentSucceeded({ id: "pi_by", account_id: "acct_1" });
    const refund = refundCreated({ id: "re_by", payment_intent: "pi_by" });
    const nobodys = paymentIntentSucceeded({ id: "pi_nobodys" });
    const payout = payoutPaid({ id: "po_by", account_id: "acct_1" });
    for (const event of [paid, refund, nobodys, payout]) await deliver(event);
    const payments = await Promise.all(
      [paid, refund, nobodys, payout].map(async ({ id }) => (await indexRow(id))?.["source_payment_id"]),
    );
    expect(payments).toEqual(["pi_by", "pi_by", "pi_nobodys", null]);
    expect((await idsOfOpen(["pi_by"]))?.toSorted()).toEqual([paid.id, refund.id].toSorted());
  });
});

describe("GET /v1/admin/events", () => {
  const rows = [
    summary({ event_id: "evt_a", received_at: T0, payment_id: "pi_1", account_id: "acc_1" }),
    summary({ event_id: "evt_b", received_at: T0 + 1, ...FAILED, account_id: "acc_2" }),
    summary({
      event_id: "evt_c",
      received_at: T0 + 2,
      event_type: "charge.refunded",
      payment_id: "ch_1:500:17",
    }),
    summary({
      event_id: "evt_d",
      received_at: T0 + 2,
      event_type: "charge.refunded",
      payment_id: "ch_1:900:18",
    }),
    summary({ event_id: "evt_e", received_at: T0 + 3, payment_id: "ch_12:900:18" }),
    summary({ event_id: "evt_f", received_at: T0 + 4, state: "ignored", payment_id: null, account_id: null }),
  ];
  beforeEach(() => fill(rows));
  const at = (ms: number) => new Date(T0 + ms).toISOString();

  it.each([
    ["", ["evt_f", "evt_e", "evt_d", "evt_c", "evt_b", "evt_a"]],
    ["?state=failed", ["evt_b"]],
    ["?state=ignored", ["evt_f"]],
    ["?type=charge.refunded", ["evt_d", "evt_c"]],
    ["?account_id=acc_2", ["evt_b"]],
    ["?payment_id=ch_1", ["evt_d", "evt_c"]],
    ["?payment_id=ch_1:500:17", ["evt_c"]],
    ["?state=forwarded&type=payment_intent.succeeded&account_id=acc_1&payment_id=pi_1", ["evt_a"]],
    [`?received_from=${at(2)}`, ["evt_f", "evt_e", "evt_d", "evt_c"]],
    [`?received_to=${at(2)}`, ["evt_b", "evt_a"]],
    [`?received_from=${at(1)}&received_to=${at(3)}`, ["evt_d", "evt_c", "evt_b"]],
    [
      "?received_from=2026-09-21&received_to=2026-09-22",
      ["evt_f", "evt_e", "evt_d", "evt_c", "evt_b", "evt_a"],
    ],
    [`?received_to=${encodeURIComponent("2026-09-21T16:13:20+02:00")}`, []],
  ])("%s", async (query, ids) => {
    expect(await idsOf(query)).toEqual(ids);
  });

  it("an event's own id → its object is asked, and no shard; each other condition holds too", async () => {
    ledger.answer(() => refused(503));
    const event = paymentIntentSucceeded({ account_id: "acct_1", amount: 1234 });
    await deliver(event);
    const row = (await list("?type=payment_intent.succeeded&account_id=acct_1")).body.events[0];
    expect(row).toMatchObject({ event_id: event.id, state: "failed", amount_minor: "1234" });
    const nobody = { EVENT_INDEX: { getByName: () => new Proxy({}, { get: () => () => Promise.reject() }) } };
    const found = async (more = "", id = event.id) => {
      const path = `/v1/admin/events?payment_id=${id}${more}`;
      const { status, body } = await operator("GET", path, undefined, { env: nobody });
      expect([status, body.next_cursor]).toEqual([200, null]);
      return body.events;
    };
    const { received_at } = row;
    const later = new Date(Date.parse(received_at) + 1).toISOString();
    const cursor = (time: string) =>
      `&cursor=${encodeCursor({ received_at: Date.parse(time), event_id: event.id })}`;
    const matching = `&state=failed&type=payment_intent.succeeded&account_id=acct_1`;
    const around = `&received_from=${received_at}&received_to=${later}`;
    expect(await found()).toEqual([row]);
    expect(await found(matching + around + cursor(later))).toEqual([row]);
    const others = ["&state=forwarded", "&type=payout.paid", "&account_id=acct_2", cursor(received_at)];
    for (const more of [...others, `&received_from=${later}`, `&received_to=${received_at}`]) {
      expect([more, await found(more)]).toEqual([more, []]);
    }
    expect(await found("", "evt_none")).toEqual([]);
  });

  it.each([1, 2, 3, 4, 5])("pages of %i → each event once, in order, and an end", async (limit) => {
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const { events, next_cursor }: { events: { event_id: string }[]; next_cursor: string | null } = (
        await list(`?limit=${limit}${cursor && `&cursor=${cursor}`}`)
      ).body;
      expect(events.length).toBeLessThanOrEqual(limit);
      expect(events.length).toBeGreaterThan(0);
      seen.push(...events.map((event) => event.event_id));
      cursor = next_cursor;
    }
    expect(seen).toEqual(["evt_f", "evt_e", "evt_d", "evt_c", "evt_b", "evt_a"]);
  });

  it("the newest events are all in one shard, or in a few → the page is the same as of any others", async () => {
    const many = Array.from({ length: 4_000 }, (_, i) =>
      summary({ event_id: `evt_many${i}`, received_at: T0 + 1_000 + i }),
    );
    const ofShard = (i: number, shard: number) => shardOf(`evt_many${i}`, SHARDS) === shard;
    const kept = many.filter((_, i) => ofShard(i, 3) || (i < 2_000 && ofShard(i, 5)) || i < 40);
    await fill(kept);
    const newest = [...rows, ...kept].map(({ event_id }) => event_id).toReversed();
    const page = await listEvents({ env, shards: SHARDS }, {}, null, 200);
    expect(page?.events.map(({ event_id }) => event_id)).toEqual(newest.slice(0, 200));
    const all = await listEvents({ env, shards: SHARDS }, {}, null, kept.length);
    expect(all?.events).toHaveLength(kept.length);
    expect(all?.next).not.toBeNull();
    const walked: string[] = [];
    for (let part: Awaited<ReturnType<typeof listEvents>> = page; part !== null;) {
      walked.push(...part.events.map(({ event_id }) => event_id));
      part = part.next === null ? null : await listEvents({ env, shards: SHARDS }, {}, part.next, 77);
    }
    expect(walked.slice(0, kept.length)).toEqual(newest.slice(0, kept.length));
    expect(walked).toHaveLength(kept.length + rows.length);
  });

  it("50 by default", async () => {
    await fill(Array.from({ length: 60 }, (_, i) => summary({ event_id: `evt_more${i}` })));
    expect(await idsOf("")).toHaveLength(50);
  });

  it.each([
    ["?stat=failed", "the request: Unrecognized key"],
    ["?state=open", "state: "],
    ["?state=", "state: "],
    ["?state=failed&state=forwarded", "state: given more than once"],
    ["?limit=0", "limit: "],
    ["?limit=201", "limit: "],
    ["?limit=1e2", "limit: "],
    ["?type=UPPER", "type: "],
    ["?payment_id=pi_1'--", "payment_id: "],
    ["?received_from=yesterday", "received_from: "],
    ["?received_to=2026-13-01", "received_to: "],
    ["?received_to=2026-09-21T16:13:20", "received_to: "],
    ["?cursor=", "cursor: "],
    ["?cursor=abc", "cursor: is not a cursor of this list"],
    [`?cursor=${btoa("1.evt_1").replaceAll("=", "")}x`, "cursor: is not a cursor of this list"],
    ["?__proto__=1", "the request: "],
  ])("%s → 400 that names it", async (query, problem) => {
    const answer = await list(query);
    expect([answer.status, answer.body.code]).toEqual([400, "INVALID_REQUEST"]);
    expect(answer.body.details.problems.join("\n")).toContain(problem);
  });

  it("one shard out of reach → 503, never a list with a hole in it", async () => {
    const answer = await operator("GET", "/v1/admin/events", undefined, { env: withoutShard(3) });
    expect([answer.status, answer.body.code]).toEqual([503, "EVENT_OBJECT_UNAVAILABLE"]);
  });

  it("a smaller number of shards, which the settings refuse → nothing is out of sight", async () => {
    await list();
    const answer = await operator("GET", "/v1/admin/events", undefined, { env: { EVENT_INDEX_SHARDS: "4" } });
    expect(answer.body.events).toHaveLength(rows.length);
  });
});
