import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Judged } from "../../../../src/reconciler/findings.ts";
import type { PageOutcome } from "../../../../src/reconciler/ports.ts";
import { afterPage } from "../../../../src/reconciler/progress.ts";
import { walkPage } from "../../../../src/reconciler/walk-page.ts";
import { isExpired, PURGE_MARGIN_MS } from "../../../../src/reconciler/window.ts";
import { EVENT_MAX_BYTES } from "../../../../src/stripe/event.ts";
import type { ListAnswer } from "../../../../src/stripe-api/port.ts";
import { type ListedEvent, PageWorld, type Stored } from "../../../support/page-world.ts";
import { DAY, failedForGood, forwarded, healing, IGNORED, received, T0 } from "../../../support/records.ts";

const NOW_SECONDS = T0 / 1_000;
const listed = (id: string, ageSeconds: number, more: Partial<ListedEvent> = {}): ListedEvent => ({
  id,
  created: NOW_SECONDS - ageSeconds,
  ...more,
});
const walk = (world: PageWorld) => walkPage(world.run, world.ports);
const POSITION = { starting_after: "evt_1", created_lt: null, last_created: 500, seen: ["evt_1"] };

describe("the question to Stripe", () => {
  it("of a first page → the window in whole seconds, all types, the most that a page can hold", async () => {
    const world = new PageWorld([], { from: T0 - 3_600_500, to: T0 - 500 });
    await walk(world);
    expect(world.called("list")).toEqual([
      {
        types: ["payment_intent.succeeded"],
        createdGte: NOW_SECONDS - 3_600,
        createdLt: NOW_SECONDS,
        startingAfter: null,
        limit: 100,
      },
    ]);
  });

  it.each([
    ["after an event", POSITION, { startingAfter: "evt_1", createdLt: NOW_SECONDS }],
    ["after Stripe lost it", { ...POSITION, starting_after: null, created_lt: 501 }, { createdLt: 501 }],
    ["never past the window", { ...POSITION, created_lt: NOW_SECONDS + 9 }, { createdLt: NOW_SECONDS }],
  ])("%s → %2$j", async (_, cursor, query) => {
    const world = new PageWorld([listed("evt_1", 1)], { cursor });
    await walk(world);
    expect(world.called("list")).toEqual([expect.objectContaining(query)]);
  });
});

describe("an answer without a page", () => {
  const later = { kind: "later", why: "stripe_unavailable" };
  it.each<[string, ListAnswer, object]>([
    ["refused", { kind: "refused", status: 401 }, { kind: "failed", error: "stripe_unauthorized" }],
    ["rejected", { kind: "rejected", status: 400 }, { kind: "failed", error: "stripe_rejected" }],
    ["an outage", { kind: "unavailable", status: 503, retryAfter: null }, { ...later, retryAfterMs: null }],
    ["Retry-After", { kind: "unavailable", status: 429, retryAfter: "7" }, { ...later, retryAfterMs: 7_000 }],
    [
      "a date in Retry-After",
      { kind: "unavailable", status: 429, retryAfter: new Date(T0 + 9_000).toUTCString() },
      { ...later, retryAfterMs: 9_000 },
    ],
  ])("%s → %3$j, and nothing is inspected", async (_, answer, outcome) => {
    const world = new PageWorld();
    world.answer = answer;
    expect(await walk(world)).toEqual(outcome);
    expect(world.calls.map(([port]) => port)).toEqual(["list"]);
  });

  it("Stripe has lost the last id → from that second's end; of a first page → failed", async () => {
    const world = new PageWorld([], { cursor: POSITION });
    expect(await walk(world)).toEqual({
      kind: "reposition",
      position: { ...POSITION, starting_after: null, created_lt: 501 },
    });
    const first = new PageWorld();
    first.answer = { kind: "starting_after_unknown" };
    expect(await walk(first)).toEqual({ kind: "failed", error: "stripe_rejected" });
  });
});

