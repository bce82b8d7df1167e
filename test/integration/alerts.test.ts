import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { payoutPaid, paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import { OPEN_EVENTS } from "../../src/event-index/filter.ts";
import { shardOf } from "../../src/event-index/shard.ts";
import { type LedgerRequest, refused, scriptLedger } from "../support/scripted-ledger.ts";
import { emptyIndex, FAILED, fill, summary, withoutShard } from "../support/summaries.ts";
import { deliver, operator, runCron, SHARDS, shardStub } from "../support/worker.ts";

/** What operators hear of without asking. */

const MINUTE = 60_000;
const HOUR = 3_600_000;
const CHAT = "https://chat.test/hooks/secret-path";

let chat: (signal: AbortSignal) => Response | Promise<Response>;
let told: string[];
let ledgerAnswer: () => Response;
let heard: readonly LedgerRequest[];

beforeEach(async () => {
  await emptyIndex();
  told = [];
  chat = () => new Response("ok");
  ledgerAnswer = () => refused(400, "INVALID_REQUEST");
  const { requests } = scriptLedger((request, signal) => {
    if (request.url.origin !== "https://chat.test") return ledgerAnswer();
    told.push(JSON.parse(request.body).text);
    return chat(signal);
  });
  heard = requests;
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const sweepAndAlert = (overrides: Record<string, unknown> = {}) =>
  runCron({ ALERT_WEBHOOK_URL: CHAT, ...overrides });
const paid = () => paymentIntentSucceeded({ account_id: "acct_1", amount: 129_900 });

async function failForGood(): Promise<string> {
  const event = paid();
  await deliver(event);
  return event.id;
}

describe("failed(permanent)", () => {
  it("one sweep → one alert, as chat tools take it; the next sweeps → none", async () => {
    const id = await failForGood();
    await sweepAndAlert();
    await sweepAndAlert();
    await sweepAndAlert();
    expect(told).toEqual([
      expect.stringContaining(`• ${id} payment_intent.succeeded, USD 1,299.00: ledger_rejected`),
    ]);
    const post = heard.find(({ url }) => url.href === CHAT);
    expect(post).toMatchObject({ method: "POST", authorization: null });
    expect(Object.keys(JSON.parse(post?.body ?? "{}"))).toEqual(["text"]);
  });

  it("thirty at once, over all shards → one alert for all", async () => {
    await Promise.all(Array.from({ length: 30 }, failForGood));
    await sweepAndAlert();
    await sweepAndAlert();
    expect(told).toEqual([expect.stringContaining("30 events failed for good")]);
    expect(told[0]).toContain("… and 10 more");
  });

  it("more than one sweep takes from a shard → the next one goes on where it ended", async () => {
    const rows = Array.from({ length: 6_000 }, (_, n) =>
      summary({ event_id: `evt_many${n}`, ...FAILED, updated_at: n }),
    );
    await fill(rows.filter(({ event_id }) => shardOf(event_id, SHARDS) === 3).slice(0, 300));
    for (let sweep = 0; sweep < 3; sweep++) await sweepAndAlert({ ALERT_OPEN_AGE_MINUTES: "43200" });
    const counts = told
      .filter((text) => text.includes("for good"))
      .map((text) => /\d+(?= events)/.exec(text)?.[0]);
    expect(counts).toEqual(["250", "50"]);
  });

  it.each([
    ["money of nobody", () => payoutPaid({ amount: 5, currency: "usd" }), "USD 0.05: account_missing"],
    [
      "money without a currency",
      () => payoutPaid({ amount: 5, currency: "zzz" }),
      "unknown amount: currency_unknown",
    ],
  ])("%s → told too", async (_, make, text) => {
    await deliver(make());
    await sweepAndAlert();
    expect(told).toEqual([expect.stringContaining(text)]);
  });

  it("failed(healing), forwarded, ignored → nobody is told", async () => {
    ledgerAnswer = () => refused(503);
    await deliver(paid());
    await sweepAndAlert();
    expect(told).toEqual([]);
  });

  it("resolved before the sweep → nobody is told", async () => {
    const id = await failForGood();
    await operator("POST", `/v1/admin/events/${id}/resolve`, { actor: "ada", note: "booked" });
    await sweepAndAlert();
    expect(told).toEqual([]);
  });

  it("told + an operator's retry that fails for good again → a new case, told once more", async () => {
    const id = await failForGood();
    await sweepAndAlert();
    await operator("POST", `/v1/admin/events/${id}/retry`);
    await sweepAndAlert();
    await sweepAndAlert();
    expect(told).toHaveLength(2);
  });

  it("a replay of a told event → changes nothing", async () => {
    const event = paid();
    await deliver(event);
    await sweepAndAlert();
    await deliver(event);
    await sweepAndAlert();
    expect(told).toHaveLength(1);
  });

  it("no longer failed → its note goes with the next telling", async () => {
    const id = await failForGood();
    await sweepAndAlert();
    await operator("POST", `/v1/admin/events/${id}/resolve`, { actor: "ada", note: "booked" });
    const notes = async () =>
      (
        await Promise.all(
          Array.from({ length: SHARDS }, (_, shard) =>
            runInDurableObject(shardStub(shard), (_object, { storage }) =>
              storage.sql.exec("SELECT event_id FROM told").toArray(),
            ),
          ),
        )
      )
        .flat()
        .map((row) => row["event_id"]);
    expect(await notes()).toEqual([id]);
    const next = paymentIntentSucceeded({ account_id: "acct_1" }, { id: sameShardAs(id) });
    await deliver(next);
    await sweepAndAlert();
    expect(await notes()).toEqual([next.id]);
  });

  it("asks through the index of open events, not through the whole table", async () => {
    const plan = await runInDurableObject(shardStub(0), (_, { storage }) =>
      storage.sql
        .exec(
          `EXPLAIN QUERY PLAN SELECT 1 FROM ${OPEN_EVENTS} LEFT JOIN told USING (received_at, event_id)
          WHERE state IN ('received', 'forwarding', 'failed') AND events.revision > coalesce(told.revision, 0)`,
        )
        .toArray()
        .map((row) => row["detail"]),
    );
    expect(plan).toEqual([
      "SCAN events USING INDEX open_by_time",
      "SEARCH told USING PRIMARY KEY (received_at=? AND event_id=?) LEFT-JOIN",
    ]);
  });
});

describe("the alert is not taken", () => {
  it.each<[string, () => Response | Promise<Response>]>([
    ["500", () => new Response("no", { status: 500 })],
    ["404", () => new Response("no", { status: 404 })],
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "https://evil.test/" } })],
    ["no connection", () => Promise.reject(new Error(`cannot reach ${CHAT}`))],
  ])(
    "%s → tried again by the next sweep, then once; and the log says so without the address",
    async (_, answer) => {
      await failForGood();
      const logged = [vi.spyOn(console, "error"), vi.spyOn(console, "info")];
      chat = answer;
      await sweepAndAlert();
      chat = () => new Response("ok");
      await sweepAndAlert();
      await sweepAndAlert();
      expect(told).toHaveLength(2);
      const lines = logged.flatMap((spy) => spy.mock.calls.flat()).join("\n");
      expect(lines).toContain('"msg":"alert","about":"failures","told":false');
      expect(lines).toContain('"msg":"alert","about":"failures","told":true');
      expect(lines).not.toContain("chat.test");
      expect(heard.every(({ url }) => url.origin !== "https://evil.test")).toBe(true);
    },
  );

  it("silence → given up, and nothing waited for it: the sweep had done its work, deliveries go on", async () => {
    await failForGood();
    const waiting = Promise.withResolvers<void>();
    chat = (signal) => {
      waiting.resolve();
      return new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason as Error)),
      );
    };
    const deadline = new AbortController();
    const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(deadline.signal);
    const sweeping = sweepAndAlert();
    await waiting.promise;
    expect((await deliver(paid())).status).toBe(502);
    deadline.abort();
    await sweeping;
    expect(timeout).toHaveBeenCalledWith(10_000);
    expect(told).toHaveLength(1);
  });
});

