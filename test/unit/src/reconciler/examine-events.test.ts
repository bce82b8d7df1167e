import { describe, expect, it } from "vitest";
import { summaryOf } from "../../../../src/event/view.ts";
import type { ListedSettlement, SettlementLookup } from "../../../../src/ledger/port.ts";
import { type Candidate, examineEvents } from "../../../../src/reconciler/examine-events.ts";
import type { Finding } from "../../../../src/reconciler/findings.ts";
import { freeze, thaw } from "../../../../src/settlement/settlement.ts";
import { AGREES, PageWorld } from "../../../support/page-world.ts";
import {
  delivery,
  failedForGood,
  forwarded,
  forwarding,
  healing,
  ignored,
  received,
  SETTLEMENT,
  T0,
  unmappable,
} from "../../../support/records.ts";

const CREATED = T0 / 1_000 - 60;
const candidate = (id: string, settlement = SETTLEMENT): Candidate => ({
  entry: { id, created: CREATED },
  prepared: {
    kind: "delivery",
    delivery: delivery({ event_id: id, secret_index: null, mapping: { kind: "settlement", settlement } }),
  },
});
const candidates = (...ids: string[]) => ids.map((id) => candidate(id));
const many = (count: number) => Array.from({ length: count }, (_, i) => `evt_${i}`);

/** Stripe lists the money that was forwarded. */
function examine(world: PageWorld, ids: readonly string[]) {
  const listed = ids.map((id) => {
    const stored = world.objects.get(id);
    const isForwarded = typeof stored === "object" && stored.state === "forwarded";
    return candidate(id, isForwarded ? thaw(stored.payload) : SETTLEMENT);
  });
  return examineEvents(world.run, listed, world.ports);
}
async function findingsOf(world: PageWorld, ids: readonly string[]): Promise<readonly Finding[]> {
  const examination = await examine(world, ids);
  if ("kind" in examination) throw new Error(`postponed: ${examination.why}`);
  return examination.findings;
}
async function kindsOf(
  world: PageWorld,
  ids: readonly string[],
): Promise<[string | null, string, string | null][]> {
  const differences = (await findingsOf(world, ids)).flatMap((finding) => finding.differences);
  return differences.map(({ event_id, kind, reason }) => [event_id, kind, reason]);
}
/** What happened, in order, without what it was about. */
const steps = (world: PageWorld) => world.calls.map(([port]) => port);

describe("an event that is unknown", () => {
  it("→ inspected, recorded, delivered, inspected again, looked up in the ledger", async () => {
    const world = new PageWorld();
    expect(await kindsOf(world, ["evt_1"])).toEqual([["evt_1", "backfilled", null]]);
    expect(world.calls).toEqual([
      ["inspect", "evt_1"],
      ["bounds", null],
      ["recordActing", { evt_1: "deliver" }],
      ["deliver", "evt_1"],
      ["inspect", "evt_1"],
      ["findSettlement", "pi_1"],
    ]);
  });

  it("its time in seconds → judged in milliseconds", async () => {
    const [finding] = await findingsOf(new PageWorld(), ["evt_1"]);
    expect(finding?.differences[0]?.created_at).toBe(new Date(T0 - 60_000).toISOString());
  });

  it("its object does not take it → missing, not delivered", async () => {
    const world = new PageWorld();
    world.before = (port) => void (port === "deliver" && (world.delivered = () => "unreachable"));
    expect(await kindsOf(world, ["evt_1"])).toEqual([["evt_1", "unreachable", null]]);
    const lost = new PageWorld();
    const deliver = async () => undefined;
    const examined = await examineEvents(lost.run, candidates("evt_1"), { ...lost.ports, deliver });
    const findings = [{ differences: [{ kind: "missing", reason: "not_delivered" }] }];
    expect(examined).toMatchObject({ findings });
  });

  it("among others → all are inspected before anything is recorded, and all acts are recorded before the first", async () => {
    const world = new PageWorld();
    world.objects.set("evt_2", forwarded({ event_id: "evt_2" }));
    world.objects.set("evt_3", healing({ event_id: "evt_3", next_retry_at: T0 }));
    await examine(world, ["evt_1", "evt_2", "evt_3", "evt_4"]);
    expect(world.called("recordActing")).toEqual([{ evt_1: "deliver", evt_3: "poke", evt_4: "deliver" }]);
    const recorded = steps(world).indexOf("recordActing");
    expect(steps(world).slice(0, recorded)).toEqual(["inspect", "inspect", "inspect", "inspect", "bounds"]);
    expect(steps(world).slice(recorded + 1)).toEqual(expect.arrayContaining(["deliver", "poke"]));
  });

  it("purged while the events are inspected → not delivered", async () => {
    const world = new PageWorld();
    world.before = (port) =>
      void (port === "inspect" && (world.bounds = { ...world.bounds, purged_before: T0 }));
    expect(await kindsOf(world, ["evt_1"])).toEqual([["evt_1", "expired", null]]);
    expect(world.called("deliver")).toEqual([]);
  });
});

