/**
 * Mode `as-is`: an ingest that other requests interleave with, or that is
 * cut off after any of its statements.
 */
import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { Answer, IngestBody } from "../../../../../scripts/sandbox/ledger/contract.ts";
import { ingest, ingestSteps, type IngestContext } from "../../../../../scripts/sandbox/ledger/ingest.ts";
import { MemoryStore } from "../../../../../scripts/sandbox/ledger/memory-store.ts";
import type { Statement } from "../../../../../scripts/sandbox/ledger/statements.ts";
import { account, ACCOUNT, body, context, request } from "./fixture.ts";

let store: MemoryStore;
let ctx: IngestContext;

beforeEach(() => {
  store = new MemoryStore();
  store.openAccount(account());
  ctx = context({ oneBucket: true });
});

const send = (key: string, changes: Partial<IngestBody> = {}) =>
  ingest(store, request(key, body(changes)), ctx);
const begin = (key: string, changes: Partial<IngestBody> = {}) =>
  ingestSteps(store, request(key, body(changes)), ctx);
const balance = () => store.balance(ACCOUNT, null).available;
const payin = (id: string, amount_minor = "1000") => ({ external_payment_id: id, amount_minor });

/** Runs up to this statement and no further. */
function cutOff(key: string, after: Statement, changes: Partial<IngestBody> = {}): void {
  for (const statement of begin(key, changes)) if (statement === after) return;
  throw new Error(`never came to ${after}`);
}

/** Runs the ingests together; each number gives a turn to one of those that still run. */
function interleave(
  ingests: readonly Generator<Statement, Answer, void>[],
  turns: readonly number[],
): Answer[] {
  const answers: Answer[] = [];
  const running = ingests.map((steps, index) => ({ steps, index }));
  for (let turn = 0; running.length > 0; turn++) {
    const at = (turns[turn] ?? turn) % running.length;
    const { steps, index } = running[at]!;
    const step = steps.next();
    if (!step.done) continue;
    answers[index] = step.value;
    running.splice(at, 1);
  }
  return answers;
}

describe("payin cut off after a statement → state; the same request again", () => {
  const NOTHING = { row: false, balance: 0n, events: 0, named: false };
  const HEALED = { status: 201, replayed: false, deduped: false, proven: true, balance: 1000n };
  /** Accepted, without a ledger event, and the balance stays as the cut-off left it. */
  const unproven = (left: bigint) => ({
    ...HEALED,
    status: 200,
    deduped: true,
    proven: false,
    balance: left,
  });

  it.each([
    ["find_answer", NOTHING, HEALED],
    ["find_account", NOTHING, HEALED],
    ["find_settlement", NOTHING, HEALED],
    ["insert_settlement", { ...NOTHING, row: true }, unproven(0n)],
    ["read_balance", { ...NOTHING, row: true }, unproven(0n)],
    ["update_balance", { ...NOTHING, row: true, balance: 1000n }, unproven(1000n)],
    ["insert_event", { row: true, balance: 1000n, events: 1, named: false }, unproven(1000n)],
    [
      "update_latest_event_id",
      { row: true, balance: 1000n, events: 1, named: true },
      { ...HEALED, status: 200, deduped: true },
    ],
    [
      "read_settlement",
      { row: true, balance: 1000n, events: 1, named: true },
      { ...HEALED, status: 200, deduped: true },
    ],
    [
      "insert_answer",
      { row: true, balance: 1000n, events: 1, named: true },
      { ...HEALED, status: 200, replayed: true },
    ],
  ] as const)("%s", (after, left, then) => {
    cutOff("a", after);
    const row = store.findSettlement(body());
    expect({
      row: row !== undefined,
      balance: balance(),
      events: store.events.length,
      named: row?.latest_event_id !== undefined,
    }).toEqual(left);

    const again = send("a");
    expect(describeAccepted(again)).toEqual(then);
    // Whatever it was, it is stored, and comes again under this key.
    const replay = send("a");
    expect(describeAccepted(replay)).toEqual({ ...then, status: 200, replayed: true });
  });

  it("without and with its credit, the same answers: from outside nobody can tell", () => {
    const answers = (["insert_settlement", "update_balance"] as const).map((after) => {
      store = new MemoryStore();
      store.openAccount(account());
      ctx = context({ oneBucket: true });
      cutOff("a", after);
      return [send("a"), send("b"), store.findSettlement(body())];
    });
    expect(answers[0]).toEqual(answers[1]);
  });

  it("status pending → confirmed, cut off after update_status: no credit, and the same again is deduped", () => {
    send("a", { status: "pending" });
    cutOff("b", "update_status");
    expect(balance()).toBe(0n);
    expect(describeAccepted(send("b"))).toEqual({ ...unproven(0n) });
  });
});

