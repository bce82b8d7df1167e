/**
 * The verdict of the drills is tested: each way to break the promise is planted
 * in sound evidence, and must be found.
 */
import { describe, expect, it } from "vitest";
import type { Evidence } from "../../../../../scripts/proof/drill/evidence.ts";
import type { Disagreement } from "../../../../../scripts/proof/drill/verdict/disagreement.ts";
import { verdict } from "../../../../../scripts/proof/drill/verdict/verdict.ts";
import type { EventState } from "../../../../../src/event/event-state.ts";
import { type ExpectedEnd, expectedEnd } from "../../../../../scripts/proof/drill/expected-end.ts";
import { planDrill } from "../../../../../scripts/proof/drill/plan-drill.ts";
import { Random } from "../../../../../scripts/lib/random.ts";
import type { Settlement } from "../../../../../scripts/sandbox/ledger/contract.ts";
import { perfectEvidence } from "./perfect.ts";

/** Enough for every expected end to be among them. */
const EVENTS = 600;
const plan = planDrill(new Random(3), EVENTS, 5);
const sound = perfectEvidence(plan);

function eventOf(end: ExpectedEnd): string {
  const event = plan.events.find(
    (candidate) => expectedEnd(candidate) === end && candidate.movement?.delta !== 0n,
  );
  if (event === undefined) throw new Error(`the plan has no event that ends ${end}`);
  return event.id;
}

/** Of a payment, refund or dispute that has no twin. */
const paid = plan.events.find(
  (event) =>
    expectedEnd(event) === "forwarded" &&
    (event.movement?.delta ?? 0n) !== 0n &&
    plan.events.filter(({ movement }) => movement === event.movement).length === 1,
)!;
const key = `stripe:event:${paid.id}`;

function withView(id: string, change: Partial<EventState>): Evidence {
  const view = { ...sound.views.get(id)!, ...change };
  return { ...sound, views: new Map([...sound.views, [id, view]]) };
}

function without<V>(map: ReadonlyMap<string, V>, id: string): Map<string, V> {
  return new Map([...map].filter(([name]) => name !== id));
}

function withSettlement(change: (settlement: Settlement) => Settlement[]): Evidence {
  const settlements = sound.settlements.flatMap((settlement) =>
    settlement.metadata["stripe_event_id"] === paid.id ? change(settlement) : [settlement],
  );
  return { ...sound, settlements };
}

function said(found: readonly Disagreement[]): string {
  return found.map(({ about, what }) => `${about} ${what}`).join("\n");
}

describe("sound evidence", () => {
  it("has an event of every expected end", () => {
    expect(new Set(plan.events.map(expectedEnd))).toEqual(
      new Set([
        "forwarded",
        "ignored",
        "unmappable",
        "without_payment",
        "without_debit",
        "forwarded_or_overtaken",
      ]),
    );
  });

  it("→ no disagreement", () => {
    expect(said(verdict(sound))).toBe("");
  });
});

describe("an event", () => {
  it("that clawsettle does not know → lost", () => {
    const found = verdict({ ...sound, views: without(sound.views, paid.id) });
    expect(said(found)).toContain(`${paid.id} is lost`);
  });

  it.each(["received", "forwarding"] as const)("that ends as %s → found", (state) => {
    expect(said(verdict(withView(paid.id, { state })))).toContain(
      `${paid.id} is ${state}, and should be forwarded`,
    );
  });

  it.each<[ExpectedEnd, EventState["state"]]>([
    ["forwarded", "ignored"],
    ["forwarded", "resolved"],
    ["ignored", "forwarded"],
    ["unmappable", "ignored"],
    ["without_payment", "forwarded"],
  ])("that should be %s and is %s → found", (end, state) => {
    const id = eventOf(end);
    expect(said(verdict(withView(id, { state })))).toContain(`${id} is ${state}`);
  });

  it("that failed for a reason which is not in the plan → found", () => {
    const ledger_code = "SETTLEMENT_REJECTED";
    const last_error = { code: "LEDGER_INGEST_FAILED", ledger_code, ledger_status: 422, message: "" };
    expect(said(verdict(withView(eventOf("without_payment"), { last_error })))).toContain(
      "nothing in the plan explains",
    );
  });
});