describe("an event that is known", () => {
  it.each([
    ["settled", forwarded({ event_id: "evt_1" })],
    ["ignored, as an attempt found out", ignored({ event_id: "evt_1", attempts: 1 })],
    ["failed for good", failedForGood({ event_id: "evt_1" })],
  ])("%s → inspected once, and left alone", async (_, record) => {
    const world = new PageWorld();
    world.objects.set("evt_1", record);
    await examine(world, ["evt_1"]);
    expect(steps(world).filter((port) => port !== "findSettlement")).toEqual(["inspect", "bounds"]);
  });

  it("overdue → recorded, poked; settled by that → healed", async () => {
    const world = new PageWorld();
    world.objects.set("evt_1", healing({ event_id: "evt_1", next_retry_at: T0 }));
    world.poked = (event_id) => forwarded({ event_id });
    expect(await kindsOf(world, ["evt_1"])).toEqual([["evt_1", "healed", null]]);
    expect(world.called("recordActing")).toEqual([{ evt_1: "poke" }]);
  });

  it.each([
    ["ignored", ignored({ event_id: "evt_1" })],
    ["unmappable", unmappable({ event_id: "evt_1" })],
  ])(
    "%s, and money now → recorded, delivered again, not poked; settled by that → healed",
    async (_, record) => {
      const world = new PageWorld();
      world.objects.set("evt_1", record);
      expect(await kindsOf(world, ["evt_1"])).toEqual([["evt_1", "healed", null]]);
      expect(steps(world)).toEqual([
        "inspect",
        "bounds",
        "recordActing",
        "deliver",
        "inspect",
        "findSettlement",
      ]);
      expect(world.called("recordActing")).toEqual([{ evt_1: "redeliver" }]);
    },
  );

  it("ignored, delivered again by this run before a crash → healed all the same", async () => {
    const world = new PageWorld([], { acting: { evt_1: "redeliver" } });
    world.objects.set("evt_1", forwarded({ event_id: "evt_1" }));
    expect(await kindsOf(world, ["evt_1"])).toEqual([["evt_1", "healed", null]]);
  });

  it("in an attempt → waited for, and that is nothing to record", async () => {
    const world = new PageWorld();
    world.objects.set("evt_1", received({ event_id: "evt_1" }));
    world.poked = (event_id) => forwarded({ event_id });
    expect(await kindsOf(world, ["evt_1"])).toEqual([]);
    expect(steps(world)).toEqual(["inspect", "bounds", "poke", "inspect", "findSettlement"]);
  });

  it("delivered by this run before a crash, overdue now → poked, and still this run's delivery", async () => {
    const world = new PageWorld([], { acting: { evt_1: "deliver", evt_9: "poke" } });
    world.objects.set("evt_1", healing({ event_id: "evt_1", secret: null, next_retry_at: T0 }));
    world.poked = (event_id) => forwarded({ event_id, secret: null });
    expect(await kindsOf(world, ["evt_1"])).toEqual([["evt_1", "backfilled", null]]);
    expect(world.called("recordActing")).toEqual([{ evt_1: "deliver", evt_9: "poke" }]);
  });

  it("that does not answer → unreachable, left alone, not looked up", async () => {
    const world = new PageWorld();
    world.objects.set("evt_1", "unreachable");
    expect(await kindsOf(world, ["evt_1"])).toEqual([["evt_1", "unreachable", null]]);
    expect(steps(world)).toEqual(["inspect", "bounds"]);
  });
});