describe("open for too long", () => {
  const open = (event_id: string, ageMs: number) =>
    summary({ event_id, ...FAILED, next_retry_at: Date.now() + HOUR, received_at: Date.now() - ageMs });

  it("the oldest open event passes the threshold → told once; younger ones → not", async () => {
    await fill([open("evt_young", HOUR - MINUTE)]);
    await sweepAndAlert();
    expect(told).toEqual([]);
    vi.setSystemTime(Date.now() + 2 * MINUTE);
    await sweepAndAlert();
    await sweepAndAlert();
    expect(told).toEqual([
      "clawsettle staging: 1 event has been open for over 60 min, the oldest for 61 min. USD 12.34.\nLook: /console",
    ]);
  });

  it("as long as configured", async () => {
    await fill([open("evt_1", 6 * MINUTE)]);
    await sweepAndAlert({ ALERT_OPEN_AGE_MINUTES: "5" });
    expect(told).toEqual([expect.stringContaining("over 5 min, the oldest for 6 min")]);
  });

  it("an outage of hours → once an hour at most, as long as more grows old", async () => {
    for (let n = 0; n < 36; n++) {
      await fill([open(`evt_out${n}`, 0)]);
      await sweepAndAlert();
      vi.setSystemTime(Date.now() + 5 * MINUTE);
    }
    expect(told.length).toBe(2);
    expect(told[1]).toContain("13 events have been open");
  });

  it("a row that comes late, of an event as old as those that were told → told in its turn", async () => {
    await fill([open("evt_1", 2 * HOUR)]);
    await sweepAndAlert();
    await fill([open("evt_2", 3 * HOUR)]);
    await sweepAndAlert();
    expect(told).toHaveLength(1);
    vi.setSystemTime(Date.now() + HOUR);
    await sweepAndAlert();
    await sweepAndAlert();
    expect(told).toHaveLength(2);
    expect(told[1]).toContain("2 events have been open for over 60 min, the oldest for 240 min");
  });

  it("in a shard out of reach, while others are told → told in its turn", async () => {
    const far = open(
      firstId((shard) => shard === 5),
      2 * HOUR,
    );
    await fill([
      far,
      open(
        firstId((shard) => shard === 6),
        2 * HOUR,
      ),
    ]);
    await sweepAndAlert(withoutShard(5));
    expect(told).toEqual([expect.stringContaining("1 event has")]);
    vi.setSystemTime(Date.now() + HOUR);
    await sweepAndAlert();
    expect(told[1]).toContain("2 events have");
  });

  it("all settled, and another one grows old later → told again at once", async () => {
    await fill([open("evt_1", 2 * HOUR)]);
    await sweepAndAlert();
    await emptyRowsOnly();
    await sweepAndAlert();
    await fill([open("evt_2", 2 * HOUR)]);
    await sweepAndAlert();
    expect(told).toHaveLength(2);
  });

  it("not taken → tried again by the next sweep", async () => {
    await fill([open("evt_1", 2 * HOUR)]);
    chat = () => new Response("no", { status: 500 });
    await sweepAndAlert();
    chat = () => new Response("ok");
    await sweepAndAlert();
    await sweepAndAlert();
    expect(told).toHaveLength(2);
  });
});

