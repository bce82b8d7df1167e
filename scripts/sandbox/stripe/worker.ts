/**
 * The sandbox Stripe: as much of Stripe's API as clawsettle asks, so that Stripe's own client talks to it
 * unchanged. For development and tests only.
 *
 * Everything but `GET /health` needs `Authorization: Bearer STRIPE_API_KEY`, the controls under `/sandbox`
 * too. A key that ends in `_without_permission` is a restricted one that may do nothing.
 */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { brokenAnswer } from "../ledger/broken-answer.ts";
import { type SandboxEnv, StripeBook } from "./stripe-book.ts";
import { eventSchema } from "./event-table.ts";
import { type Fault, faultSchema } from "./faults.ts";
import { objectSchema } from "./object-table.ts";
import {
  DOWN,
  INVALID_KEY,
  invalid,
  isProblem,
  NO_PERMISSION,
  type Problem,
  RATE_LIMITED,
} from "./problem.ts";

export { StripeBook };

type Ctx = Context<{ Bindings: SandboxEnv }>;

const MAX_DELAY_MS = 3_600_000;

const addEventsSchema = z.strictObject({
  events: z.array(eventSchema).max(10_000),
  /** Stripe's list is complete only after a while: so much later they are in it. */
  listed_after_ms: z.int().min(0).max(MAX_DELAY_MS).default(0),
});

const addObjectsSchema = z.array(objectSchema).max(10_000);

const app = new Hono<{ Bindings: SandboxEnv }>();

app.get("/health", (c) => c.json({ status: "ok", service: "clawsettle-sandbox-stripe" }));

app.use(async (c, next) => {
  const key = c.env.STRIPE_API_KEY;
  const [, given = ""] = /^Bearer (.+)$/.exec(c.req.header("authorization") ?? "") ?? [];
  if (!key || (given !== key && !given.endsWith("_without_permission"))) return problem(c, INVALID_KEY);
  return given === key ? next() : problem(c, NO_PERMISSION);
});

app.all("/v1/*", async (c) => {
  const { pathname, search } = new URL(c.req.url);
  const call = [c.req.method, pathname, search.slice(1), await c.req.text()] as const;
  const [method, path, query, body] = call;
  const account = c.req.header("stripe-account") ?? "";
  const fault = await book(c).arrive({ method, path, query, body }, account);
  if (fault?.kind === "rate_limited") return rateLimited(c, fault);
  if (fault?.kind === "down") return problem(c, DOWN);
  if (fault?.kind === "refused") return problem(c, NO_PERMISSION);
  if (fault?.kind === "nonsense") return c.html("<!doctype html><title>Welcome</title>");
  if (fault?.kind === "slow") await scheduler.wait(fault.delay_ms);
  const answer = (await book(c).answer(...call, account)) as object;
  if (isProblem(answer)) return problem(c, answer);
  if (fault?.kind !== "cut_off") return c.json(answer, 200, { "request-id": requestId() });
  return brokenAnswer(200, JSON.stringify(answer), (work) => c.executionCtx.waitUntil(work));
});

app.post("/sandbox/events", async (c) => {
  const checked = addEventsSchema.safeParse(await jsonBody(c));
  if (!checked.success) return problem(c, invalid("events", checked.error.issues[0]?.message ?? ""));
  const { events, listed_after_ms } = checked.data;
  await book(c).addEvents(events, listed_after_ms);
  return c.json({ added: events.length });
});

app.post("/sandbox/objects", async (c) => {
  const checked = addObjectsSchema.safeParse(await jsonBody(c));
  if (!checked.success) return problem(c, invalid("objects", checked.error.issues[0]?.message ?? ""));
  await book(c).addObjects(checked.data);
  return c.json({ added: checked.data.length });
});

app.post("/sandbox/faults", async (c) => {
  const checked = faultSchema.safeParse(await jsonBody(c));
  if (!checked.success) return problem(c, invalid("kind", checked.error.issues[0]?.message ?? ""));
  await book(c).addFault(checked.data);
  return c.json({ added: checked.data.kind });
});

app.delete("/sandbox/faults", async (c) => {
  await book(c).clearFaults();
  return c.json({ cleared: true });
});

app.get("/sandbox/requests", async (c) => c.json({ requests: await book(c).requests() }));

app.post("/sandbox/reset", async (c) => {
  await book(c).reset();
  return c.json({ reset: true });
});

app.onError((error, c) => {
  console.error(error);
  return problem(c, DOWN);
});

export default app;

function book(c: Ctx): DurableObjectStub<StripeBook> {
  return c.env.STRIPE_BOOK.getByName("book");
}

function rateLimited(c: Ctx, { retry_after_seconds }: Extract<Fault, { kind: "rate_limited" }>): Response {
  const response = problem(c, RATE_LIMITED);
  if (retry_after_seconds !== undefined) response.headers.set("retry-after", String(retry_after_seconds));
  return response;
}

function problem(c: Ctx, { status, ...error }: Problem): Response {
  const page = error.code?.replaceAll("_", "-");
  const doc = page === undefined ? {} : { doc_url: `https://stripe.com/docs/error-codes/${page}` };
  return c.json({ error: { ...error, ...doc } }, status, { "request-id": requestId() });
}

function requestId(): string {
  return `req_${crypto.randomUUID().replaceAll("-", "").slice(0, 14)}`;
}

/** Null for what is not JSON: no schema here takes null. */
function jsonBody(c: Ctx): Promise<unknown> {
  return c.req.json<unknown>().catch(() => null);
}