describe("a dry run", () => {
  it("→ nothing is recorded, delivered or poked, and all is judged", async () => {
    const world = new PageWorld([], { dry_run: true });
    world.objects.set("evt_2", healing({ event_id: "evt_2", next_retry_at: T0 }));
    world.objects.set("evt_3", forwarding({ event_id: "evt_3" }));
    world.objects.set("evt_4", ignored({ event_id: "evt_4" }));
    expect(await kindsOf(world, ["evt_1", "evt_2", "evt_3", "evt_4"])).toEqual([
      ["evt_1", "missing", null],
      ["evt_2", "open", "ledger_unavailable"],
      ["evt_3", "open", null],
      ["evt_4", "ignored", "not_a_settlement_event"],
      ["evt_4", "conflicting", null],
    ]);
    expect(steps(world)).toEqual([...Array(4).fill("inspect"), "bounds"]);
  });
});

/** Forwarded events, each of a payment of its own, which the ledger is asked about by its number. */
function settled(ids: readonly string[], failures = 0): PageWorld {
  const world = new PageWorld([], { failures });
  for (const [i, event_id] of ids.entries()) {
    const payload = freeze({ ...SETTLEMENT, external_payment_id: `pi_${i}` });
    world.objects.set(event_id, forwarded({ event_id, payload }));
  }
  return world;
}

const TIMEOUT: SettlementLookup = { kind: "unknown", why: "timeout", ledger_status: null };
const DOWN: SettlementLookup = {
  kind: "unavailable",
  ledger_status: 503,
  ledger_code: null,
  retry_after_ms: 7_000,
};

describe("the ledger", () => {
  it("is asked by payment and direction", async () => {
    const asked: unknown[] = [];
    const world = settled(["evt_1"]);
    const ledger = { findSettlement: async (...key: unknown[]) => (asked.push(key), AGREES) };
    await examineEvents(world.run, candidates("evt_1"), { ...world.ports, ledger });
    expect(asked).toEqual([["pi_0", "payin"]]);
  });

  it("each answer → judged with the event that it is about", async () => {
    const world = settled(many(20));
    world.ledger = (payment) => (payment === "pi_13" ? { kind: "absent" } : AGREES);
    const kinds = (await kindsOf(world, many(20))).filter(([, kind]) => kind === "not_in_ledger");
    expect(kinds).toEqual([["evt_13", "not_in_ledger", null]]);
  });

  it.each<[string, SettlementLookup, number | null]>([
    ["a timeout", TIMEOUT, null],
    ["an outage, with a time", DOWN, 7_000],
    ["an outage, without a time", { ...DOWN, retry_after_ms: null }, null],
    ["a rate limit in front of it", { ...TIMEOUT, retry_after_ms: 9_000 }, 9_000],
  ])("%s → the page again later, and it is asked no further", async (_, answer, retryAfterMs) => {
    const world = settled(many(100));
    world.ledger = () => answer;
    expect(await examine(world, many(100))).toEqual({
      kind: "later",
      why: "ledger_unavailable",
      retryAfterMs,
    });
    expect(world.called("findSettlement").length).toBeLessThanOrEqual(6);
  });

  it.each<[string, SettlementLookup, string]>([
    ["not understood", { kind: "unknown", why: "answer_not_the_ledgers", ledger_status: 200 }, "ledger_200"],
    ["a refusal", { kind: "rejected", ledger_status: 400, ledger_code: "X" }, "ledger_400"],
  ])("%s → an answer: unverified, and the page goes on", async (_, answer, reason) => {
    const world = settled(["evt_1", "evt_2"]);
    world.ledger = (payment) => (payment === "pi_0" ? answer : AGREES);
    expect(await kindsOf(world, ["evt_1", "evt_2"])).toEqual([["evt_1", "unverified", reason]]);
  });

  it.each([
    [5, "one event", 1],
    [6, "all events", 100],
  ])(
    "silent, after %i failures of this page, about %s → the page again later",
    async (failures, _, silent) => {
      const world = settled(many(100), failures);
      world.ledger = (payment) => (Number(payment.slice(3)) < silent ? TIMEOUT : AGREES);
      expect(await examine(world, many(100))).toMatchObject({ kind: "later", why: "ledger_unavailable" });
    },
  );

  it("silent, after 6 failures of this page, about one event → unverified, and all others are looked up", async () => {
    const world = settled(many(100), 6);
    world.ledger = (payment) => (payment === "pi_0" ? TIMEOUT : AGREES);
    expect(await kindsOf(world, many(100))).toEqual([["evt_0", "unverified", "ledger_silent"]]);
    expect(world.called("findSettlement")).toHaveLength(100);
  });
});

