import { beforeEach, describe, expect, it } from "vitest";
import { accountIdOf } from "../../../../../scripts/lib/account-id.ts";
import { accountView } from "../../../../../scripts/sandbox/ledger/account.ts";
import { RequestLog } from "../../../../../scripts/sandbox/ledger/request-log.ts";
import { ingest as ingestWith, type IngestContext } from "../../../../../scripts/sandbox/ledger/ingest.ts";
import type { IngestRequest } from "../../../../../scripts/sandbox/ledger/request.ts";
import { cursorPosition, settlementPage } from "../../../../../scripts/sandbox/ledger/settlement-list.ts";
import type { JournalEntry } from "../../../../../scripts/sandbox/ledger/store.ts";
import { SqlStore } from "../../../../../scripts/sandbox/ledger/sql-store.ts";
import { account as accountRow, ACCOUNT, body, context, nodeSql, NOW, request } from "./fixture.ts";

const account = accountRow();

describe("tables in SQLite", () => {
  let sql: SqlStorage;
  let store: SqlStore;
  let ctx: IngestContext;
  const ingest = (sent: IngestRequest) => ingestWith(store, sent, ctx);
  const available = () => store.balance(ACCOUNT, "USD").available;

  beforeEach(() => {
    sql = nodeSql();
    store = new SqlStore(sql);
    store.openAccount(account);
    ctx = context();
  });

  it("a journal entry can be neither changed nor deleted", () => {
    ingest(request("a", body()));
    expect(() => sql.exec("DELETE FROM journal WHERE 1 = ?", 1)).toThrow("append-only");
    expect(() => sql.exec("UPDATE journal SET delta_minor = ?", 1)).toThrow("append-only");
    expect(available()).toBe(1000n);
  });

  it("one settlement cannot have one effect, or one ledger event, twice", () => {
    ingest(request("a", body()));
    const [entry] = store.journal(ACCOUNT);
    const event = store.findEvent("set_1", "payin_settle");
    expect(() => store.appendEntry(entry!, 1)).toThrow("UNIQUE");
    expect(() => store.insertEvent({ ...event!, id: "evt_other" })).toThrow("UNIQUE");
  });

  it("a change of a balance that has moved on since it was read → nothing, without a word", () => {
    ingest(request("a", body()));
    const [entry] = store.journal(ACCOUNT);
    store.appendEntry({ ...entry!, settlement_id: "set_other" }, 0);
    expect(available()).toBe(1000n);
    store.appendEntry({ ...entry!, settlement_id: "set_other" }, 1);
    expect(available()).toBe(2000n);
  });

  it("a new status leaves the ledger event that was named meanwhile", () => {
    ingest(request("a", body()));
    const { latest_event_id, ...read } = store.settlement("set_1")!;
    expect(store.updateSettlement({ ...read, status: "reversed" }, "confirmed")).toBe(true);
    expect(store.settlement("set_1")).toEqual({ ...read, status: "reversed", latest_event_id });
    expect(store.updateSettlement({ ...read, status: "failed" }, "confirmed")).toBe(false);
    store.deleteSettlement("set_1", "reversed");
    expect(store.settlement("set_1")).toBeDefined();
  });

  it("sums above 2⁵³ are exact", () => {
    const amount_minor = "9007199254740993";
    ingest(request("a", body({ amount_minor })));
    ingest(request("b", body({ amount_minor, external_payment_id: "pi_2" })));
    expect(available()).toBe(18014398509481986n);
  });

  it("an account opened again stays the first", () => {
    expect(store.openAccount({ ...account, did: "did:example:other" })).toBe(false);
    expect(store.openAccount({ ...account, id: "acc_other" })).toBe(false);
    expect(store.findAccount(ACCOUNT)).toEqual(account);
  });

  it("settlements of one payment, by direction and all", () => {
    ingest(request("a", body()));
    ingest(request("b", body({ direction: "refund" })));
    expect(store.settlementsOf("pi_1", "payin").map((one) => one.direction)).toEqual(["payin"]);
    expect(
      store
        .settlementsOf("pi_1", null)
        .map((one) => one.direction)
        .sort(),
    ).toEqual(["payin", "refund"]);
    expect(store.settlementsOf("pi_2", null)).toEqual([]);
  });

  it("pages: newest first, each settlement once, by what is asked for, whatever comes in meanwhile", () => {
    store.openAccount(accountRow("acc_2"));
    for (let n = 0; n < 9; n++) {
      // Three of each age: then the id decides.
      ctx = { ...ctx, now: () => `2026-11-23T10:00:0${Math.floor(n / 3)}.000Z` };
      const account_id = n % 2 === 0 ? ACCOUNT : "acc_2";
      ingest(request(`in ${n}`, body({ external_payment_id: `pi_${n}`, account_id })));
      ingest(request(`out ${n}`, body({ external_payment_id: `pi_${n}`, account_id, direction: "payout" })));
    }
    const filter = { direction: "payin", status: "confirmed", account_id: ACCOUNT } as const;
    const walked: string[] = [];
    for (let cursor: string | undefined = ""; cursor !== undefined;) {
      const after = cursor === "" ? null : cursorPosition(cursor)!;
      const page = settlementPage(store.listSettlements(filter, after, 3), 2);
      walked.push(...page.settlements.map(({ created_at, id }) => `${created_at} ${id}`));
      cursor = page.next_cursor;
      ingest(request(`late ${walked.length}`, body({ external_payment_id: `late_${walked.length}` })));
    }
    expect(walked).toHaveLength(5);
    expect(walked).toEqual([...new Set(walked)].sort().toReversed());
    expect(store.listSettlements({ ...filter, status: "failed" }, null, 3)).toEqual([]);
  });

  it("reset → empty, and usable", () => {
    ingest(request("a", body()));
    store.reset();
    expect(store.findAccount(ACCOUNT)).toBeUndefined();
    store.openAccount(account);
    expect(ingest(request("a", body({ amount_minor: "7" }))).status).toBe(201);
    expect(available()).toBe(7n);
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

  const entries = (sums: Record<string, bigint>): JournalEntry[] =>
    Object.entries(sums).map(([currency, delta_minor]) => ({
      account_id: ACCOUNT,
      currency,
      delta_minor,
      settlement_id: `set_${currency}`,
      event_type: "payin_settle",
      at: `2026-11-24T00:00:00.00${delta_minor}Z`,
    }));

  it.each([
    ["no entries", {}, "0", "0", NOW],
    ["one currency", { EUR: 5n }, "5", "5", "2026-11-24T00:00:00.005Z"],
    ["several, with USD", { USD: 7n, EUR: 5n }, "7", "12", "2026-11-24T00:00:00.007Z"],
    ["several, without USD", { GBP: 7n, EUR: 5n }, "5", "12", "2026-11-24T00:00:00.007Z"],
  ])("%s → available, each currency apart and in one bucket", (_, held, apart, together, updatedAt) => {
    const { id, did } = account;
    const shown = { id, did, createdAt: NOW, updatedAt };
    const others = { held: "0", bonded: "0", feePool: "0", promo: "0" };
    const by_currency = Object.fromEntries(Object.entries(held).map(([name, sum]) => [name, `${sum}`]));
    const balancesApart = { available: apart, ...others, total: apart, by_currency };
    expect(accountView(account, entries(held), false)).toEqual({ ...shown, balances: balancesApart });
    const balances = { available: together, ...others, total: together };
    expect(accountView(account, entries(held), true)).toEqual({ ...shown, balances });
  });
});
