/**
 * The sandbox ledger: answers as the real ledger does, over tables of its own, so that clawsettle can be run
 * and tested without it. For development and tests only.
 *
 * Everything but `GET /health` needs `Authorization: Bearer LEDGER_ADMIN_KEY`,
 * the controls under `/sandbox` too.
 */
import { Hono, type Context } from "hono";
import { sha256Hex, utf8 } from "../../../src/bytes.ts";
import { accountIdOf } from "../../lib/account-id.ts";
import { didSchema, openAccountSchema } from "./account.ts";
import { brokenAnswer } from "./broken-answer.ts";
import { alterSchema, directionSchema, naturalKeySchema } from "./contract.ts";
import { faultSchema } from "./faults.ts";
import { LedgerObject, type IngestCall, type SandboxEnv } from "./ledger-object.ts";
import { problem, type Reply } from "./reply.ts";
import { cursorPosition, listQuerySchema } from "./settlement-list.ts";

export { LedgerObject };

type Ctx = Context<{ Bindings: SandboxEnv }>;

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
  const refused = await wrongKey(c);
  if (refused === null) return send(c, await ledger(c).ingest(call));
  await ledger(c).logRefused(call, refused.status);
  return send(c, refused);
});

app.use(async (c, next) => {
  const refused = await wrongKey(c);
  return refused === null ? next() : send(c, refused);
});

app.get("/v1/payments/settlements/stripe/:external_payment_id", async (c) => {
  const direction = directionSchema.nullable().safeParse(c.req.query("direction") ?? null);
  if (!direction.success) return invalid(c, "direction is payin, refund or payout");
  return send(c, await ledger(c).findSettlements(c.req.param("external_payment_id"), direction.data));
});

app.get("/v1/payments/settlements", async (c) => {
  const { cursor, ...given } = c.req.query();
  const query = listQuerySchema.safeParse(given);
  if (!query.success)
    return invalid(c, `${query.error.issues[0]?.path.join(".") ?? "query"} has no such value`);
  const after = cursor ? cursorPosition(cursor) : null;
  if (after === undefined) return send(c, problem(400, "INVALID_CURSOR", "this is not a cursor"));
  return send(c, await ledger(c).listSettlements(query.data, after));
});

app.post("/accounts", async (c) => {
  const checked = openAccountSchema.safeParse(await jsonBody(c));
  if (!checked.success) return invalid(c, "did is missing");
  const { did } = checked.data;
  if (!didSchema.safeParse(did).success)
    return send(c, problem(400, "INVALID_DID", "did is not did:method:id"));
  const account = { id: accountIdOf(did), did, created_at: new Date().toISOString() };
  return send(c, await ledger(c).openAccount(account));
});

app.get("/accounts/id/:id", async (c) => send(c, await ledger(c).showAccount(c.req.param("id"))));

app.get("/sandbox/faults", async (c) => send(c, await ledger(c).listFaults()));
app.delete("/sandbox/faults", async (c) => send(c, await ledger(c).clearFaults()));
app.post("/sandbox/faults", async (c) => {
  const checked = faultSchema.safeParse(await jsonBody(c));
  if (!checked.success) return invalid(c, checked.error.issues[0]?.message ?? "not a fault");
  return send(c, await ledger(c).addFault(checked.data));
});

app.get("/sandbox/requests", async (c) => {
  const after = Number(c.req.query("after") ?? 0);
  if (!Number.isSafeInteger(after) || after < 0) return invalid(c, "after is the number of a request");
  return send(c, await ledger(c).listRequests(c.req.query("key") ?? null, after));
});
app.delete("/sandbox/requests", async (c) => send(c, await ledger(c).clearRequests()));

app.get("/sandbox/audit", async (c) => send(c, await ledger(c).audit()));

app.post("/sandbox/settlements/complete", async (c) => {
  const checked = naturalKeySchema.safeParse(await jsonBody(c));
  return checked.success
    ? send(c, await ledger(c).completeEffect(checked.data))
    : invalid(c, "not a settlement");
});

app.post("/sandbox/settlements/remove", async (c) => {
  const checked = naturalKeySchema.safeParse(await jsonBody(c));
  return checked.success
    ? send(c, await ledger(c).removeSettlement(checked.data))
    : invalid(c, "not a settlement");
});

app.post("/sandbox/settlements/alter", async (c) => {
  const checked = alterSchema.safeParse(await jsonBody(c));
  if (!checked.success) return invalid(c, checked.error.issues[0]?.message ?? "not an alteration");
  const { external_payment_id, direction, ...changes } = checked.data;
  return send(c, await ledger(c).alterSettlement({ external_payment_id, direction }, changes));
});

app.post("/sandbox/reset", async (c) => send(c, await ledger(c).reset()));

app.notFound((c) => send(c, problem(404, "NOT_FOUND", `no route ${c.req.method} ${c.req.path}`)));
app.onError((error, c) => {
  console.error(error);
  return send(c, problem(500, "INTERNAL_ERROR", "the sandbox ledger failed; its log says why"));
});

export default app;

/**
 * Null when the key is right. Digests are compared, not keys: they are of one
 * length, and do not resemble the key.
 */
async function wrongKey(c: Ctx): Promise<Reply | null> {
  const key = c.env.LEDGER_ADMIN_KEY;
  if (!key) return problem(503, "LEDGER_ADMIN_KEY_MISSING", "LEDGER_ADMIN_KEY is not set");
  const given = await sha256Hex(utf8(c.req.header("authorization") ?? ""));
  if (given === (await sha256Hex(utf8(`Bearer ${key}`)))) return null;
  return problem(401, "UNAUTHORIZED", "wrong or missing key");
}

function ledger(c: Ctx): DurableObjectStub<LedgerObject> {
  return c.env.LEDGER_OBJECT.getByName("ledger");
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
