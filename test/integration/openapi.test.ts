/**
 * Every answer that `/openapi.json` documents is really given, and has the documented shape: each route, each
 * status, each code. The table of cases is held to the document, so that a route or a code without a case
 * fails.
 */
import { type OutputFormat, type Schema, Validator } from "@cfworker/json-schema";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { paymentIntentSucceeded, payoutPaid } from "../../scripts/sandbox/events/stripe-events.ts";
import { createApp } from "../../src/app.ts";
import { openApiDocument } from "../../src/http/openapi/document.ts";
import { ROUTE_NAMES, type RouteName, ROUTES } from "../../src/http/routes.ts";
import type { Kind } from "../../src/reconciler/findings.ts";
import { insertDifference, saveRun } from "../../src/reconciler/runs-table.ts";
import { forgetEverything, inReconciler, pinAccount } from "../support/reconciler.ts";
import { completeRun, differenceOf } from "../support/runs.ts";
import { accepted, type LedgerRequest, refused, scriptLedger } from "../support/scripted-ledger.ts";
import { type Answer, BASE, deliver, operator, send } from "../support/worker.ts";

let ledgerAnswer: (request: LedgerRequest) => Response;
beforeEach(() => {
  ledgerAnswer = () => accepted();
  scriptLedger((request) => ledgerAnswer(request));
});
afterEach(async () => {
  await forgetEverything();
  vi.restoreAllMocks();
});

interface Documented {
  readonly name: RouteName;
  readonly status: number;
  /** Of an error; null for success. */
  readonly code: string | null;
  readonly media: string | null;
  readonly schema: Schema | null;
}

const document = JSON.parse(JSON.stringify(openApiDocument()));
const DOCUMENTED = ROUTE_NAMES.flatMap(documentedOf);

function documentedOf(name: RouteName): Documented[] {
  const { method, path } = ROUTES[name];
  const { responses } = document.paths[path][method.toLowerCase()];
  return Object.entries<{ content?: Record<string, { schema: Schema }> }>(responses).flatMap(
    ([status, { content = {} }]) => {
      const [media = null] = Object.keys(content);
      const schema = media === null ? null : (content[media]?.schema ?? null);
      const { enum: known = [] } = (schema?.properties?.["code"] ?? {}) as { enum?: string[] };
      const codes: (string | null)[] = Number(status) < 400 ? [null] : known;
      return codes.map((code) => ({ name, status: Number(status), code, media, schema }));
    },
  );
}

const NO_RUN = `rec_${"0".repeat(32)}`;

interface Call {
  readonly eventId?: string;
  readonly runId?: string;
  readonly query?: string;
  readonly body?: unknown;
  readonly key?: string | null;
  readonly env?: Record<string, unknown>;
}

/** A body that each route takes. */
const BODIES: Partial<Record<RouteName, unknown>> = {
  retryForwarding: {},
  retryEvents: { filter: {}, dry_run: true },
  retryEvent: { actor: "ada" },
  assignAccount: { account_id: "acc_1", actor: "ada", note: "asked her" },
  resolveEvent: { actor: "ada", note: "booked by hand" },
  reopenEvent: { actor: "ada", note: "it was not" },
  startReconciliation: { from: "2026-01-01", to: "2026-01-01" },
  confirmReconciliation: { actor: "ada" },
  confirmSetting: { setting: "LEDGER_BASE_URL", actor: "ada", note: "the host was renamed" },
  acceptDifference: { key: "txn_1.orphan.", actor: "ada", note: "paid in cash" },
  deliverMoney: { key: "txn_1.money_without_event.", actor: "ada", note: "no event came", dry_run: false },
};

function call(
  name: RouteName,
  { eventId = "evt_unknown", runId = NO_RUN, query = "", body, ...options }: Call,
): Promise<Answer> {
  const { method, path } = ROUTES[name];
  const target = path.replace("{event_id}", eventId).replace("{id}", runId) + query;
  if (name === "watchEvent") return watch(target, body === undefined, options);
  return operator(method, target, method === "GET" ? undefined : (body ?? BODIES[name]), options);
}

