import { beforeEach, describe, expect, it } from "vitest";
import { MemoryStore } from "../../../../../scripts/sandbox/ledger/memory-store.ts";
import { ingest as ingestWith } from "../../../../../scripts/sandbox/ledger/ingest.ts";
import type {
  Answer,
  Direction,
  IngestBody,
  Status,
} from "../../../../../scripts/sandbox/ledger/contract.ts";
import type { IngestContext } from "../../../../../scripts/sandbox/ledger/ingest.ts";
import type { IngestRequest } from "../../../../../scripts/sandbox/ledger/request.ts";
import { account, ACCOUNT, body, context, NOW, request } from "./fixture.ts";

let store: MemoryStore;
let ctx: IngestContext;
let keys: number;

beforeEach(() => {
  store = new MemoryStore();
  store.openAccount(account());
  ctx = context();
  keys = 0;
});

function ingest(sent: IngestRequest) {
  return ingestWith(store, sent, ctx);
}

/** Under a key of its own. */
function send(changes: Partial<IngestBody> = {}) {
  keys += 1;
  return ingest(request(`key_${keys}`, body(changes)));
}

function codeOf(answer: Answer): string {
  return "code" in answer.body ? `${answer.status} ${answer.body.code}` : String(answer.status);
}

const fund = () => send({ external_payment_id: "pi_fund", amount_minor: "5000" });
const balance = () => store.balance(ACCOUNT, "USD").available;