describe("a failure that operators do not see", () => {
  it("no row → found", () => {
    const id = eventOf("unmappable");
    const found = verdict({ ...sound, rows: sound.rows.filter(({ event_id }) => event_id !== id) });
    expect(said(found)).toContain(`${id} is failed, and not listed`);
  });

  it("a row that says ignored → found", () => {
    const id = eventOf("unmappable");
    const rows = sound.rows.map((row) => (row.event_id === id ? { ...row, state: "ignored" as const } : row));
    expect(said(verdict({ ...sound, rows }))).toContain(`${id} is listed with state ignored, and has failed`);
  });

  it("statistics that leave it out → found", () => {
    const stats = { ...sound.stats, states: { ...sound.stats.states, failed: 0 }, open: [] };
    const found = said(verdict({ ...sound, stats }));
    expect(found).toContain("the statistics count 0 failed");
    expect(found).toContain("the statistics sum up undefined as open");
  });

  it("a row that is listed twice → found", () => {
    const found = verdict({ ...sound, rows: [...sound.rows, sound.rows[0]!] });
    expect(said(found)).toContain("is listed twice");
  });
});

describe("the ledger", () => {
  it("lacks a movement that is said to be forwarded → found, by the movement and by the event", () => {
    const found = said(verdict(withSettlement(() => [])));
    expect(found).toContain(`${paid.movement?.name} is not in the ledger`);
    expect(found).toContain(`${paid.id} is forwarded as`);
  });

  it("has a movement twice → found", () => {
    const found = verdict(withSettlement((settlement) => [settlement, { ...settlement, id: "stl_again" }]));
    expect(said(found)).toContain(`${paid.movement?.name} stands in the ledger 2 times`);
  });

  it("has a settlement of nothing → found", () => {
    const stray = { ...sound.settlements[0]!, id: "stl_stray", metadata: { stripe_event_id: "evt_never" } };
    const found = verdict({ ...sound, settlements: [...sound.settlements, stray] });
    expect(said(found)).toBe("stl_stray stands in the ledger, and nothing happened at Stripe");
  });

  it.each<[string, Partial<Settlement>]>([
    ["amount_minor", { amount_minor: "1234567" }],
    ["account_id", { account_id: "acc_other" }],
    ["currency", { currency: "XAF" }],
    ["direction", { direction: "payout" }],
    ["status", { status: "reversed" }],
  ])("has a movement with another %s → found", (field, change) => {
    const found = verdict(withSettlement((settlement) => [{ ...settlement, ...change }]));
    expect(said(found)).toContain(`${paid.movement?.name} has ${field} `);
  });

  it("has recorded a payout with another amount → found", () => {
    const payout = plan.events.find(
      (event) => event.type === "payout.paid" && expectedEnd(event) === "forwarded",
    )!;
    const settlements = sound.settlements.map((settlement) =>
      settlement.metadata["stripe_event_id"] === payout.id
        ? { ...settlement, amount_minor: "7" }
        : settlement,
    );
    expect(said(verdict({ ...sound, settlements }))).toContain(`${payout.id} is recorded as 7`);
  });

  it.each([
    ["more", 1n],
    ["less", -1n],
  ])("has one minor unit %s on an account → found", (_what, by) => {
    const [account, sums] = [...sound.balances].find(([, all]) => Object.keys(all).length > 0)!;
    const [currency, sum] = Object.entries(sums)[0]!;
    const wrong = { ...sums, [currency]: String(BigInt(sum) + by) };
    const found = verdict({ ...sound, balances: new Map([...sound.balances, [account, wrong]]) });
    expect(said(found)).toBe(
      `${account} has ${BigInt(sum) + by} ${currency} in the ledger, and ${sum} by what happened`,
    );
  });
});

