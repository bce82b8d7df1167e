import { beforeEach, describe, expect, it } from "vitest";
import { MemoryStore } from "../../../../../scripts/sandbox/ledger/memory-store.ts";
import { ingest } from "../../../../../scripts/sandbox/ledger/rules.ts";
import type { Direction, IngestBody, Status } from "../../../../../scripts/sandbox/ledger/contract.ts";
import { ACCOUNT, body, NOW, request } from "./fixture.ts";

let store: MemoryStore;
let keys: number;

beforeEach(() => {
  store = new MemoryStore();
  store.accounts.add(ACCOUNT);
  keys = 0;
});

/** Under a key of its own. */
function send(changes: Partial<IngestBody> = {}) {
  keys += 1;
  return ingest(store, request(`key_${keys}`, body(changes)));
}

function codeOf(answer: ReturnType<typeof ingest>): string {
  return "code" in answer.body ? `${answer.status} ${answer.body.code}` : String(answer.status);
}

const fund = () => send({ external_payment_id: "pi_fund", amount_minor: "5000" });
const balance = () => store.balance(ACCOUNT, "USD");

describe("status: known + new → answer", () => {
  const takes: readonly [Status, Status, string][] = [
    ["pending", "pending", "200"],
    ["pending", "confirmed", "200"],
    ["pending", "failed", "200"],
    ["pending", "reversed", "200"],
    ["confirmed", "confirmed", "200"],
    ["confirmed", "reversed", "200"],
    ["failed", "failed", "200"],
    ["reversed", "reversed", "200"],
    ["confirmed", "pending", "409 INVALID_STATUS_TRANSITION"],
    ["confirmed", "failed", "409 INVALID_STATUS_TRANSITION"],
    ["failed", "pending", "409 INVALID_STATUS_TRANSITION"],
    ["failed", "confirmed", "409 INVALID_STATUS_TRANSITION"],
    ["failed", "reversed", "409 INVALID_STATUS_TRANSITION"],
    ["reversed", "pending", "409 INVALID_STATUS_TRANSITION"],
    ["reversed", "confirmed", "409 INVALID_STATUS_TRANSITION"],
    ["reversed", "failed", "409 INVALID_STATUS_TRANSITION"],
  ];
  const table = (["payin", "refund", "payout"] satisfies Direction[]).flatMap((direction) =>
    takes.map(([from, to, answer]) => ({ direction, from, to, answer })),
  );

  it.each(table)("$direction $from + $to → $answer", ({ direction, from, to, answer }) => {
    fund();
    expect(codeOf(send({ direction, status: from }))).toBe("201");
    expect(codeOf(send({ direction, status: to }))).toBe(answer);
  });
});

describe("effect: direction + status → change of the balance", () => {
  const table: readonly [Direction, Status, bigint][] = [
    ["payin", "pending", 0n],
    ["payin", "confirmed", 1000n],
    ["payin", "failed", 0n],
    ["payin", "reversed", -1000n],
    ["refund", "pending", 0n],
    ["refund", "confirmed", -1000n],
    ["refund", "failed", 0n],
    ["refund", "reversed", 0n],
    ["payout", "pending", 0n],
    ["payout", "confirmed", 0n],
    ["payout", "failed", 0n],
    ["payout", "reversed", 0n],
  ];

  it.each(table)("%s %s → %s", (direction, status, change) => {
    fund();
    const answer = send({ direction, status });
    expect(balance()).toBe(5000n + change);
    expect(answer.body).toHaveProperty("settlement.status", status);
    const event = "event" in answer.body ? answer.body.event : undefined;
    expect(event).toEqual(
      change === 0n ? undefined : { type: `${direction}.${status}`, delta_minor: change.toString() },
    );
  });

  it("payin confirmed, then reversed → nothing is left of it", () => {
    send();
    send({ status: "reversed" });
    expect(balance()).toBe(0n);
    expect(store.journal.map((entry) => entry.cause)).toEqual(["payin.confirmed", "payin.reversed"]);
  });

  it("refund confirmed, then reversed → the debit stands", () => {
    fund();
    send({ direction: "refund" });
    send({ direction: "refund", status: "reversed" });
    expect(balance()).toBe(4000n);
  });

  it("one external id is another settlement in each direction", () => {
    send();
    expect(send({ direction: "refund" }).status).toBe(201);
    expect(balance()).toBe(0n);
  });
});

describe("funds", () => {
  it("refund above the balance → 422, nothing recorded; after a payin the same request → 201", () => {
    const refund = request("refund", body({ direction: "refund", external_payment_id: "re_1" }));
    expect(codeOf(ingest(store, refund))).toBe("422 INSUFFICIENT_FUNDS");
    expect(store.settlements.size).toBe(0);
    send();
    expect(ingest(store, refund).status).toBe(201);
    expect(balance()).toBe(0n);
  });

  it("a refund of one unit too much → 422; of all there is → 201", () => {
    send({ amount_minor: "999" });
    const refund = { direction: "refund", external_payment_id: "re_1" } as const;
    expect(codeOf(send(refund))).toBe("422 INSUFFICIENT_FUNDS");
    expect(codeOf(send({ ...refund, amount_minor: "999" }))).toBe("201");
    expect(balance()).toBe(0n);
  });

  it("funds in another currency do not count", () => {
    send({ currency: "EUR" });
    expect(codeOf(send({ direction: "refund" }))).toBe("422 INSUFFICIENT_FUNDS");
  });

  it("payin reversed after its money was refunded → 422, still confirmed", () => {
    send();
    send({ direction: "refund" });
    expect(codeOf(send({ status: "reversed" }))).toBe("422 INSUFFICIENT_FUNDS");
    expect([...store.settlements.values()].map(({ status }) => status)).toEqual(["confirmed", "confirmed"]);
  });
});

