/** The routes. */
import { type Context, Hono } from "hono";
import { watchEvent } from "./console/websocket-handlers.ts";
import { createConsole } from "./console/routes.ts";
import type { AdminRequest } from "./http/admin/admin.ts";
import { retryEvents } from "./http/admin/bulk-retry.ts";
import { resolveEvent, retryEvent, showEvent } from "./http/admin/events.ts";
import { retryForwarding } from "./http/admin/forwarding.ts";
import { showEvents } from "./http/admin/list.ts";
import { showMetrics } from "./http/admin/metrics.ts";
import {
  cancelReconciliation,
  listReconciliations,
  showReconciliation,
  startReconciliation,
} from "./http/admin/reconciliations.ts";
import { showStats } from "./http/admin/stats.ts";
import { refusedOperator, refuseOperator } from "./http/auth.ts";
import { health, welcome } from "./http/info.ts";
import { showDocument } from "./http/openapi/show.ts";
import { fail, newRequestId } from "./http/respond.ts";
import { type Route, ROUTE_NAMES, type RouteName, ROUTES } from "./http/routes.ts";
import { uncaught } from "./http/uncaught.ts";
import { handleWebhook } from "./http/webhook.ts";

type Bindings = { Bindings: Env; Variables: { requestId: string } };
type Handler = (c: Context<Bindings>) => Response | Promise<Response>;

const CONSOLE = "/console";

/** A route without a handler does not compile, nor does a handler without a route. */
const HANDLERS: { readonly [Name in RouteName]: Handler } = {
  welcome: (c) => welcome(c.var.requestId),
  health: (c) => health(c.env, c.var.requestId),
  document: (c) => showDocument(c.var.requestId),
  webhook: (c) => handleWebhook(c.req.raw, c.env, c.var.requestId),
  retryForwarding: (c) => retryForwarding(adminOf(c)),
  listEvents: (c) => showEvents(adminOf(c)),
  retryEvents: (c) => retryEvents(adminOf(c)),
  watchEvent: (c) => watchEvent(c, c.var.requestId, paramOf(c, "event_id")),
  retryEvent: (c) => retryEvent(adminOf(c), paramOf(c, "event_id")),
  resolveEvent: (c) => resolveEvent(adminOf(c), paramOf(c, "event_id")),
  showEvent: (c) => showEvent(adminOf(c), paramOf(c, "event_id")),
  startReconciliation: (c) => startReconciliation(adminOf(c)),
  listReconciliations: (c) => listReconciliations(adminOf(c)),
  cancelReconciliation: (c) => cancelReconciliation(adminOf(c), paramOf(c, "id")),
  showReconciliation: (c) => showReconciliation(adminOf(c), paramOf(c, "id")),
  stats: (c) => showStats(adminOf(c)),
  metrics: (c) => showMetrics(adminOf(c)),
};

export function createApp(): Hono<Bindings> {
  const app = new Hono<Bindings>();

  app.use(async (c, next) => {
    c.set("requestId", newRequestId());
    await next();
  });

  // Before the guard, for it has one of its own: a page of the console may watch too.
  for (const name of namesOf("watcher")) addRoute(app, name);
  for (const path of ["/v1/admin/*", ...namesOf("operator").map((name) => honoPath(ROUTES[name].path))]) {
    app.use(path, async (c, next) => {
      const refusal = await refuseOperator(c.req.raw, c.env);
      return refusal === null ? next() : refusedOperator(c.var.requestId, refusal);
    });
  }
  app.route(CONSOLE, createConsole());
  addPaths(app);

  app.notFound((c) => fail(c.var.requestId, { kind: "route_not_found" }));
  app.onError((error, c) => uncaught(c.var.requestId, error));
  return app;
}

/** Path by path, since what a path does not take must be said before a parameter of the next one takes it. */
function addPaths(app: Hono<Bindings>): void {
  const byPath = Map.groupBy(ROUTE_NAMES, (name) => ROUTES[name].path);
  for (const [path, names] of byPath) {
    for (const name of names) addRoute(app, name);
    const allow = names.map((name) => ROUTES[name].method).join(", ");
    app.all(honoPath(path), (c) => fail(c.var.requestId, { kind: "method_not_allowed", allow }));
  }
}

function addRoute(app: Hono<Bindings>, name: RouteName): void {
  app.on(ROUTES[name].method, honoPath(ROUTES[name].path), HANDLERS[name]);
}

function namesOf(access: Route["access"]): RouteName[] {
  return ROUTE_NAMES.filter((name) => ROUTES[name].access === access);
}

/** `/events/{event_id}` → `/events/:event_id` */
function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}

function paramOf(c: Context<Bindings>, name: string): string {
  return c.req.param(name) ?? "";
}

function adminOf(c: { req: { raw: Request }; env: Env; var: { requestId: string } }): AdminRequest {
  return { request: c.req.raw, env: c.env, requestId: c.var.requestId };
}
