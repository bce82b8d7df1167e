/** The routes, and the one place that answers for an error that nobody expected. */
import { Hono } from "hono";
import { watchEvent } from "./console/live.ts";
import { createConsole } from "./console/routes.ts";
import type { AdminRequest } from "./http/admin/admin.ts";
import { retryEvents } from "./http/admin/bulk-retry.ts";
import { resolveEvent, retryEvent, showEvent } from "./http/admin/events.ts";
import { retryForwarding } from "./http/admin/forwarding.ts";
import { showEvents } from "./http/admin/list.ts";
import { showMetrics } from "./http/admin/metrics.ts";
import { showStats } from "./http/admin/stats.ts";
import { refusedOperator, refuseOperator } from "./http/auth.ts";
import { health, welcome } from "./http/info.ts";
import { fail } from "./http/respond.ts";
import { handleWebhook } from "./http/webhook.ts";
import { log } from "./log.ts";

type Bindings = { Bindings: Env; Variables: { requestId: string } };

const WEBHOOK = "/v1/stripe/webhook";
const FORWARDING_RETRY = "/v1/stripe/forwarding/retry";
const EVENTS = "/v1/admin/events";
const BULK_RETRY = `${EVENTS}/retry`;
const EVENT = `${EVENTS}/:event_id`;
const WATCH = `${EVENT}/watch`;
const CONSOLE = "/console";
const STATS = "/v1/admin/stats";
const METRICS = "/metrics";

export function createApp(): Hono<Bindings> {
  const app = new Hono<Bindings>();

  app.use(async (c, next) => {
    // Our own: a stranger's id must not get into our log.
    c.set("requestId", crypto.randomUUID());
    await next();
  });

  // Before the guard, for it has one of its own: a page of the console may watch too.
  app.get(WATCH, (c) => watchEvent(c, c.var.requestId, c.req.param("event_id")));
  for (const path of ["/v1/admin/*", FORWARDING_RETRY, METRICS]) {
    app.use(path, async (c, next) => {
      const refusal = await refuseOperator(c.req.raw, c.env);
      return refusal === null ? next() : refusedOperator(c.var.requestId, refusal);
    });
  }

  app.route(CONSOLE, createConsole());
  app.get("/", (c) => welcome(c.var.requestId));
  app.get("/health", (c) => health(c.env, c.var.requestId));
  app.post(WEBHOOK, (c) => handleWebhook(c.req.raw, c.env, c.var.requestId));
  app.get(EVENTS, (c) => showEvents(adminOf(c)));
  app.post(BULK_RETRY, (c) => retryEvents(adminOf(c)));
  app.get(STATS, (c) => showStats(adminOf(c)));
  app.get(METRICS, (c) => showMetrics(adminOf(c)));
  app.post(FORWARDING_RETRY, (c) => retryForwarding(adminOf(c)));
  app.post(`${EVENT}/retry`, (c) => retryEvent(adminOf(c), c.req.param("event_id")));
  app.post(`${EVENT}/resolve`, (c) => resolveEvent(adminOf(c), c.req.param("event_id")));

  for (const path of [WEBHOOK, FORWARDING_RETRY, BULK_RETRY, `${EVENT}/retry`, `${EVENT}/resolve`]) {
    app.all(path, (c) => fail(c.var.requestId, { kind: "method_not_allowed", allow: "POST" }));
  }
  // Only now: "retry" would be taken for an event's id.
  app.get(EVENT, (c) => showEvent(adminOf(c), c.req.param("event_id")));
  for (const path of ["/", "/health", EVENTS, EVENT, WATCH, STATS, METRICS]) {
    app.all(path, (c) => fail(c.var.requestId, { kind: "method_not_allowed", allow: "GET" }));
  }

  app.notFound((c) => fail(c.var.requestId, { kind: "route_not_found" }));
  app.onError((error, c) => {
    // The name only: a message may quote what it was given.
    log("error", { msg: "uncaught", request_id: c.var.requestId, error: error.name });
    return fail(c.var.requestId, { kind: "internal" });
  });
  return app;
}

function adminOf(c: { req: { raw: Request }; env: Env; var: { requestId: string } }): AdminRequest {
  return { request: c.req.raw, env: c.env, requestId: c.var.requestId };
}