describe("a page", () => {
  it("→ its findings, the position after its last event, and that event's time", async () => {
    const world = new PageWorld([
      listed("evt_3", 5),
      listed("evt_2", 10),
      listed("evt_1", 20),
      listed("evt_0", 30),
    ]);
    world.pageSize = 3;
    const page = await walk(world);
    const last_created = NOW_SECONDS - 20;
    expect(page).toMatchObject({
      kind: "page",
      position: { starting_after: "evt_1", created_lt: null, last_created, seen: ["evt_1"] },
      walked: false,
      reached: T0 - 20_000,
    });
    expect(page).toHaveProperty("findings.length", 3);
  });

  it("the last, without events → all is walked, as far as before", async () => {
    const world = new PageWorld([], { cursor: POSITION, reached: 500_000 });
    world.answer = { kind: "page", items: [], hasMore: false };
    const position = POSITION;
    expect(await walk(world)).toEqual({
      kind: "page",
      findings: [],
      names: [],
      backed: [],
      examined: [],
      position,
      walked: true,
      reached: 500_000,
    });
  });

  it("with an event that was handled before → it is not examined again", async () => {
    const world = new PageWorld([], { cursor: { ...POSITION, starting_after: null } });
    world.answer = { kind: "page", items: [listed("evt_1", 9), listed("evt_2", 9)], hasMore: false };
    await walk(world);
    expect(new Set(world.called("inspect"))).toEqual(new Set(["evt_2"]));
  });

  it.each([{}, { id: "evt_1" }, null])(
    "with %j → no list of Stripe's: again later, nothing inspected",
    async (event) => {
      const world = new PageWorld([listed("evt_2", 10), event]);
      world.answer = { kind: "page", items: world.events, hasMore: false };
      expect(await walk(world)).toEqual({ kind: "later", why: "stripe_rejected", retryAfterMs: null });
      expect(world.called("inspect")).toEqual([]);
    },
  );

  it("with an event of the other mode → the run fails, nothing inspected", async () => {
    const world = new PageWorld([listed("evt_2", 10), listed("evt_1", 20, { refused: "livemode_mismatch" })]);
    expect(await walk(world)).toEqual({ kind: "failed", error: "livemode_mismatch" });
    expect(world.called("inspect")).toEqual([]);
  });

  it("with an event that cannot be taken → malformed, for its reason; the others are examined", async () => {
    const world = new PageWorld([listed("evt_2", 10), listed("evt_1", 20, { refused: "invalid_request" })]);
    expect(await walk(world)).toMatchObject({
      findings: [
        { differences: [{ event_id: "evt_2", kind: "backfilled" }] },
        { differences: [{ event_id: "evt_1", kind: "malformed", reason: "invalid_request" }], amounts: [] },
      ],
    });
  });

  it("with an event as large as one may be → prepared; a byte larger → malformed, not prepared", async () => {
    const sized = (id: string, bytes: number) => {
      const empty = listed(id, 10, { padding: "" });
      return { ...empty, padding: "x".repeat(bytes - JSON.stringify(empty).length) };
    };
    const world = new PageWorld([sized("evt_2", EVENT_MAX_BYTES), sized("evt_1", EVENT_MAX_BYTES + 1)]);
    expect(await walk(world)).toMatchObject({
      findings: [
        { differences: [{ event_id: "evt_2", kind: "backfilled" }] },
        { differences: [{ event_id: "evt_1", kind: "malformed", reason: "payload_too_large" }] },
      ],
    });
    expect(world.called("prepare")).toEqual(["evt_2"]);
  });

  it("whose ledger is silent → again later", async () => {
    const world = new PageWorld([listed("evt_1", 10)]);
    world.ledger = () => ({ kind: "unknown", why: "timeout", ledger_status: null });
    expect(await walk(world)).toEqual({ kind: "later", why: "ledger_unavailable", retryAfterMs: null });
  });
});

function judgedOf({ findings }: Extract<PageOutcome, { kind: "page" }>): Judged[] {
  return findings.flatMap(({ differences }) =>
    differences.map((each) => Object.assign({ accepted: null }, each)),
  );
}

class Crash extends Error {}

/**
 * Page by page, as the object does it: after a crash from what is stored.
 * Returns the events that were counted.
 */
