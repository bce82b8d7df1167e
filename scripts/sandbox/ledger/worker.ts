/**
 * The sandbox ledger: keeps the ledger's contract over its own books, so that clawsettle can be run and tested without
 * the real one. For development and tests only.
 *
 * Everything but `GET /health` needs `Authorization: Bearer LEDGER_ADMIN_KEY`, the controls under `/sandbox` too.
 */
import { Hono, type Context } from "hono";
import { sha256Hex, utf8 } from "../../../src/bytes.ts";
import { accountIdOf } from "../../lib/account-id.ts";
import { openAccountSchema } from "./account.ts";
import { LedgerBook, type IngestCall, type Reply, type SandboxEnv } from "./book.ts";
import { brokenAnswer } from "./broken-answer.ts";
import { alterSchema, directionSchema } from "./contract.ts";
import { faultSchema } from "./faults.ts";

export { LedgerBook };

type Ctx = Context<{ Bindings: SandboxEnv }>;

const MAX_PAGE_ROWS = 5_000;
const DEFAULT_PAGE_ROWS = 1_000;

const app = new Hono<{ Bindings: SandboxEnv }>();

app.get("/health", (c) => c.json({ status: "ok", service: "clawsettle-sandbox-ledger" }));

// Before the general check, because the log shows every ingest request, those with a wrong key too.
app.post("/v1/payments/settlements/ingest", async (c) => {
  const bytes = new Uint8Array(await c.req.arrayBuffer());
  const call: IngestCall = {
    idempotency_key: c.req.header("idempotency-key") ?? "",
    body: decode(bytes),
    body_sha256: await sha256Hex(bytes),
  };
  const refused = await refusedAtTheDoor(c);
  if (refused === null) return send(c, await book(c).ingest(call));
  await book(c).logRefused(call, refused.status);
  return send(c, refused);
});

app.use(async (c, next) => {
  const refused = await refusedAtTheDoor(c);
  return refused === null ? next() : send(c, refused);
});

app.get("/v1/payments/settlements/stripe/:external_payment_id", async (c) => {
  const direction = directionSchema.nullable().safeParse(c.req.query("direction") ?? null);
  if (!direction.success) return invalid(c, "direction is payin, refund or payout");
  return send(c, await book(c).findSettlements(c.req.param("external_payment_id"), direction.data));
});

app.post("/accounts", async (c) => {
  const checked = openAccountSchema.safeParse(await jsonBody(c));
  if (!checked.success) return invalid(c, "did is missing");
  const { did } = checked.data;
  const account = { id: accountIdOf(did), did, created_at: new Date().toISOString() };
  return send(c, await book(c).openAccount(account));
});

app.get("/accounts/id/:id", async (c) => send(c, await book(c).showAccount(c.req.param("id"))));

app.get("/sandbox/faults", async (c) => send(c, await book(c).listFaults()));
app.delete("/sandbox/faults", async (c) => send(c, await book(c).clearFaults()));
app.post("/sandbox/faults", async (c) => {
  const checked = faultSchema.safeParse(await jsonBody(c));
  if (!checked.success) return invalid(c, checked.error.issues[0]?.message ?? "not a fault");
  return send(c, await book(c).addFault(checked.data));
});

app.get("/sandbox/requests", async (c) => {
  const after = Number(c.req.query("after") ?? 0);
  if (!Number.isSafeInteger(after) || after < 0) return invalid(c, "after is the number of a request");
  return send(c, await book(c).listRequests(c.req.query("key") ?? null, after));
});
app.delete("/sandbox/requests", async (c) => send(c, await book(c).clearRequests()));

app.get("/sandbox/settlements", async (c) => {
  const limit = Number(c.req.query("limit") ?? DEFAULT_PAGE_ROWS);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE_ROWS) {
    return invalid(c, `limit is 1 to ${MAX_PAGE_ROWS}`);
  }
  // The direction comes first because it has no colon; an external id may have several.
  const [, direction = "", external_payment_id = ""] =
    /^([a-z]*):(.*)$/s.exec(c.req.query("cursor") ?? ":") ?? [];
  return send(c, await book(c).listSettlements({ external_payment_id, direction }, limit));
});

app.post("/sandbox/settlements/alter", async (c) => {
  const checked = alterSchema.safeParse(await jsonBody(c));
  if (!checked.success) return invalid(c, checked.error.issues[0]?.message ?? "not an alteration");
  const { external_payment_id, direction, ...changes } = checked.data;
  return send(c, await book(c).alterSettlement(external_payment_id, direction, changes));
});

app.post("/sandbox/reset", async (c) => send(c, await book(c).reset()));

app.notFound((c) => send(c, problem(404, "NOT_FOUND", `no route ${c.req.method} ${c.req.path}`)));
app.onError((error, c) => {
  console.error(error);
  return send(c, problem(500, "INTERNAL_ERROR", "the sandbox ledger failed; its log says why"));
});

export default app;

/** Digests are compared, not keys: they are of one length, and their differences tell nothing about the key. */
async function refusedAtTheDoor(c: Ctx): Promise<Reply | null> {
  const key = c.env.LEDGER_ADMIN_KEY;
  if (!key) return problem(503, "DEPENDENCY_NOT_CONFIGURED", "LEDGER_ADMIN_KEY is not set");
  const given = await sha256Hex(utf8(c.req.header("authorization") ?? ""));
  if (given === (await sha256Hex(utf8(`Bearer ${key}`)))) return null;
  return problem(401, "UNAUTHORIZED", "wrong or missing key");
}

function book(c: Ctx): DurableObjectStub<LedgerBook> {
  return c.env.LEDGER_BOOK.getByName("book");
}

function send(c: Ctx, reply: Reply): Response {
  if (reply.cut_off) return brokenAnswer(reply.status, reply.body, (work) => c.executionCtx.waitUntil(work));
  const headers: Record<string, string> = {
    "content-type": "application/json",
    "cache-control": "no-store",
  };
  if (reply.retry_after_seconds !== undefined) headers["retry-after"] = String(reply.retry_after_seconds);
  return new Response(reply.body, { status: reply.status, headers });
}

function problem(status: number, code: string, error: string): Reply {
  return { status, body: JSON.stringify({ error, code }) };
}

function invalid(c: Ctx, why: string): Response {
  return send(c, problem(400, "INVALID_REQUEST", why));
}

/** Null for what is not JSON: no schema here takes null. */
async function jsonBody(c: Ctx): Promise<unknown> {
  return c.req.json<unknown>().catch(() => null);
}

/** Bytes that are not UTF-8 become a text that is not JSON, and are refused as such. */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return "";
  }
}