describe("refund without funds", () => {
  const refund = { direction: "refund", external_payment_id: "re_1" } as const;

  it("→ 422 and no row", () => {
    expect(send("a", refund).status).toBe(422);
    expect(store.settlements.size).toBe(0);
  });

  it("cut off before the row is deleted → the row stays, and the same request is deduped without a debit", () => {
    cutOff("a", "read_balance", refund);
    send("fund");
    expect(describeAccepted(send("a", refund))).toEqual({
      status: 200,
      replayed: false,
      deduped: true,
      proven: false,
      balance: 1000n,
    });
  });

  it("cut off after the row is deleted → nothing is left, and it heals", () => {
    cutOff("a", "delete_settlement", refund);
    send("fund");
    expect(send("a", refund).status).toBe(201);
    expect(balance()).toBe(0n);
  });

  it("pending, then confirmed → 422 and pending again, unless that is cut off", () => {
    send("a", { ...refund, status: "pending" });
    expect(send("b", refund).status).toBe(422);
    expect(store.findSettlement(body(refund))?.status).toBe("pending");
    cutOff("b", "update_status", refund);
    expect(store.findSettlement(body(refund))?.status).toBe("confirmed");
  });

  it("deduped against a row that is then deleted → 500, and nothing is stored", () => {
    const first = begin("a", refund);
    while (first.next().value !== "read_balance") continue;
    const second = begin("b", refund);
    while (second.next().value !== "find_settlement") continue;
    const answers = interleave([first, second], Array(20).fill(0));
    expect(answers.map(({ status }) => status)).toEqual([422, 500]);
    expect(store.answers.size).toBe(0);
  });
});

describe("at once", () => {
  it("two credits that read one balance → both 201 with an event, and one is lost", () => {
    const answers = interleave([begin("a", payin("pi_a", "100")), begin("b", payin("pi_b", "7"))], []);
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(answers.map((answer) => "event" in answer.body)).toEqual([true, true]);
    expect(store.events).toHaveLength(2);
    expect(balance()).toBe(100n);
  });

  it("credits of two accounts → none is lost", () => {
    store.openAccount(account("acc_2"));
    interleave([begin("a", payin("pi_a")), begin("b", { ...payin("pi_b"), account_id: "acc_2" })], []);
    expect([balance(), store.balance("acc_2", null).available]).toEqual([1000n, 1000n]);
  });

  it("one settlement under two keys → one makes the effect, the other is deduped", () => {
    const answers = interleave([begin("a"), begin("b")], []);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 201]);
    expect([store.settlements.size, store.events.length, balance()]).toEqual([1, 1, 1000n]);
  });

  it("one request twice under one key → both get the answer that was stored first", () => {
    const [first, second] = interleave([begin("a"), begin("a")], []);
    expect([first, second].map((answer) => answer?.body)).toContainEqual(store.findAnswer("a")?.body);
    expect([first, second].filter((answer) => isReplayed(answer!))).toHaveLength(1);
  });

  it("two payloads under one key → the slower is refused", () => {
    const answers = interleave([begin("a", payin("pi_a")), begin("a", payin("pi_b"))], []);
    const codes = answers.map(({ body: shown }) => ("code" in shown ? shown.code : "taken"));
    expect(codes.sort()).toEqual(["IDEMPOTENCY_KEY_REUSED", "taken"]);
  });

  it("a row that changes each time between look and write → 409 CONCURRENT_INGESTION_CONFLICT", () => {
    const steps = begin("a");
    let answer: Answer | undefined;
    for (let n = 0; answer === undefined; n++) {
      const step = steps.next();
      if (step.done) answer = step.value;
      // Comes in after the look, so that the insert finds it there, and is gone again at the next look.
      else if (step.value === "find_settlement") send(`other_${n}`, { status: "failed" });
      else if (step.value === "insert_settlement") {
        store.deleteSettlement(store.findSettlement(body())!.id, "failed");
        store.answers.clear();
      }
    }
    expect(answer).toMatchObject({ status: 409, body: { code: "CONCURRENT_INGESTION_CONFLICT" } });
  });
});

describe("any interleaving of credits to one account", () => {
  const amounts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 6 });

  it("one after the other → the balance is their sum", () => {
    fc.assert(
      fc.property(amounts, (credits) => {
        const { answers, sum } = credit(credits, Array(200).fill(0));
        expect(answers.every(({ status }) => status === 201)).toBe(true);
        expect(sum).toBe(total(credits));
      }),
    );
  });

  it("at once → all are answered 201 with an event, at least one is in the balance, and none twice", () => {
    let lost = 0;
    fc.assert(
      fc.property(amounts, fc.array(fc.nat(), { maxLength: 80 }), (credits, turns) => {
        const { answers, sum } = credit(credits, turns);
        expect(answers.every(({ status, body: shown }) => status === 201 && "event" in shown)).toBe(true);
        const entries = store.journal.map(({ delta_minor }) => delta_minor);
        expect(entries.length).toBeGreaterThan(0);
        expect(sum).toBe(entries.reduce((a, b) => a + b, 0n));
        if (sum < total(credits)) lost++;
      }),
    );
    expect(lost).toBeGreaterThan(0);
  });

  function credit(credits: readonly number[], turns: readonly number[]) {
    store = new MemoryStore();
    store.openAccount(account());
    const ingests = credits.map((amount, n) => begin(`key_${n}`, payin(`pi_${n}`, String(amount))));
    return { answers: interleave(ingests, turns), sum: balance() };
  }

  function total(credits: readonly number[]): bigint {
    return BigInt(credits.reduce((a, b) => a + b, 0));
  }
});

function describeAccepted({ status, body: shown }: Answer): object {
  if ("code" in shown) return { status, code: shown.code };
  const { replayed, deduped } = shown.idempotency;
  const proven = shown.event !== undefined || shown.settlement.latest_event_id !== undefined;
  return { status, replayed, deduped, proven, balance: balance() };
}

function isReplayed({ body: shown }: Answer): boolean {
  return "idempotency" in shown && shown.idempotency.replayed;
}
