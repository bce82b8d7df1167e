/** The Worker as it runs: its routes, its key, its faults on a real connection. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { unstable_startWorker } from "wrangler";
import type { IngestBody } from "../../../../../scripts/sandbox/ledger/contract.ts";
import type { Answer } from "../../../../support/worker.ts";
import { body } from "./fixture.ts";

const KEY = "key-of-the-sandbox";
const INGEST = "/v1/payments/settlements/ingest";

let worker: Awaited<ReturnType<typeof unstable_startWorker>>;
let base: URL;
let account: string;

beforeAll(async () => {
  // Wrangler would otherwise report its use, and ask Cloudflare where we are.
  process.env["WRANGLER_SEND_METRICS"] = "false";
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
  worker = await unstable_startWorker({
    config: "scripts/sandbox/ledger/wrangler.toml",
    envFiles: [],
    bindings: { LEDGER_ADMIN_KEY: { type: "plain_text", value: KEY } },
    dev: { server: { hostname: "127.0.0.1", port: 0 }, inspector: false, persist: false, logLevel: "none" },
  });
  base = await worker.url;
}, 60_000);

afterAll(() => worker.dispose());

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
  it("account: 201, then 200 with the same id; unknown 404; without a did 400", async () => {
    const again = await call("POST", "/accounts", { did: "did:example:1" });
    expect(again).toMatchObject({ status: 200, body: { id: account, balances: { available: "0" } } });
    expect((await call("POST", "/accounts", { did: "did:example:2" })).status).toBe(201);
    expect((await call("GET", "/accounts/id/acc_none")).status).toBe(404);
    expect((await call("POST", "/accounts", {})).body.code).toBe("INVALID_REQUEST");
  });

  it("ingest: 201, then replayed 200; the balance moved once", async () => {
    const first = await ingest("a");
    const again = await ingest("a");
    expect(first).toMatchObject({ status: 201, body: { settlement: { status: "confirmed" } } });
    expect(again.body).toEqual({ ...first.body, idempotency: { key: "a", replayed: true, deduped: false } });
    expect(await available()).toBe("1000");
    expect(await statuses("a")).toEqual([201, 200]);
  });

  it("twenty at the same time under one key → one settlement, one effect", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ingest("a")));
    expect(new Set(answers.map((answer) => answer.body.settlement.id)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
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

  it("all settlements, page by page", async () => {
    for (const id of ["pi_1", "ch_1:5:6", "pi_2"]) await ingest(id, { external_payment_id: id });
    const first = await call("GET", "/sandbox/settlements?limit=2");
    const rest = await call("GET", `/sandbox/settlements?limit=2&cursor=${first.body.next_cursor}`);
    const ids = [...first.body.settlements, ...rest.body.settlements].map((one) => one.external_payment_id);
    expect(ids).toEqual(["ch_1:5:6", "pi_1", "pi_2"]);
    expect(rest.body.next_cursor).toBeNull();
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

  it("not a fault → 400", async () => {
    expect((await fault({ kind: "flood" })).status).toBe(400);
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
