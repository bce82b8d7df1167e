import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import { NOTES_SHARD } from "../../src/event-index/call-shards.ts";
import { getPage, signIn } from "../support/console.ts";
import { scriptLedger } from "../support/scripted-ledger.ts";
import { emptyIndex, meterShard, runUpkeep, withoutShard } from "../support/summaries.ts";
import { type Answer, deliver, operator, shardStub } from "../support/worker.ts";

/**
 * Deliveries that Stripe signed and that are refused all the same: each is
 * logged, and counted by reason and hour.
 */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * Ends the second in which refusals are gathered, for each that has begun. Nobody waits for it in real time.
 */
let endings: (() => void)[];
const GATHERED_FOR_MS = 1_000;
const wait = scheduler.wait.bind(scheduler);

beforeEach(async () => {
  await emptyIndex();
  scriptLedger();
  endings = [];
  vi.spyOn(scheduler, "wait").mockImplementation((ms, options) =>
    ms === GATHERED_FOR_MS ? new Promise((end) => endings.push(end)) : wait(ms, options),
  );
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const event = (envelope: object = {}) => ({
  ...paymentIntentSucceeded({ account_id: "acc_1" }),
  ...envelope,
});
const counted = async () => (await operator("GET", "/v1/admin/stats")).body.refused_deliveries;
/** A stub is of no use any more once its object was reset. */
const stub = () => shardStub(NOTES_SHARD);
const countNow = (reason: string, deliveries: number, at = Date.now()) =>
  stub().countRefused({ [reason]: deliveries }, at);

async function endGathering(): Promise<void> {
  for (const end of endings.splice(0)) end();
  // What was gathered is taken at once, and written soon after.
  await wait(1);
}

async function untilCounted(wanted: Record<string, number>): Promise<void> {
  let found: Record<string, number> = {};
  await endGathering();
  for (let tries = 0; tries < 100; tries++) {
    const rows: { reason: string; total: number }[] = await counted();
    found = Object.fromEntries(rows.map(({ reason, total }) => [reason, total]));
    if (JSON.stringify(found) === JSON.stringify(wanted)) return;
    await wait(20);
  }
  expect(found).toEqual(wanted);
}

/** None of these must be logged by chance. */
function logOf(random: number): () => Record<string, unknown>[] {
  vi.spyOn(Math, "random").mockReturnValue(random);
  const logged = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  return () =>
    logged.mock.calls
      .map(([line]): Record<string, unknown> => JSON.parse(String(line)))
      .filter(({ msg }) => msg === "delivery_refused");
}

const tooLarge = () => deliver(event({ padding: "x".repeat(262_144) }));

describe("signed, and refused", () => {
  it.each<[string, () => Promise<Answer>, number, string]>([
    ["a live event in staging", () => deliver(event({ livemode: true })), 422, "livemode_mismatch"],
    [
      "a thin event",
      () => deliver({ id: "evt_1", object: "v2.core.event", type: "v1.x" }),
      422,
      "thin_event_unsupported",
    ],
    ["no event", () => deliver("{"), 400, "invalid_request"],
    ["too large", tooLarge, 413, "payload_too_large"],
  ])("%s → logged, however the sample falls, and counted", async (_, act, status, reason) => {
    const lines = logOf(0.99);
    const answer = await act();
    expect(answer.status).toBe(status);
    expect(lines()).toEqual([
      {
        level: "warn",
        msg: "delivery_refused",
        request_id: answer.body.request_id,
        refusal: reason,
        why: expect.any(String),
      },
    ]);
    await untilCounted({ [reason]: 1 });
    expect(await counted()).toEqual([{ reason, last_24h: 1, total: 1, last_at: new Date().toISOString() }]);
  });

  it("many at once → all are counted, by far fewer rows", async () => {
    const { rows } = await meterShard(NOTES_SHARD);
    const refusals = Array.from({ length: 60 }, (_, i) =>
      i % 3 === 0 ? tooLarge() : deliver(event({ livemode: true })),
    );
    await Promise.all(refusals);
    await untilCounted({ livemode_mismatch: 40, payload_too_large: 20 });
    expect(rows()).toBeLessThanOrEqual(12);
  });

  it("the platform cut a count off → it is made up for with the next one, half a minute later", async () => {
    await deliver(event({ livemode: true }));
    expect(endings.splice(0)).toHaveLength(1);
    await deliver(event({ livemode: true }));
    expect(endings).toEqual([]);
    expect(await counted()).toEqual([]);
    vi.setSystemTime(Date.now() + 30_000);
    await deliver(event({ livemode: true }));
    await untilCounted({ livemode_mismatch: 3 });
  });

  it.each<[string, object]>([
    ["out of reach", withoutShard(NOTES_SHARD)],
    [
      "never answering",
      { EVENT_INDEX: { getByName: () => new Proxy({}, { get: () => () => new Promise(() => undefined) }) } },
    ],
  ])("the index %s → the same answer, and the next one is counted", async (_, overrides) => {
    const answer = await deliver(event({ livemode: true }), { env: { ...overrides } });
    expect(answer.status).toBe(422);
    await endGathering();
    await deliver(event({ livemode: true }));
    await untilCounted({ livemode_mismatch: 1 });
  });
});

describe("not proven to be Stripe's", () => {
  it.each<[string, () => Promise<Answer>, number]>([
    ["forged", () => deliver(event(), { secret: "whsec_other" }), 401],
    ["forged, and no event", () => deliver("{", { secret: "whsec_other" }), 401],
    ["stale", () => deliver(event(), { timestampSeconds: Math.floor(Date.now() / 1_000) - 301 }), 401],
    ["too large, without a header", () => deliver(new Uint8Array(300_000), { header: null }), 401],
    ["too large, with a stale header", () => deliver(new Uint8Array(300_000), { timestampSeconds: 1 }), 401],
  ])("%s → logged one time in ten, and never counted", async (_, act, status) => {
    const lines = logOf(0.99);
    expect((await act()).status).toBe(status);
    expect(lines()).toEqual([]);
    vi.spyOn(Math, "random").mockReturnValue(0);
    await act();
    expect(lines()).toMatchObject([{ refusal: "signature_invalid", sampled_one_in: 10 }]);
    expect(endings).toEqual([]);
    expect(await counted()).toEqual([]);
  });
});

describe("what is counted", () => {
  it("by hour: the last 24 hours, and all", async () => {
    const now = Date.now();
    await countNow("livemode_mismatch", 1, now - DAY - 1);
    await countNow("livemode_mismatch", 2, now - DAY + HOUR);
    await countNow("livemode_mismatch", 4, now);
    await countNow("invalid_request", 8, now - 2 * DAY);
    expect(await counted()).toEqual([
      { reason: "invalid_request", last_24h: 0, total: 8, last_at: new Date(now - 2 * DAY).toISOString() },
      { reason: "livemode_mismatch", last_24h: 6, total: 7, last_at: new Date(now).toISOString() },
    ]);
  });

  it("one row of an hour and reason, however often", async () => {
    for (let i = 0; i < 3; i++) await countNow("livemode_mismatch", 1);
    const rows = await runInDurableObject(stub(), (_, { storage }) =>
      storage.sql.exec("SELECT * FROM refused_deliveries").toArray(),
    );
    expect(rows).toEqual([
      { hour: Date.now(), reason: "livemode_mismatch", deliveries: 3, last_at: Date.now() },
    ]);
  });

  it("survives a crash of the shard", async () => {
    await countNow("livemode_mismatch", 1);
    await runInDurableObject(stub(), (_, state) => state.abort("Instance dispose")).catch(() => undefined);
    expect(await counted()).toMatchObject([{ reason: "livemode_mismatch", total: 1 }]);
  });

  it("purged after the retention", async () => {
    await countNow("livemode_mismatch", 1, Date.now() - 30 * DAY);
    await countNow("livemode_mismatch", 2, Date.now() - 30 * DAY + 1);
    await runUpkeep();
    // Both are of one hour, so they are one row, which lives as long as the younger.
    expect(await counted()).toMatchObject([{ reason: "livemode_mismatch", last_24h: 0, total: 3 }]);
    vi.setSystemTime(Date.now() + 1);
    await runUpkeep();
    expect(await counted()).toEqual([]);
  });
});

describe("where it is shown", () => {
  it("in the metrics, by reason", async () => {
    expect((await operator("GET", "/metrics")).body).not.toContain("refused_deliveries");
    await countNow("livemode_mismatch", 3);
    await countNow("payload_too_large", 2, Date.now() - 3 * DAY);
    const { body } = await operator("GET", "/metrics");
    expect(body).toContain(
      'clawsettle_refused_deliveries_last_24h{reason="livemode_mismatch"} 3\nclawsettle_refused_deliveries_last_24h{reason="payload_too_large"} 0\n',
    );
  });

  it("on the overview", async () => {
    const { cookie } = await signIn(env.SETTLE_ADMIN_KEY);
    await countNow("livemode_mismatch", 41);
    await countNow("invalid_request", 1);
    const { body } = await getPage("/console", { cookie });
    expect(body).toContain("<dt>Refused in 24 h, signed or too large</dt><dd><strong>42</strong></dd>");
  });
});