describe("a shard out of reach", () => {
  it("its failures are told by a later sweep, and the others' now", async () => {
    const first = await failForGood();
    const second = paymentIntentSucceeded({ account_id: "acct_1" }, { id: inAnotherShardThan(first) });
    await deliver(second);
    await sweepAndAlert(withoutShard(shardOf(first, SHARDS)));
    expect(told).toEqual([expect.stringContaining(second.id)]);
    await sweepAndAlert();
    expect(told.slice(1)).toEqual([expect.stringContaining(first)]);
    expect(told[1]).not.toContain(second.id);
  });
});

it("no address configured → nobody is asked, and nothing is noted", async () => {
  await failForGood();
  await runCron();
  expect(told).toEqual([]);
  await sweepAndAlert();
  expect(told).toHaveLength(1);
});

async function emptyRowsOnly(): Promise<void> {
  for (let shard = 0; shard < SHARDS; shard++) {
    await runInDurableObject(
      shardStub(shard),
      (_, { storage }) => void storage.sql.exec("DELETE FROM events"),
    );
  }
}

const sameShardAs = (id: string) => firstId((shard) => shard === shardOf(id, SHARDS));
const inAnotherShardThan = (id: string) => firstId((shard) => shard !== shardOf(id, SHARDS));

function firstId(fits: (shard: number) => boolean): string {
  // Of each call its own: the tests of a file share their objects, and a known id would be a replay.
  const prefix = `evt_${crypto.randomUUID().slice(0, 8)}`;
  for (let n = 0; ; n++) if (fits(shardOf(`${prefix}${n}`, SHARDS))) return `${prefix}${n}`;
}
