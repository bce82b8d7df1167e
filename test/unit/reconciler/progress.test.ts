import { describe, expect, it } from "vitest";
import { AT_THE_NEWEST } from "../../../src/reconciler/cursor.ts";
import type { Finding, Kind } from "../../../src/reconciler/findings.ts";
import { afterFailure, afterPage } from "../../../src/reconciler/progress.ts";
import { finish, holdingOf, newRun, runSchema, type Running } from "../../../src/reconciler/run.ts";

const NOW = 1_800_000_000_000;

const run = (over: Partial<Running> = {}): Running => ({
  ...newRun(
    {
      id: "rec_1",
      origin: "operator",
      actor: "ada",
      from: NOW - 7_200_000,
      to: NOW - 3_600_000,
      dry_run: false,
      refund_events: "charge",
      gap: null,
    },
    NOW,
  ),
  ...over,
});

const finding = (...kinds: Kind[]): Finding => ({
  differences: kinds.map((kind) => ({
    event_id: "evt_1",
    event_type: "payment_intent.succeeded",
    created_at: "2027-01-15T00:00:00.000Z",
    kind,
    field: "",
    ours: null,
    theirs: null,
    reason: null,
    payment_id: null,
    direction: null,
    status: null,
    currency: null,
    amount_minor: null,
  })),
  amounts: [
    { side: "stripe", currency: "EUR", direction: "payin", status: "confirmed", amount_minor: "100" },
  ],
});

describe("after a page", () => {
  const cursor = { ...AT_THE_NEWEST, starting_after: "evt_1", last_created: 5, seen: ["evt_1"] };
  const page = {
    kind: "page" as const,
    findings: [finding("missing", "missing"), finding("backfilled"), finding()],
    cursor,
    walked: true,
    reached: NOW - 5,
  };

  it("→ its events, kinds and sums are added, and the list goes on from there", () => {
    const before = run({ pages: 2, events: 200, listed: 7, counts: { missing: 1, open: 4 } });
    expect(afterPage(before, page, 3)).toEqual({
      ...before,
      pages: 3,
      events: 203,
      listed: 10,
      counts: { missing: 3, open: 4, backfilled: 1 },
      totals: [
        {
          currency: "EUR",
          direction: "payin",
          status: "confirmed",
          stripe: { count: 3, amount_minor: "300" },
          clawsettle: { count: 0, amount_minor: "0" },
          ledger: { count: 0, amount_minor: "0" },
        },
      ],
      cursor,
      walked: true,
      reached: NOW - 5,
    });
  });

  it("that came after failures → they are forgotten, and so is what was being done about its events", () => {
    const before = run({
      acting: { evt_1: "deliver" },
      failures: 3,
      last_failure: "stripe_unavailable",
      next_try_at: NOW,
    });
    expect(afterPage(before, page, 0)).toMatchObject({
      acting: {},
      failures: 0,
      last_failure: null,
      next_try_at: null,
    });
  });

  it("→ still what the store takes", () => {
    expect(runSchema.parse(afterPage(run(), page, 3))).toEqual(afterPage(run(), page, 3));
  });
});

describe("after a failure", () => {
  const moment = { now: NOW, random: 1 };

  it("→ waits, and keeps what it was doing: the page comes again", () => {
    const before = run({ pages: 4, acting: { evt_1: "poke" } });
    expect(afterFailure(before, "ledger_unavailable", null, moment)).toEqual({
      ...before,
      failures: 1,
      last_failure: "ledger_unavailable",
      next_try_at: NOW + 5_000,
    });
  });

  it("Retry-After → not before", () => {
    expect(afterFailure(run(), "stripe_unavailable", 60_000, moment)).toMatchObject({
      next_try_at: NOW + 60_000,
    });
  });

  it("the twelfth in a row → failed with the last reason, and what was found so far stays", () => {
    const before = run({
      failures: 11,
      last_failure: "ledger_unavailable",
      pages: 4,
      counts: { missing: 2 },
    });
    expect(afterFailure(before, "stripe_unavailable", null, moment)).toMatchObject({
      status: "failed",
      error: "stripe_unavailable",
      finished_at: NOW,
      pages: 4,
      counts: { missing: 2 },
    });
  });
});

describe("the end of a run", () => {
  it.each([
    [{ status: "complete", content_sha256: "ab" }],
    [{ status: "failed", error: "internal" }],
    [{ status: "cancelled" }],
  ] as const)("%j → what only a run at work has is gone, and the store takes it", (end) => {
    const finished = finish(run({ acting: { evt_1: "deliver" }, pages: 3 }), end, NOW + 1);
    expect(runSchema.parse(finished)).toEqual(finished);
    expect(finished).toMatchObject({ ...end, finished_at: NOW + 1, pages: 3, actor: "ada" });
    expect(Object.keys(finished)).not.toContain("acting");
  });
});

describe("what holds the watermark back", () => {
  it("→ only what Stripe lists and is not here", () => {
    const counts = {
      missing: 1,
      expired: 10,
      malformed: 100,
      unreachable: 1_000,
      backfilled: 5,
      open: 5,
      failed: 5,
      mismatched: 5,
      unverified: 5,
    };
    expect(holdingOf({ counts })).toBe(1_111);
    expect(holdingOf({ counts: {} })).toBe(0);
  });
});