describe("what was walked before", () => {
  const heldOf = (id: string): ListedSettlement => ({
    ...SETTLEMENT,
    external_payment_id: id,
    id: `stl_${id}`,
    latest_event_id: "led_1",
    settled_at: null,
    provider_created_at: null,
    created_at: new Date(T0).toISOString(),
    stripe_account: null,
    stripe_balance_transaction: null,
  });
  /** Each is settled, and both the index and the ledger were walked. */
  const walked = (ids: readonly string[], failures = 0) => {
    const world = settled(ids, failures);
    for (const [n, id] of ids.entries()) {
      const record = world.objects.get(id);
      if (typeof record !== "object") throw new Error(`${id} is not there`);
      const { state, ...summary } = summaryOf(record);
      if (state === "forwarded") world.summaries.set(id, { ...summary, state });
      world.held.set(`pi_${n}`, heldOf(`pi_${n}`));
    }
    return world;
  };

  it("a hundred that are over and right → no question at all; each is settled, with its settlement", async () => {
    const world = walked(many(100));
    const examined = await examine(world, many(100));
    if ("kind" in examined) throw new Error("postponed");
    expect(examined.findings.flatMap(({ differences }) => differences)).toEqual([]);
    expect(examined.findings.flatMap(({ amounts }) => amounts)).toHaveLength(300);
    expect([...examined.settled].map(([id, { external_payment_id }]) => [id, external_payment_id])).toEqual(
      many(100).map((id, n) => [id, `pi_${n}`]),
    );
    expect(new Set(steps(world))).toEqual(new Set(["bounds"]));
  });

  it("one has no row → its object is asked, and the ledger is not: it was walked", async () => {
    const world = walked(many(3));
    world.summaries.delete("evt_1");
    expect(await kindsOf(world, many(3))).toEqual([]);
    expect(world.called("inspect")).toEqual(["evt_1"]);
    expect(world.called("findSettlement")).toEqual([]);
  });

  it.each<[string, Partial<ListedSettlement> | null]>([
    ["none was walked", null],
    ["another amount was walked", { amount_minor: "1" }],
    ["another status was walked", { status: "failed" }],
    ["another account was walked", { account_id: "acc_other" }],
  ])("%s → object and ledger are asked, and the ledger's word of now counts", async (_, differs) => {
    const world = walked(many(3));
    if (differs === null) world.held.delete("pi_1");
    else world.held.set("pi_1", { ...heldOf("pi_1"), ...differs });
    expect(await kindsOf(world, many(3))).toEqual([]);
    expect([world.called("inspect"), world.called("findSettlement")]).toEqual([["evt_1"], ["pi_1"]]);
    world.ledger = () => ({ kind: "absent" });
    expect(await kindsOf(world, many(3))).toEqual([["evt_1", "not_in_ledger", null]]);
  });

  it("after 6 failures of this page → all are asked: else nobody knows whether the ledger answers about others", async () => {
    const world = walked(many(10), 6);
    world.ledger = (payment) => (payment === "pi_0" ? TIMEOUT : AGREES);
    expect(await kindsOf(world, many(10))).toEqual([["evt_0", "unverified", "ledger_silent"]]);
    expect(world.called("findSettlement")).toHaveLength(10);
  });
});

