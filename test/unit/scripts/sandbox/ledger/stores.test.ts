import { beforeEach, describe, expect, it } from "vitest";
import { accountIdOf } from "../../../../../scripts/lib/account-id.ts";
import { accountView } from "../../../../../scripts/sandbox/ledger/account.ts";
import { RequestLog } from "../../../../../scripts/sandbox/ledger/request-log.ts";
import { ingest } from "../../../../../scripts/sandbox/ledger/rules.ts";
import { SqlStore } from "../../../../../scripts/sandbox/ledger/sql-store.ts";
import { ACCOUNT, body, nodeSql, NOW, request } from "./fixture.ts";

const account = { id: ACCOUNT, did: "did:example:1", created_at: NOW };

describe("books in SQLite", () => {
  let sql: SqlStorage;
  let store: SqlStore;

  beforeEach(() => {
    sql = nodeSql();
    store = new SqlStore(sql);
    store.openAccount(account);
  });

  it("a journal entry can be neither changed nor deleted", () => {
    ingest(store, request("a", body()));
    expect(() => sql.exec("DELETE FROM journal WHERE 1 = ?", 1)).toThrow("append-only");
    expect(() => sql.exec("UPDATE journal SET delta_minor = ?", 1)).toThrow("append-only");
    expect(store.balance(ACCOUNT, "USD")).toBe(1000n);
  });

  it("one settlement cannot have one effect twice", () => {
    ingest(store, request("a", body(), "stl_1"));
    const entry = { account_id: ACCOUNT, currency: "USD", settlement_id: "stl_1", delta_minor: 1n, at: NOW };
    expect(() => store.appendEntry({ ...entry, cause: "payin.confirmed" })).toThrow("UNIQUE");
  });

  it("sums above 2⁵³ are exact", () => {
    const amount_minor = "9007199254740993";
    ingest(store, request("a", body({ amount_minor })));
    ingest(store, request("b", body({ amount_minor, external_payment_id: "pi_2" })));
    expect(store.balance(ACCOUNT, "USD")).toBe(18014398509481986n);
  });

  it("an account opened again stays the first", () => {
    expect(store.openAccount({ ...account, did: "did:example:other" })).toBe(false);
    expect(store.findAccount(ACCOUNT)).toEqual(account);
  });

  it("settlements of one payment, by direction and all", () => {
    ingest(store, request("a", body()));
    ingest(store, request("b", body({ direction: "refund" })));
    expect(store.settlementsOf("pi_1", "payin").map((one) => one.direction)).toEqual(["payin"]);
    expect(store.settlementsOf("pi_1", null).map((one) => one.direction)).toEqual(["payin", "refund"]);
    expect(store.settlementsOf("pi_2", null)).toEqual([]);
  });

  it("pages follow the natural key and miss nothing", () => {
    for (const id of ["ch_1:5:6", "pi_1", "pi_2"]) {
      ingest(store, request(`in ${id}`, body({ external_payment_id: id })));
      ingest(store, request(`out ${id}`, body({ external_payment_id: id, direction: "payout" })));
    }
    const seen: string[] = [];
    let page = store.settlementsAfter("", "", 2);
    while (page.length > 0) {
      seen.push(...page.map((one) => `${one.external_payment_id} ${one.direction}`));
      const last = page.at(-1);
      page = last ? store.settlementsAfter(last.external_payment_id, last.direction, 2) : [];
    }
    expect(seen).toHaveLength(6);
    expect(seen).toEqual([...new Set(seen)].sort());
  });

  it("reset → empty, and usable", () => {
    ingest(store, request("a", body()));
    store.reset();
    expect(store.hasAccount(ACCOUNT)).toBe(false);
    store.openAccount(account);
    expect(ingest(store, request("a", body({ amount_minor: "7" }))).status).toBe(201);
    expect(store.totals(ACCOUNT)).toEqual([{ currency: "USD", total: 7n }]);
  });
});

describe("request log", () => {
  const arrival = { idempotency_key: "k", body_sha256: "aa", received_at: NOW, fault: null };

  it("an arrival has no status until it is answered", () => {
    const log = new RequestLog(nodeSql());
    const first = log.append(arrival);
    const second = log.append({ ...arrival, idempotency_key: "other", fault: "down" });
    expect(log.list("k")).toEqual([{ ...arrival, seq: first, status: null }]);
    log.answered(second, 503);
    expect(log.list(null).map((row) => row.status)).toEqual([null, 503]);
  });

  it("keeps the last 10,000", () => {
    const log = new RequestLog(nodeSql());
    for (let i = 0; i < 10_005; i++) log.append(arrival);
    const rows = log.list(null);
    expect(rows).toHaveLength(10_000);
    expect(rows[0]?.seq).toBe(6);
  });

  it("cleared → empty; the numbers go on", () => {
    const log = new RequestLog(nodeSql());
    log.append(arrival);
    log.clear();
    expect(log.list(null)).toEqual([]);
    expect(log.append(arrival)).toBe(2);
  });
});

describe("account", () => {
  it("the id follows from the DID", () => {
    expect(accountIdOf("a")).toBe("acc_00000061");
    expect(accountIdOf("ab")).toBe("acc_00000c21");
    // 31·h + code unit passes 2³¹ here, and the sum is negative.
    expect(accountIdOf("did:key:overflow")).toMatch(/^acc_[0-9a-f]{8}$/);
  });

  it.each([
    ["no entries", [], "0", {}],
    ["one currency", [{ currency: "EUR", total: 5n }], "5", { EUR: "5" }],
    [
      "several, with USD",
      [
        { currency: "USD", total: 7n },
        { currency: "EUR", total: 5n },
      ],
      "7",
      { EUR: "5", USD: "7" },
    ],
    [
      "several, without USD",
      [
        { currency: "GBP", total: 7n },
        { currency: "EUR", total: 5n },
      ],
      "5",
      { EUR: "5", GBP: "7" },
    ],
  ])("%s → available", (_, totals, available, by_currency) => {
    expect(accountView(account, totals)).toEqual({ ...account, balances: { available, by_currency } });
  });
});