describe("status: known + new → answer", () => {
  const takes: readonly [Status, Status, string][] = [
    ["pending", "pending", "200"],
    ["pending", "confirmed", "201"],
    ["pending", "failed", "201"],
    ["pending", "reversed", "201"],
    ["confirmed", "confirmed", "200"],
    ["confirmed", "reversed", "201"],
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
  const table: readonly [Direction, Status, bigint, string | null][] = [
    ["payin", "pending", 0n, null],
    ["payin", "confirmed", 1000n, "payin_settle"],
    ["payin", "failed", 0n, null],
    ["payin", "reversed", -1000n, "payin_reverse"],
    ["refund", "pending", 0n, null],
    ["refund", "confirmed", -1000n, "payin_reverse"],
    ["refund", "failed", 0n, null],
    ["refund", "reversed", 0n, null],
    ["payout", "pending", 0n, null],
    ["payout", "confirmed", 0n, "payout_settle"],
    ["payout", "failed", 0n, null],
    ["payout", "reversed", 0n, null],
  ];

  it.each(table)("%s %s → %s, ledger event %s", (direction, status, change, event_type) => {
    fund();
    const answer = send({ direction, status });
    expect(balance()).toBe(5000n + change);
    expect(answer.body).toHaveProperty("settlement.status", status);
    const latest_event_id = event_type === null ? undefined : "evt_4";
    expect(store.findSettlement({ external_payment_id: "pi_1", direction })?.latest_event_id).toBe(
      latest_event_id,
    );
    expect("settlement" in answer.body && answer.body.settlement.latest_event_id).toBe(latest_event_id);
    expect("event" in answer.body ? answer.body.event : null).toEqual(
      event_type && { id: "evt_4", event_type, event_hash: "00".repeat(32), created_at: NOW },
    );
  });

  it("payin confirmed, then reversed → nothing is left of it", () => {
    send();
    send({ status: "reversed" });
    expect(balance()).toBe(0n);
    expect(store.journal.map((entry) => entry.event_type)).toEqual(["payin_settle", "payin_reverse"]);
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
    expect(codeOf(ingest(refund))).toBe("422 INSUFFICIENT_FUNDS");
    expect(store.settlements.size).toBe(0);
    send();
    expect(ingest(refund).status).toBe(201);
    expect(balance()).toBe(0n);
  });

  it("a refund of one unit too much → 422; of all there is → 201", () => {
    send({ amount_minor: "999" });
    const refund = { direction: "refund", external_payment_id: "re_1" } as const;
    expect(codeOf(send(refund))).toBe("422 INSUFFICIENT_FUNDS");
    expect(codeOf(send({ ...refund, amount_minor: "999" }))).toBe("201");
    expect(balance()).toBe(0n);
  });

  it("funds in another currency do not count, but in one bucket they do", () => {
    send({ currency: "EUR" });
    expect(codeOf(send({ direction: "refund" }))).toBe("422 INSUFFICIENT_FUNDS");
    ctx = { ...ctx, oneBucket: true };
    expect(codeOf(send({ direction: "refund" }))).toBe("201");
  });

  it("422 names the account, what was asked and what is there", () => {
    send({ amount_minor: "999" });
    expect(send({ direction: "refund" }).body).toMatchObject({
      code: "INSUFFICIENT_FUNDS",
      details: { account_id: ACCOUNT, bucket: "available", requested: "1000", available: "999" },
    });
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
    expect(codeOf(ingest(early))).toBe("404 NOT_FOUND");
    store.openAccount(account("acc_new"));
    expect(ingest(early).status).toBe(201);
  });
});

describe("natural key", () => {
  it.each([{ account_id: "acc_2" }, { amount_minor: "999" }, { currency: "EUR" }])(
    "known + other %o → 409 DUPLICATE_CONFLICT",
    (change) => {
      store.openAccount(account("acc_2"));
      send();
      expect(codeOf(send(change))).toBe("409 DUPLICATE_CONFLICT");
      expect(balance()).toBe(1000n);
    },
  );

  it("known + an account that does not exist → 404: the account is looked up first", () => {
    send();
    expect(codeOf(send({ account_id: "acc_none" }))).toBe("404 NOT_FOUND");
  });

  it("pending, then confirmed → one settlement: its id and its age stay, what is given anew replaces, the rest stays", () => {
    ingest(request("a", body({ status: "pending", provider_created_at: NOW })));
    const later = "2026-11-24T10:00:00.000Z";
    ctx = { ...ctx, now: () => later };
    expect(ingest(request("b", body({ rail: "card" }))).body).toHaveProperty("settlement", {
      ...body({ rail: "card" }),
      id: "set_1",
      provider_created_at: NOW,
      settled_at: later,
      latest_event_id: "evt_2",
      created_at: NOW,
      updated_at: later,
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
  it("used + the same content in another order → the first answer, replayed", () => {
    const { metadata, ...rest } = body({ metadata: { b: "1", a: { d: [1], c: null } } });
    const first = ingest(request("a", { ...rest, metadata }));
    const again = ingest(request("a", { metadata: { a: { c: null, d: [1] }, b: "1" }, ...rest }));
    expect(again.body).toEqual({ ...first.body, idempotency: { key: "a", replayed: true, deduped: false } });
  });

  it("used + the same bytes → the first answer, replayed, even after the settlement moved on", () => {
    const first = request("a", body({ status: "pending" }));
    const before = ingest(first);
    send();
    const again = ingest(first);
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
    ingest(request("a", body()));
    expect(codeOf(ingest(request("a", body(change))))).toBe("409 IDEMPOTENCY_KEY_REUSED");
    expect(store.journal).toHaveLength(1);
  });

  it("of a refused request → free again, for another payload too", () => {
    expect(codeOf(ingest(request("a", body({ account_id: "acc_none" }))))).toBe("404 NOT_FOUND");
    expect(ingest(request("a", body())).status).toBe(201);
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
    expect(codeOf(ingest(request("a", content)))).toBe("400 INVALID_REQUEST");
    expect(store.settlements.size + store.journal.length + store.answers.size).toBe(0);
  });

  it.each([
    ["missing", "", "400 MISSING_IDEMPOTENCY_KEY"],
    ["too long", "k".repeat(513), "400 INVALID_REQUEST"],
  ])("an idempotency key that is %s", (_, key, code) => {
    expect(codeOf(ingest(request(key, body())))).toBe(code);
    expect(store.settlements.size).toBe(0);
  });
});