describe("a page of a hundred events", () => {
  it("→ at most six objects, and six look-ups in the ledger, at once", async () => {
    const world = new PageWorld();
    const busy = { inspect: 0, deliver: 0, findSettlement: 0 };
    const most = { ...busy };
    const counted =
      <Args extends unknown[], T>(port: keyof typeof busy, act: (...args: Args) => Promise<T>) =>
      async (...args: Args): Promise<T> => {
        most[port] = Math.max(most[port], ++busy[port]);
        await new Promise((resolve) => setImmediate(resolve));
        busy[port]--;
        return act(...args);
      };
    const { ports } = world;
    await examineEvents(world.run, candidates(...many(100)), {
      ...ports,
      inspect: counted("inspect", ports.inspect),
      deliver: counted("deliver", ports.deliver),
      ledger: { findSettlement: counted("findSettlement", ports.ledger.findSettlement) },
    });
    expect(most).toEqual({ inspect: 6, deliver: 6, findSettlement: 6 });
    expect(world.called("inspect")).toHaveLength(200);
  });
});

describe("an event of a connected account that is not named", () => {
  it("→ no object is asked, nothing is found", async () => {
    const world = new PageWorld();
    const prepared = {
      kind: "not_listed",
      event_id: "evt_1",
      event_type: "payment_intent.succeeded",
      stripe_account: "acct_1",
    } as const;
    const listed = { entry: { id: "evt_1", created: CREATED }, prepared };
    expect(await examineEvents(world.run, [listed], world.ports)).toEqual({
      findings: [],
      settled: new Map(),
    });
    expect(steps(world)).toEqual(["bounds"]);
  });
});

describe("what is no event of ours", () => {
  it.each([
    ["evt_1", "evt_1"],
    ["x".repeat(255), "x".repeat(255)],
    ["x".repeat(256), "unreadable"],
    ["<script>", "unreadable"],
    ["evt_1 ", "unreadable"],
    [" evt_1", "unreadable"],
  ])("%s → malformed, as %s, with its time and reason; no money; after all others", async (id, event_id) => {
    const world = new PageWorld();
    const failure = { kind: "invalid_request", problems: ["id"] } as const;
    const malformed = {
      entry: { id, created: CREATED },
      prepared: { kind: "refused", failure, why: "id" },
    } as const;
    const examined = await examineEvents(world.run, [malformed, candidate("evt_2")], world.ports);
    expect("findings" in examined && examined.findings).toEqual([
      expect.objectContaining({ differences: [expect.objectContaining({ event_id: "evt_2" })] }),
      {
        differences: [
          {
            event_id,
            event_type: "unreadable",
            created_at: new Date(T0 - 60_000).toISOString(),
            kind: "malformed",
            field: "",
            ours: null,
            theirs: null,
            reason: "invalid_request",
            payment_id: null,
            direction: null,
            status: null,
            currency: null,
            amount_minor: null,
            transaction_id: null,
            settlement_id: null,
          },
        ],
        amounts: [],
      },
    ]);
    expect(world.called("inspect")).not.toContain(id);
  });
});