function watch(path: string, upgrade: boolean, { key, env: overrides }: Call): Promise<Answer> {
  const headers = new Headers(upgrade ? { upgrade: "websocket" } : {});
  if (key !== null) headers.set("authorization", `Bearer ${key ?? env.SETTLE_ADMIN_KEY}`);
  return send(new Request(BASE + path, { headers }), overrides);
}

const paid = () => paymentIntentSucceeded({ account_id: "acct_1", amount: 1234 });

async function delivered(): Promise<string> {
  const event = paid();
  await deliver(event);
  return event.id;
}

async function failed(): Promise<string> {
  ledgerAnswer = () => refused(400, "INVALID_REQUEST");
  return delivered();
}

/** Nobody's payment, and what the ledger says of an account. */
async function nobodys(account: () => Response): Promise<string> {
  const event = paymentIntentSucceeded({ amount: 5 });
  await deliver(event);
  ledgerAnswer = account;
  return event.id;
}

const out = new Proxy({}, { get: () => () => Promise.reject(new Error("out of reach")) });
const OUT_OF_REACH = Object.fromEntries(
  ["STRIPE_EVENT", "EVENT_INDEX", "RECONCILER"].map((binding) => [binding, { getByName: () => out }]),
);
const UNCONFIGURED = { LEDGER_ADMIN_KEY: undefined, SETTLE_ADMIN_KEY: undefined, SETTLE_READ_KEY: undefined };

/** A run over the last hour. It waits for its turn, or walks: no case here depends on what it finds. */
async function begun(): Promise<string> {
  return (await beginRun()).body.id;
}

function beginRun(): Promise<Answer> {
  const now = Date.now();
  const [from, to] = [new Date(now - 3_600_000).toISOString(), new Date(now).toISOString()];
  return call("startReconciliation", { body: { from, to, dry_run: true } });
}

/** A dry run that is over. */
async function completed(): Promise<string> {
  const id = await begun();
  const run = completeRun({ id, dry_run: true, account: { id: "acct_1", livemode: false } });
  await inReconciler((_, { storage }) => saveRun(storage.sql, run));
  return id;
}

/** The ledger has another address than before. */
async function withOtherLedger(): Promise<Record<string, unknown>> {
  const deployment = crypto.randomUUID();
  const STORED_SETTINGS = { getByName: () => env.STORED_SETTINGS.getByName(deployment) };
  await call("health", { env: { STORED_SETTINGS } });
  // As many as are compared, so that those of other tests are not.
  for (let n = 0; n < 5; n++) await delivered();
  const held = {
    id: "stl_1",
    status: "confirmed",
    account_id: "acct_1",
    amount_minor: "1234",
    currency: "USD",
  };
  ledgerAnswer = () => Response.json({ settlements: [held] });
  return { STORED_SETTINGS, LEDGER_BASE_URL: "https://renamed.example" };
}

/** A run that is over, with a difference of this kind about `txn_1`. */
async function withDifference(kind: Kind): Promise<string> {
  const id = await completed();
  const difference = { ...differenceOf(kind), event_id: null, field: "", transaction_id: "txn_1" };
  await inReconciler((_, { storage }) => insertDifference(storage.sql, id, difference));
  return id;
}

async function withUndelivered(): Promise<string> {
  const id = await withDifference("money_without_event");
  await pinAccount({ id: "acct_1", livemode: false });
  return id;
}

/** What Stripe shows of `txn_1`. */
function moved({ url }: LedgerRequest): Response | null {
  const metadata = { account_id: "acct_1" };
  const payout = { id: "po_1", object: "payout", amount: 5, currency: "usd", status: "paid", metadata };
  const money = { created: 1, type: "payout", currency: "usd", amount: -5, fee: 0, net: -5 };
  return url.pathname === "/v1/balance_transactions/txn_1"
    ? Response.json({ id: "txn_1", object: "balance_transaction", ...money, source: payout })
    : null;
}

type Play = (name: RouteName) => Promise<Answer>;