describe("account", () => {
  it("unknown → 404, and the same key and bytes → 201 once it exists", () => {
    const early = request("early", body({ account_id: "acc_new" }));
    expect(codeOf(ingest(store, early))).toBe("404 NOT_FOUND");
    store.accounts.add("acc_new");
    expect(ingest(store, early).status).toBe(201);
  });
});

describe("natural key", () => {
  it.each([{ account_id: "acc_2" }, { amount_minor: "999" }, { currency: "EUR" }])(
    "known + other %o → 409 DUPLICATE_CONFLICT",
    (change) => {
      store.accounts.add("acc_2");
      send();
      expect(codeOf(send(change))).toBe("409 DUPLICATE_CONFLICT");
      expect(balance()).toBe(1000n);
    },
  );

  it("known + an account that does not exist → 409, because waiting for the account would not help", () => {
    send();
    expect(codeOf(send({ account_id: "acc_none" }))).toBe("409 DUPLICATE_CONFLICT");
  });

  it("pending, then confirmed → one settlement: its id and its birth stay, the rest is the newest", () => {
    ingest(store, request("a", body({ status: "pending" })));
    const later = { ...request("b", body({ rail: "card" })), now: "2026-11-24T10:00:00.000Z" };
    expect(ingest(store, later).body).toHaveProperty("settlement", {
      ...body({ rail: "card" }),
      id: "stl_a",
      created_at: NOW,
      updated_at: later.now,
    });
    expect(store.settlements.size).toBe(1);
  });

  it("known + the same content under another key → 200 deduped, no second effect", () => {
    send();
    const answer = send();
    expect(answer.status).toBe(200);
    expect(answer.body).toHaveProperty("idempotency", { key: "key_2", replayed: false, deduped: true });
    expect(store.journal).toHaveLength(1);
  });
});

describe("idempotency key", () => {
  it("used + the same bytes → the first answer, replayed, even after the settlement moved on", () => {
    const first = request("a", body({ status: "pending" }));
    const before = ingest(store, first);
    send();
    const again = ingest(store, first);
    expect(before.status).toBe(201);
    expect(again.status).toBe(200);
    expect(again.body).toEqual({ ...before.body, idempotency: { key: "a", replayed: true, deduped: false } });
    expect(store.journal).toHaveLength(1);
  });

  it.each([
    ["metadata", { metadata: { stripe_event_id: "evt_2" } }],
    ["a time", { settled_at: "2026-11-23T10:00:00Z" }],
    ["amount", { amount_minor: "1" }],
    ["external id", { external_payment_id: "pi_2" }],
  ])("used + another %s → 409 IDEMPOTENCY_KEY_REUSED", (_, change) => {
    ingest(store, request("a", body()));
    expect(codeOf(ingest(store, request("a", body(change))))).toBe("409 IDEMPOTENCY_KEY_REUSED");
    expect(store.journal).toHaveLength(1);
  });

  it("of a refused request → free again, for another payload too", () => {
    expect(codeOf(ingest(store, request("a", body({ account_id: "acc_none" }))))).toBe("404 NOT_FOUND");
    expect(ingest(store, request("a", body())).status).toBe(201);
  });
});

describe("malformed → 400 INVALID_REQUEST, nothing recorded", () => {
  const { currency: _left, ...withoutCurrency } = body();
  it.each<[string, unknown]>([
    ["not JSON", "{"],
    ["empty", ""],
    ["null", null],
    ["an array", []],
    ["a field missing", withoutCurrency],
    ["a field too many", { ...body(), extra: 1 }],
    ["zero", body({ amount_minor: "0" })],
    ["a negative amount", body({ amount_minor: "-5" })],
    ["a fraction", body({ amount_minor: "1.5" })],
    ["a leading zero", body({ amount_minor: "01" })],
    ["an amount as number", { ...body(), amount_minor: 1000 }],
    ["17 digits", body({ amount_minor: "1".repeat(17) })],
    ["a small currency", body({ currency: "usd" })],
    ["an unknown direction", { ...body(), direction: "transfer" }],
    ["an unknown status", { ...body(), status: "done" }],
    ["another provider", { ...body(), provider: "other" }],
    ["a time that is none", body({ settled_at: "yesterday" })],
    ["an empty rail", body({ rail: "" })],
  ])("%s", (_, content) => {
    expect(codeOf(ingest(store, request("a", content)))).toBe("400 INVALID_REQUEST");
    expect(store.settlements.size + store.journal.length + store.answers.size).toBe(0);
  });

  it.each(["", "k".repeat(513)])("idempotency key %j", (key) => {
    expect(codeOf(ingest(store, request(key, body())))).toBe("400 INVALID_REQUEST");
  });
});