describe("the requests at the ledger", () => {
  const again = { ...sound.requests.find((request) => request.idempotency_key === key)! };
  const last = sound.requests.length;

  it("one event, other bytes → found", () => {
    const requests = [...sound.requests, { ...again, seq: last + 1, body_sha256: "other" }];
    const found = said(verdict({ ...withView(paid.id, { attempts: 2 }), requests }));
    expect(found).toContain(`${paid.id} was sent to the ledger with 2 payloads`);
  });

  it("always the same bytes, but not those on record → found", () => {
    const found = verdict(
      withView(paid.id, { evidence: { ...sound.views.get(paid.id)!.evidence, payload_sha256: "other" } }),
    );
    expect(said(found)).toBe(`${paid.id} was sent with other bytes than those on record`);
  });

  it("more requests than attempts on record → found", () => {
    const found = verdict({ ...sound, requests: [...sound.requests, { ...again, seq: last + 1 }] });
    expect(said(found)).toBe(`${paid.id} was sent 2 times in 1 attempts`);
  });

  it("forwarded without a request → found", () => {
    const requests = sound.requests.filter((request) => request.idempotency_key !== key);
    expect(said(verdict({ ...sound, requests }))).toContain(`${paid.id} is forwarded, and was never sent`);
  });

  it("a key of no event → found", () => {
    const requests = [
      ...sound.requests,
      { ...again, seq: last + 1, idempotency_key: "stripe:event:evt_never" },
    ];
    expect(said(verdict({ ...sound, requests }))).toBe(
      "key stripe:event:evt_never was used, and no event has it",
    );
  });

  it("a request for an event that moves no money → found", () => {
    const id = eventOf("ignored");
    const requests = [...sound.requests, { ...again, seq: last + 1, idempotency_key: `stripe:event:${id}` }];
    expect(said(verdict({ ...sound, requests }))).toContain(`${id} moves no money, and was sent`);
  });

  it("a log from which rows are missing → found, since it proves nothing", () => {
    const requests = sound.requests.filter(({ seq }) => seq !== 5);
    expect(said(verdict({ ...sound, requests }))).toContain("request 6 comes after a gap in the log");
  });
});

describe("the answers to Stripe", () => {
  function withDelivered(id: string, change: object): Evidence {
    const delivered = { ...sound.delivered.get(id)!, ...change };
    return { ...sound, delivered: new Map([...sound.delivered, [id, delivered]]) };
  }
  const answer = [...sound.delivered.get(paid.id)!.answers][0]!;

  it("a replay in other words → found", () => {
    const answers = new Set([answer, JSON.stringify({ ...JSON.parse(answer), settlement_id: "stl_other" })]);
    expect(said(verdict(withDelivered(paid.id, { answers })))).toContain(`${paid.id} was answered in 2 ways`);
  });

  it("an answer that is not what is on record → found", () => {
    const answers = new Set([JSON.stringify({ ...JSON.parse(answer), settlement_id: "stl_other" })]);
    expect(said(verdict(withDelivered(paid.id, { answers })))).toContain("and its snapshot is");
  });

  it("new twice → found", () => {
    expect(said(verdict(withDelivered(paid.id, { firsts: 2 })))).toBe(
      `${paid.id} was 2 times answered as new`,
    );
  });

  it("a 2xx for what is not settled → found", () => {
    const id = eventOf("without_payment");
    expect(said(verdict(withDelivered(id, { accepted: true })))).toBe(
      `${id} was acknowledged, and is not settled`,
    );
  });

  it("settled, and Stripe never heard of it → found", () => {
    expect(said(verdict(withDelivered(paid.id, { accepted: false, answers: new Set() })))).toBe(
      `${paid.id} is settled, and Stripe never got a 2xx`,
    );
  });
});
