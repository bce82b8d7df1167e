/** The Worker as it runs: its routes, its key, its faults on a real connection. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { unstable_startWorker } from "wrangler";
import type { IngestBody } from "../../../../../scripts/sandbox/ledger/contract.ts";
import type { Answer } from "../../../../support/worker.ts";
import { body } from "./fixture.ts";

const KEY = "key-of-the-sandbox";
const INGEST = "/v1/payments/settlements/ingest";

let worker: Awaited<ReturnType<typeof startLedger>>;
let base: URL;
let account: string;

beforeAll(async () => {
  // Wrangler would otherwise report its use, and ask Cloudflare where we are.
  process.env["WRANGLER_SEND_METRICS"] = "false";
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
  worker = await startLedger();
  base = await worker.url;
}, 60_000);

afterAll(() => worker.dispose());

function startLedger(mode?: "atomic") {
  return unstable_startWorker({
    config: "scripts/sandbox/ledger/wrangler.toml",
    envFiles: [],
    bindings: {
      LEDGER_ADMIN_KEY: { type: "plain_text", value: KEY },
      ...(mode && { LEDGER_MODE: { type: "plain_text", value: mode } }),
    },
    dev: { server: { hostname: "127.0.0.1", port: 0 }, inspector: false, persist: false, logLevel: "none" },
  });
}

beforeEach(async () => {
  await call("POST", "/sandbox/reset");
  account = (await call("POST", "/accounts", { did: "did:example:1" })).body.id;
});

async function call(method: string, path: string, sent?: unknown, headers = {}): Promise<Answer> {
  const response = await fetch(new URL(path, base), {
    method,
    headers: { authorization: `Bearer ${KEY}`, ...headers },
    ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

const ingest = (key: string, changes: Partial<IngestBody> = {}) =>
  call("POST", INGEST, body({ account_id: account, ...changes }), { "idempotency-key": key });

const fault = (options: object) => call("POST", "/sandbox/faults", options);
const available = async () => (await call("GET", `/accounts/id/${account}`)).body.balances.available;
const statuses = async (key: string) =>
  (await call("GET", `/sandbox/requests?key=${key}`)).body.requests.map(
    (row: { status: unknown }) => row.status,
  );

describe("key", () => {
  it("health is open", async () => {
    expect((await fetch(new URL("/health", base))).status).toBe(200);
  });

  it.each([
    ["GET", "/accounts/id/acc_1"],
    ["GET", "/v1/payments/settlements/stripe/pi_1"],
    ["GET", "/sandbox/requests"],
    ["POST", "/sandbox/reset"],
    ["POST", "/sandbox/faults"],
    ["POST", INGEST],
  ])("%s %s with a wrong key → 401", async (method, path) => {
    const answer = await call(method, path, undefined, { authorization: "Bearer wrong" });
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 401, code: "UNAUTHORIZED" });
  });

  it("a wrong key on ingest meets no fault, and is in the log", async () => {
    await fault({ kind: "down", count: 1 });
    await call("POST", INGEST, {}, { authorization: "Bearer wrong", "idempotency-key": "a" });
    expect(await statuses("a")).toEqual([401]);
    expect((await call("GET", "/sandbox/faults")).body.faults).toHaveLength(1);
  });
});

describe("routes", () => {
  it("account: 201, and again 201 with the same id; unknown 404; without a did, or with a wrong one, 400", async () => {
    const again = await call("POST", "/accounts", { did: "did:example:1" });
    expect(again).toMatchObject({ status: 201, body: { id: account, balances: { available: "0" } } });
    expect((await call("POST", "/accounts", { did: "did:example:2" })).status).toBe(201);
    expect((await call("GET", "/accounts/id/acc_none")).status).toBe(404);
    expect((await call("POST", "/accounts", {})).body.code).toBe("INVALID_REQUEST");
    expect((await call("POST", "/accounts", { did: "example" })).body.code).toBe("INVALID_DID");
  });

  it("a did whose account id another did has → 500", async () => {
    // "Aa" and "BB" have one hash.
    expect((await call("POST", "/accounts", { did: "did:example:Aa" })).status).toBe(201);
    expect((await call("POST", "/accounts", { did: "did:example:BB" })).body.code).toBe("CREATE_FAILED");
  });

  it("ingest: 201, then replayed 200; the balance moved once", async () => {
    const first = await ingest("a");
    const again = await ingest("a");
    expect(first).toMatchObject({ status: 201, body: { settlement: { status: "confirmed" } } });
    expect(again.body).toEqual({ ...first.body, idempotency: { key: "a", replayed: true, deduped: false } });
    expect(await available()).toBe("1000");
    expect(await statuses("a")).toEqual([201, 200]);
  });

  it("twenty at the same time under one key → one settlement, one effect, one answer", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ingest("a")));
    expect(new Set(answers.map((answer) => answer.body.settlement.id)).size).toBe(1);
    // The answer that was stored first: not always that of the request which made the effect.
    expect(answers.filter(({ body: shown }) => !shown.idempotency.replayed)).toHaveLength(1);
    expect(await available()).toBe("1000");
  });

  it("look-up: by direction, of an id with colons, unknown 404, no direction known 400", async () => {
    await ingest("a", { external_payment_id: "ch_1:5:6" });
    const path = `/v1/payments/settlements/stripe/${encodeURIComponent("ch_1:5:6")}`;
    expect((await call("GET", `${path}?direction=payin`)).body.settlements).toHaveLength(1);
    expect((await call("GET", path)).body.settlements[0].account_id).toBe(account);
    expect((await call("GET", `${path}?direction=refund`)).body.code).toBe("NOT_FOUND");
    expect((await call("GET", `${path}?direction=sideways`)).status).toBe(400);
  });

  it("list: newest first, page by page, by what is asked for", async () => {
    for (const id of ["pi_1", "ch_1:5:6", "pi_2"]) await ingest(id, { external_payment_id: id });
    await ingest("out", { direction: "payout" });
    const list = async (query: string) => (await call("GET", `/v1/payments/settlements?${query}`)).body;
    const first = await list("direction=payin&limit=2");
    const rest = await list(`direction=payin&limit=2&cursor=${encodeURIComponent(first.next_cursor)}`);
    const ids = [...first.settlements, ...rest.settlements].map((one) => one.external_payment_id);
    expect(ids).toEqual(["pi_2", "ch_1:5:6", "pi_1"]);
    expect(rest).not.toHaveProperty("next_cursor");
    expect((await list("provider=stripe&limit=0")).settlements).toHaveLength(1);
    expect((await list("limit=many")).settlements).toHaveLength(4);
    expect((await list("provider=other")).settlements).toEqual([]);
    expect((await list("account_id=acc_none")).settlements).toEqual([]);
    expect((await list("status=failed")).settlements).toEqual([]);
  });

  it.each([
    ["cursor=nonsense", "INVALID_CURSOR"],
    ["cursor=a::b::c", "INVALID_CURSOR"],
    ["status=done", "INVALID_REQUEST"],
    ["direction=sideways", "INVALID_REQUEST"],
  ])("list: %s → 400 %s", async (query, code) => {
    const { status, body: shown } = await call("GET", `/v1/payments/settlements?${query}`);
    expect({ status, code: shown.code }).toEqual({ status: 400, code });
  });

  it("no such route → 404; a body that is not UTF-8 → 400", async () => {
    expect((await call("GET", "/nothing")).body.code).toBe("NOT_FOUND");
    const response = await fetch(new URL(INGEST, base), {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "idempotency-key": "a" },
      body: new Uint8Array([0x22, 0xff, 0x22]),
    });
    expect(response.status).toBe(400);
  });
});

describe("faults", () => {
  it("down → 503, for look-ups too; cleared → 201", async () => {
    await fault({ kind: "down" });
    expect((await ingest("a")).status).toBe(503);
    expect((await call("GET", "/v1/payments/settlements/stripe/pi_1")).status).toBe(503);
    await call("DELETE", "/sandbox/faults");
    expect((await ingest("a")).status).toBe(201);
  });

  it("rate_limited → 429 with Retry-After; nothing is done", async () => {
    await fault({ kind: "rate_limited", retry_after_seconds: 7, count: 1 });
    const { status, headers } = await ingest("a");
    expect({ status, after: headers.get("retry-after") }).toEqual({ status: 429, after: "7" });
    expect(await available()).toBe("0");
  });

  it("reject, then the next in the queue", async () => {
    await fault({ kind: "reject", count: 1 });
    await fault({ kind: "reject", status: 409, code: "CONCURRENT_INGESTION_CONFLICT", count: 1 });
    const answers = [await ingest("a"), await ingest("a"), await ingest("a")];
    expect(answers.map((answer) => `${answer.status} ${answer.body.code}`)).toEqual([
      "422 SETTLEMENT_REJECTED",
      "409 CONCURRENT_INGESTION_CONFLICT",
      "201 undefined",
    ]);
  });

  it("slow → the same answer, later", async () => {
    await fault({ kind: "slow", delay_ms: 300, count: 1 });
    const began = Date.now();
    expect((await ingest("a")).status).toBe(201);
    expect(Date.now() - began).toBeGreaterThanOrEqual(290);
  });

  it("commit_then_drop → the answer breaks off, the money moved; again → replayed, moved once", async () => {
    await fault({ kind: "commit_then_drop", count: 1 });
    await expect(ingest("a")).rejects.toThrow("terminated");
    expect(await available()).toBe("1000");
    expect((await ingest("a")).body.idempotency.replayed).toBe(true);
    expect(await available()).toBe("1000");
    expect(await statuses("a")).toEqual([null, 200]);
  });

  it("commit_then_hang → committed while the client waits; others are served meanwhile", async () => {
    await fault({ kind: "commit_then_hang", delay_ms: 1500, count: 1 });
    const hanging = ingest("a");
    await expect.poll(available).toBe("1000");
    expect((await ingest("a")).body.idempotency.replayed).toBe(true);
    expect(await statuses("a")).toEqual([null, 200]);
    expect((await hanging).status).toBe(201);
    expect(await statuses("a")).toEqual([201, 200]);
  });

  it("cut_off → no answer, and what the statements before it did stays", async () => {
    await fault({ kind: "cut_off", after: "update_balance", count: 1 });
    await expect(ingest("a")).rejects.toThrow("terminated");
    expect(await available()).toBe("1000");
    const again = await ingest("a");
    expect(again).toMatchObject({ status: 200, body: { idempotency: { deduped: true } } });
    expect(again.body).not.toHaveProperty("event");
    expect(again.body.settlement).not.toHaveProperty("latest_event_id");
    expect(await statuses("a")).toEqual([null, 200]);
  });

  it("cut_off after a statement that this ingest does not run → its answer", async () => {
    await fault({ kind: "cut_off", after: "delete_settlement", count: 1 });
    expect((await ingest("a")).status).toBe(201);
  });

  it("not a fault → 400", async () => {
    expect((await fault({ kind: "flood" })).status).toBe(400);
  });
});

describe("statement by statement", () => {
  it("fifty credits of one account at once → all 201 with an event, and most of them lost", async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        ingest(`key_${n}`, { external_payment_id: `pi_${n}`, amount_minor: "1" }),
      ),
    );
    expect(answers.filter(({ status, body: shown }) => status === 201 && shown.event.id)).toHaveLength(50);
    expect(Number(await available())).toBeLessThan(25);
    const { body: audit } = await call("GET", "/sandbox/audit");
    expect(audit.accounts[0]).toMatchObject({ account_id: account, claimed: { USD: "50" } });
    expect(audit.accounts[0].held).toEqual({ USD: await available() });
    expect(audit.incomplete).toHaveLength(50 - Number(await available()));
  });

  it("a client that leaves does not stop its request", async () => {
    const leaving = new AbortController();
    const sent = fetch(new URL(INGEST, base), {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "idempotency-key": "a" },
      body: JSON.stringify(body({ account_id: account })),
      signal: leaving.signal,
    }).catch(() => "left");
    await expect.poll(() => statuses("a"), { interval: 1 }).toEqual([null]);
    leaving.abort();
    expect(await sent).toBe("left");
    await expect.poll(() => statuses("a")).toEqual([201]);
    expect(await available()).toBe("1000");
  });

  it("currencies of one account are one sum", async () => {
    await ingest("a");
    await ingest("b", { external_payment_id: "pi_2", currency: "EUR", amount_minor: "5" });
    expect((await call("GET", `/accounts/id/${account}`)).body.balances).toEqual({
      available: "1005",
      held: "0",
      bonded: "0",
      feePool: "0",
      promo: "0",
      total: "1005",
    });
  });
});

describe("mode atomic", () => {
  let asIs: URL;
  let atomic: typeof worker;

  beforeAll(async () => {
    asIs = base;
    atomic = await startLedger("atomic");
    base = await atomic.url;
  }, 60_000);

  afterAll(async () => {
    base = asIs;
    await atomic.dispose();
  });

  it("fifty credits of one account at once → all in the balance", async () => {
    await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        ingest(`key_${n}`, { external_payment_id: `pi_${n}`, amount_minor: "1" }),
      ),
    );
    expect(await available()).toBe("50");
    expect((await call("GET", "/sandbox/audit")).body.incomplete).toEqual([]);
  });

  it("twenty at the same time under one key → one settlement, one effect, one 201", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ingest("a")));
    expect(new Set(answers.map((answer) => answer.body.settlement.id)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(await available()).toBe("1000");
  });

  it("cut_off → no answer, and nothing was done", async () => {
    await fault({ kind: "cut_off", after: "update_balance", count: 1 });
    await expect(ingest("a")).rejects.toThrow("terminated");
    expect(await available()).toBe("0");
    expect((await ingest("a")).status).toBe(201);
  });

  it("currencies of one account are kept apart", async () => {
    await ingest("a");
    await ingest("b", { external_payment_id: "pi_2", currency: "EUR", amount_minor: "5" });
    expect((await call("GET", `/accounts/id/${account}`)).body.balances).toMatchObject({
      available: "1000",
      by_currency: { EUR: "5", USD: "1000" },
    });
  });
});

describe("repair", () => {
  const KEY_OF_PAYIN = { external_payment_id: "pi_1", direction: "payin" };
  const complete = (key: object) => call("POST", "/sandbox/settlements/complete", key);
  const remove = (key: object) => call("POST", "/sandbox/settlements/remove", key);
  const incomplete = async () => (await call("GET", "/sandbox/audit")).body.incomplete;
  const cutOff = async (after: string, changes: Partial<IngestBody> = {}) => {
    await fault({ kind: "cut_off", after, count: 1 });
    await ingest("a", changes).catch(() => null);
  };

  it.each(["insert_settlement", "read_balance", "update_balance", "insert_event"])(
    "cut off after %s → completed once, however often it is asked for",
    async (after) => {
      await cutOff(after);
      expect(await incomplete()).toMatchObject([{ ...KEY_OF_PAYIN, account_id: account }]);
      const answers = [await complete(KEY_OF_PAYIN), await complete(KEY_OF_PAYIN)];
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      expect(answers[0]?.body.settlement.latest_event_id).toMatch(/^evt_/);
      expect(await available()).toBe("1000");
      expect(await incomplete()).toEqual([]);
    },
  );

  it("of a debit without funds → 409, nothing is done", async () => {
    const refund = { external_payment_id: "re_1", direction: "refund" } as const;
    await cutOff("insert_settlement", refund);
    expect(await complete(refund)).toMatchObject({ status: 409, body: { code: "INSUFFICIENT_FUNDS" } });
    expect(await available()).toBe("0");
    expect(await incomplete()).toHaveLength(1);
  });

  it("removed without an effect, with its stored answer → the same request books it", async () => {
    await cutOff("insert_settlement");
    await ingest("a");
    expect((await remove(KEY_OF_PAYIN)).status).toBe(200);
    expect((await ingest("a")).status).toBe(201);
    expect(await available()).toBe("1000");
  });

  it("with its effect it cannot be removed; what is not there can be neither", async () => {
    await cutOff("update_balance");
    expect(await remove(KEY_OF_PAYIN)).toMatchObject({ status: 409, body: { code: "HAS_EFFECT" } });
    const unknown = { external_payment_id: "pi_none", direction: "payin" };
    expect((await remove(unknown)).status).toBe(404);
    expect((await complete(unknown)).status).toBe(404);
    expect((await complete({})).status).toBe(400);
  });
});

describe("log", () => {
  it("same bytes have one digest, other bytes another; cleared → empty", async () => {
    await ingest("a");
    await ingest("a");
    await ingest("a", { amount_minor: "1" });
    const { requests } = (await call("GET", "/sandbox/requests")).body;
    const digests = requests.map((row: { body_sha256: string }) => row.body_sha256);
    expect(digests[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(digests[1]).toBe(digests[0]);
    expect(digests[2]).not.toBe(digests[0]);
    const after = (await call("GET", `/sandbox/requests?after=${requests[1].seq}`)).body.requests;
    expect(after).toEqual([requests[2]]);
    await call("DELETE", "/sandbox/requests");
    expect((await call("GET", "/sandbox/requests")).body.requests).toEqual([]);
  });
});