const WEBHOOK: Record<string, () => Promise<Answer>> = {
  "200": () => deliver(paid()),
  DEPENDENCY_NOT_CONFIGURED: () => deliver(paid(), { env: UNCONFIGURED }),
  INVALID_REQUEST: () => deliver({ id: "evt_1" }),
  PAYLOAD_TOO_LARGE: () => deliver("x".repeat(1_048_577)),
  SIGNATURE_INVALID: () => deliver(paid(), { header: "t=1,v1=00" }),
  THIN_EVENT_UNSUPPORTED: () => deliver({ id: "evt_1", object: "v2.core.event" }),
  LIVEMODE_MISMATCH: () => deliver({ ...paid(), livemode: true }),
  EVENT_CONFLICT: async () => {
    const event = paid();
    await deliver(event);
    const object = { ...event.data.object, amount_received: 99 };
    return deliver({ ...event, data: { object } });
  },
  LEDGER_INGEST_FAILED: () => {
    ledgerAnswer = () => refused(503);
    return deliver(paid());
  },
  EVENT_OBJECT_UNAVAILABLE: () => deliver(paid(), { env: OUT_OF_REACH }),
};

const SUCCESSES: Partial<Record<RouteName, Play>> = {
  showEvent: async (name) => call(name, { eventId: await delivered() }),
  watchEvent: async (name) => call(name, { eventId: await delivered() }),
  retryEvent: async (name) => call(name, { eventId: await failed() }),
  assignAccount: async (name) => call(name, { eventId: await nobodys(() => Response.json({ id: "acc_1" })) }),
  resolveEvent: async (name) => call(name, { eventId: await failed() }),
  reopenEvent: async (name) => {
    const eventId = await failed();
    await call("resolveEvent", { eventId });
    return call(name, { eventId });
  },
  retryEvents: async (name) => {
    await failed();
    return call(name, { body: { filter: {}, dry_run: false } });
  },
  retryForwarding: async (name) => call(name, { body: { event_id: await failed(), force: true } }),
  startReconciliation: () => beginRun(),
  showReconciliation: async (name) => call(name, { runId: await begun() }),
  cancelReconciliation: async (name) => call(name, { runId: await begun() }),
  confirmReconciliation: async (name) => call(name, { runId: await completed() }),
  confirmSetting: async (name) => call(name, { env: await withOtherLedger() }),
  acceptDifference: async (name) => call(name, { runId: await withDifference("orphan") }),
  deliverMoney: async (name) => {
    ledgerAnswer = (request) => moved(request) ?? accepted();
    return call(name, { runId: await withUndelivered() });
  },
};

/** What fails in the same way on every route that documents it. */
const FAILURES: Record<string, Play> = {
  UNAUTHORIZED: (name) => call(name, { key: null }),
  FORBIDDEN: (name) => call(name, { key: "test-settle-read-key" }),
  DEPENDENCY_NOT_CONFIGURED: (name) => call(name, { env: UNCONFIGURED }),
  EVENT_OBJECT_UNAVAILABLE: (name) =>
    call(name, {
      env: name === "confirmSetting" ? { STORED_SETTINGS: { getByName: () => out } } : OUT_OF_REACH,
      eventId: "evt_1",
      ...(name === "startReconciliation" && { body: { from: "2026-01-01", to: "2026-01-02" } }),
    }),
  EVENT_NOT_FOUND: (name) =>
    call(name, name === "retryForwarding" ? { body: { event_id: "evt_unknown" } } : {}),
  RECONCILIATION_NOT_FOUND: (name) => call(name, {}),
  TOO_MANY_RECONCILIATIONS: async () => {
    for (let n = 0; n < 21; n++) await beginRun();
    return beginRun();
  },
  STRIPE_UNAVAILABLE: async (name) => {
    ledgerAnswer = () => refused(503);
    return call(name, { runId: await withUndelivered() });
  },
  ACCOUNT_UNKNOWN: async (name) => call(name, { eventId: await nobodys(() => refused(404, "NOT_FOUND")) }),
  LEDGER_UNAVAILABLE: async (name) => {
    if (name === "assignAccount") return call(name, { eventId: await nobodys(() => refused(503)) });
    const overrides = await withOtherLedger();
    ledgerAnswer = () => refused(503);
    return call(name, { env: overrides });
  },
  DIFFERENCE_NOT_FOUND: async (name) => call(name, { runId: await completed() }),
  INVALID_STATE: async (name) => {
    if (name === "confirmReconciliation") return call(name, { runId: await begun() });
    if (name === "deliverMoney") return call(name, { runId: await withDifference("money_without_event") });
    if (name !== "acceptDifference") return call(name, { eventId: await delivered() });
    const body = { key: "txn_1.open.", actor: "ada", note: "paid in cash" };
    return call(name, { runId: await withDifference("open"), body });
  },
  PAYLOAD_TOO_LARGE: (name) => call(name, { body: " ".repeat(65_537) }),
  INVALID_REQUEST: (name) => call(name, { query: "?limit=0", body: "{", eventId: "nope", runId: "nope" }),
};

