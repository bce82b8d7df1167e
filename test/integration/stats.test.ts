import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  paymentIntentSucceeded,
  payoutPaid,
  stripeEvent,
} from "../../scripts/sandbox/events/stripe-events.ts";
import { NEVER_RECONCILED, NOTHING_RECONCILED } from "../support/runs.ts";
import { accepted, refused, scriptLedger } from "../support/scripted-ledger.ts";
import { emptyIndex, FAILED, fill, summary, withoutShard } from "../support/summaries.ts";
import { deliver, operator, shardStub } from "../support/worker.ts";

/** Is anything stuck, how much money is it, since when: as JSON, and as Prometheus reads it. */

beforeEach(emptyIndex);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const DAY = 86_400_000;
const stats = async () => (await operator("GET", "/v1/admin/stats")).body;
const STATES = { received: 0, forwarding: 0, failed: 0, forwarded: 0, resolved: 0, ignored: 0 };

describe("GET /v1/admin/stats", () => {
  it("no event → zeros, and no age", async () => {
    expect(await stats()).toEqual({
      states: STATES,
      open: [],
      oldest_open_age_seconds: null,
      last_sweep_age_seconds: null,
      rescues: 0,
      attempts: 0,
      last_24h: { received: 0, forwarded: 0, failed: 0, ignored: 0, resolved: 0, attempts: 0 },
      refused_deliveries: [],
      unlisted_accounts: [],
      reconciliation: {
        configured: true,
        ...NOTHING_RECONCILED,
        connected_accounts: [{ stripe_account: "acct_listed", ...NEVER_RECONCILED }],
      },
    });
  });

  it("what was delivered is counted", async () => {
    const ledger = scriptLedger(() => accepted());
    await deliver(paymentIntentSucceeded({ account_id: "acct_1" }));
    await deliver(stripeEvent("customer.created", { id: "cus_1", object: "customer" }));
    ledger.answer(() => refused(503));
    await deliver(paymentIntentSucceeded({ account_id: "acct_1", amount: 100 }));
    await deliver(paymentIntentSucceeded({ account_id: "acct_1", amount: 50, currency: "eur" }));
    // Of what cannot be settled there may still be an amount to be read.
    await deliver(payoutPaid({ amount: 7, currency: "gbp" }));
    await deliver(payoutPaid({ amount: 7, currency: "xxx" }));
    await deliver(payoutPaid({ amount: -3, currency: "usd" }));
    expect(await stats()).toMatchObject({
      states: { ...STATES, failed: 5, forwarded: 1, ignored: 1 },
      open: [
        { currency: "EUR", count: 1, amount_minor: "50" },
        { currency: "GBP", count: 1, amount_minor: "7" },
        { currency: "USD", count: 1, amount_minor: "100" },
        // No currency that anybody pays with; and an amount that is none.
        { currency: null, count: 2, amount_minor: null },
      ],
      attempts: 3,
      last_24h: { received: 7, forwarded: 1, failed: 5, ignored: 1, resolved: 0, attempts: 3 },
    });
  });

  it("sums are exact where numbers are not: 3,000 of the largest amount", async () => {
    const largest = String(Number.MAX_SAFE_INTEGER);
    const rows = Array.from({ length: 3_000 }, (_, i) =>
      summary({ event_id: `evt_${i}`, ...FAILED, amount_minor: largest }),
    );
    await fill(rows);
    expect((await stats()).open).toEqual([
      { currency: "USD", count: 3_000, amount_minor: String(BigInt(largest) * 3_000n) },
    ]);
  });

  it("the age is that of the oldest open event, whatever is older and settled", async () => {
    const ago = (ms: number) => ({ received_at: Date.now() - ms, updated_at: Date.now() });
    await fill([
      summary({ event_id: "evt_a", ...ago(9_000_000) }),
      summary({ event_id: "evt_b", ...FAILED, ...ago(3_600_999) }),
      summary({ event_id: "evt_c", ...FAILED, ...ago(60_000) }),
    ]);
    expect((await stats()).oldest_open_age_seconds).toBe(3_600);
  });

  it("the last 24 hours are by when the event came", async () => {
    const now = Date.now();
    await fill([
      summary({ event_id: "evt_a", attempts: 4, received_at: now - DAY - 60_000, updated_at: now }),
      summary({ event_id: "evt_b", attempts: 2, received_at: now - DAY + 60_000, state: "resolved" }),
    ]);
    expect(await stats()).toMatchObject({
      attempts: 6,
      last_24h: { received: 1, forwarded: 0, resolved: 1, attempts: 2 },
    });
  });

  it("one shard out of reach → 503, not numbers that are too low", async () => {
    for (const path of ["/v1/admin/stats", "/metrics"]) {
      const answer = await operator("GET", path, undefined, { env: withoutShard(7) });
      expect([answer.status, answer.body.code]).toEqual([503, "EVENT_OBJECT_UNAVAILABLE"]);
    }
  });
});

describe("GET /metrics", () => {
  it("the same numbers, in the text format", async () => {
    await fill([
      summary({ event_id: "evt_a" }),
      summary({
        event_id: "evt_b",
        ...FAILED,
        amount_minor: "9007199254740991",
        received_at: Date.now() - 5_000,
      }),
      summary({ event_id: "evt_c", ...FAILED, amount_minor: null, currency: null, received_at: Date.now() }),
    ]);
    await shardStub(1).addRescues("sweep-1", 2);
    const answer = await operator("GET", "/metrics", undefined, { key: "test-settle-read-key" });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const lines: string[] = answer.body.split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        "# TYPE clawsettle_events gauge",
        'clawsettle_events{state="forwarded"} 1',
        'clawsettle_events{state="failed"} 2',
        'clawsettle_events{state="received"} 0',
        'clawsettle_open_events{currency="USD"} 1',
        'clawsettle_open_events{currency="unknown"} 1',
        'clawsettle_open_amount_minor{currency="USD"} 9007199254740991',
        "clawsettle_oldest_open_age_seconds 5",
        "clawsettle_attempts 3",
        "# TYPE clawsettle_watchdog_rescues_total counter",
        "clawsettle_watchdog_rescues_total 2",
        'clawsettle_last_24h{count="received"} 2',
      ]),
    );
  });

  it("each line is a comment or a sample, each family has HELP and TYPE, and the last line ends", async () => {
    await fill([summary({ ...FAILED })]);
    const text: string = (await operator("GET", "/metrics")).body;
    expect(text.endsWith("\n")).toBe(true);
    const families = new Map<string, string[]>();
    for (const line of text.trimEnd().split("\n")) {
      const comment = /^# (HELP|TYPE) ([a-z_0-9]+) .+$/.exec(line);
      const sample = /^([a-z_0-9]+)(\{[a-z]+="[A-Za-z_0-9]+"\})? [0-9]+$/.exec(line);
      expect([line, comment ?? sample]).not.toEqual([line, null]);
      const name = comment?.[2] ?? sample?.[1] ?? "";
      families.set(name, [...(families.get(name) ?? []), comment?.[1] ?? "sample"]);
    }
    for (const kinds of families.values()) expect(kinds.slice(0, 3)).toEqual(["HELP", "TYPE", "sample"]);
  });
});