async function walkAll(world: PageWorld): Promise<{ events: number; counts: Record<string, number> }> {
  for (let pages = 0; pages < 1_000; pages++) {
    try {
      const outcome = await walk(world);
      if (outcome.kind === "reposition") world.run = { ...world.run, cursor: outcome.position };
      else if (outcome.kind === "page") world.run = afterPage(world.run, outcome, judgedOf(outcome), 0);
      else throw new Error(`unexpected: ${JSON.stringify(outcome)}`);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
    if (world.run.walked) return { events: world.run.events, counts: world.run.counts };
  }
  throw new Error("it never ends");
}

const STATES: Record<string, (event_id: string) => Stored | undefined> = {
  unknown: () => undefined,
  unreachable: () => "unreachable",
  forwarded: (event_id) => forwarded({ event_id }),
  failed: (event_id) => failedForGood({ event_id }),
  overdue: (event_id) => healing({ event_id, next_retry_at: T0 }),
  received: (event_id) => received({ event_id }),
};

const history = fc.record({
  events: fc.array(
    fc.record({
      ageSeconds: fc.oneof(fc.nat(3), fc.nat((30 * DAY) / 1_000 - 1)),
      state: fc.constantFrom(...Object.keys(STATES)),
      ignored: fc.boolean(),
    }),
    { maxLength: 30 },
  ),
  pageSize: fc.integer({ min: 1, max: 7 }),
  purgedBefore: fc.integer({ min: T0 - 40 * DAY, max: T0 }),
  crashes: fc.uniqueArray(fc.nat(200), { maxLength: 8 }),
  forgets: fc.array(fc.boolean(), { maxLength: 20 }),
});
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

function worldOf({ events, pageSize, purgedBefore, crashes, forgets }: History, dryRun: boolean): PageWorld {
  const list = events
    .map(({ ageSeconds, state, ignored }, i) => ({
      ...listed(`evt_${i}`, ageSeconds + 1, ignored ? { mapping: IGNORED } : {}),
      state,
    }))
    .sort((a, b) => b.created - a.created);
  const world = new PageWorld(list, { dry_run: dryRun });
  world.pageSize = pageSize;
  world.bounds = { ...world.bounds, purged_before: purgedBefore };
  for (const { id, state } of list) {
    const stored = STATES[state]?.(id);
    if (stored !== undefined) world.objects.set(id, stored);
  }
  world.poked = (event_id, stored) => (stored === "unreachable" ? stored : forwarded({ event_id }));
  let calls = 0;
  let questions = 0;
  world.before = (port) => {
    if (crashes.includes(calls++)) throw new Crash();
    if (port !== "list" || !forgets[questions++]) return;
    // Stripe forgets where this run was, but a list that has lost an event lists it no more.
    const { starting_after } = world.run.cursor;
    world.events = (world.events as ListedEvent[]).filter(({ id }) => id !== starting_after);
  };
  return world;
}

describe("any list, in pages of any size, whatever crashes and whatever Stripe forgets", () => {
  it("→ each listed event is judged exactly once", async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.boolean(), async (given, dryRun) => {
        expect((await walkAll(worldOf(given, dryRun))).events).toBe(given.events.length);
      }),
    );
  });

  it("a dry run → nothing is delivered, poked or recorded", async () => {
    await fc.assert(
      fc.asyncProperty(history, async (given) => {
        const world = worldOf(given, true);
        await walkAll(world);
        const acts = world.calls.filter(([port]) => ["deliver", "poke", "recordActing"].includes(port));
        expect(acts).toEqual([]);
      }),
    );
  });

  it("an event that may have been purged → is never delivered; what is unknown and kept → is, once", async () => {
    await fc.assert(
      fc.asyncProperty(history, async (given) => {
        const world = worldOf(given, false);
        const listedAtFirst = world.events as (ListedEvent & { state: string })[];
        await walkAll(world);
        const wanted = listedAtFirst.filter(
          ({ created, state }) =>
            state === "unknown" && created * 1_000 >= given.purgedBefore + PURGE_MARGIN_MS,
        );
        expect(wanted.some(({ created }) => isExpired(created * 1_000, world.bounds))).toBe(false);
        expect(world.called("deliver").toSorted()).toEqual(wanted.map(({ id }) => id).toSorted());
      }),
    );
  });

  it("what was delivered or woken, before a crash or after → is reported as this run's doing", async () => {
    await fc.assert(
      fc.asyncProperty(history, async (given) => {
        const world = worldOf(given, false);
        const states = (world.events as { id: string; state: string }[]).map(({ state }) => state);
        const { counts } = await walkAll(world);
        expect(counts["backfilled"] ?? 0).toBe(world.called("deliver").length);
        expect(counts["healed"] ?? 0).toBe(states.filter((state) => state === "overdue").length);
      }),
    );
  });

  it("whatever is delivered → was recorded before", async () => {
    await fc.assert(
      fc.asyncProperty(history, async (given) => {
        const world = worldOf(given, false);
        const unrecorded: unknown[] = [];
        const { before } = world;
        world.before = (port, argument) => {
          before(port, argument);
          if (port === "deliver" && world.run.acting[String(argument)] !== "deliver")
            unrecorded.push(argument);
        };
        await walkAll(world);
        expect(unrecorded).toEqual([]);
      }),
    );
  });
});