function play({ name, code }: Documented): Promise<Answer> {
  const way =
    name === "webhook"
      ? WEBHOOK[code ?? "200"]
      : code === null
        ? (SUCCESSES[name] ?? ((route: RouteName) => call(route, {})))
        : FAILURES[code];
  if (way === undefined) throw new Error(`no case for ${name} → ${code}`);
  return way(name);
}

function problemsOf(schema: Schema, body: unknown): OutputFormat | unknown {
  const validator = new Validator({ ...schema, components: document.components }, "2020-12", false);
  return validator.validate(body).errors;
}

describe.each(ROUTE_NAMES)("%s", (route) => {
  it.each(DOCUMENTED.filter(({ name }) => name === route))("→ $status $code", async (documented) => {
    const answer = await play(documented);
    expect([answer.status, answer.body?.code ?? null]).toEqual([documented.status, documented.code]);
    const type = answer.headers.get("content-type");
    expect(type).toBe(documented.media);
    expect(documented.schema === null ? [] : problemsOf(documented.schema, answer.body)).toEqual([]);
    expect(answer.status === 101 || answer.headers.get("x-request-id") !== null).toBe(true);
  });
});

it("five kinds of 200 from the webhook, each as documented", async () => {
  const schema = DOCUMENTED.find(({ name, status }) => name === "webhook" && status === 200)
    ?.schema as Schema;
  const resolved = payoutPaid({ amount: 5 });
  await deliver(resolved);
  await operator("POST", `/v1/admin/events/${resolved.id}/resolve`, BODIES.resolveEvent);
  const answers = [
    await deliver(paid()),
    await deliver({ ...paid(), type: "customer.created" }),
    await deliver(payoutPaid({ amount: 5 })),
    await deliver(resolved),
    await deliver(paymentIntentSucceeded({}, { account: "acct_stranger" })),
  ];
  expect(answers.map(({ body }) => body.state)).toEqual([
    "forwarded",
    "ignored",
    "failed",
    "resolved",
    "ignored",
  ]);
  for (const { body } of answers) expect(problemsOf(schema, body)).toEqual([]);
});

it("a field that the document does not know → the check sees it", async () => {
  const { schema } = DOCUMENTED.find(({ name, status }) => name === "stats" && status === 200)!;
  const { body } = await call("stats", {});
  expect(problemsOf(schema as Schema, { ...body, more: 1 })).not.toEqual([]);
});

it("the app has no route besides, but for the console's pages", () => {
  const routes = createApp()
    .routes.filter(({ method, path }) => method !== "ALL" && !path.startsWith("/console"))
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
  const known = ROUTE_NAMES.map((name) => `${ROUTES[name].method} ${ROUTES[name].path}`);
  expect([...new Set(routes)].toSorted()).toEqual(known.toSorted());
});

it("an unexpected error → 500 INTERNAL, in the shape of every error", async () => {
  const broken = new Proxy(env, {
    get(target, name) {
      if (name === "SETTLE_ADMIN_KEY") throw new Error("a text that must not be shown");
      return Reflect.get(target, name);
    },
  });
  const answer = await createApp().request("/v1/admin/stats", {}, broken);
  expect(answer.status).toBe(500);
  const { schema } = DOCUMENTED.find(({ name, code }) => name === "stats" && code === "UNAUTHORIZED")!;
  const { code, ...rest } = await answer.json<{ code: string }>();
  expect(code).toBe("INTERNAL");
  expect(problemsOf(schema as Schema, { ...rest, code: "UNAUTHORIZED" })).toEqual([]);
});
