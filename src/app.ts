/** The routes. */
import { type Context, Hono } from "hono";
import { createConsole } from "./console/routes.ts";
import { watchEvent } from "./console/websocket-handlers.ts";
import { refusedOperator, refuseOperator } from "./http/auth.ts";
import { HANDLERS } from "./http/handlers.ts";
import { readInput } from "./http/input.ts";
import { fail, newRequestId, respond } from "./http/respond.ts";
import { type Route, ROUTE_NAMES, type RouteName, ROUTES } from "./http/routes.ts";
import { uncaught } from "./http/uncaught.ts";

type Bindings = { Bindings: Env; Variables: { requestId: string } };

export function createApp(): Hono<Bindings> {
  const app = new Hono<Bindings>();

  app.use(async (c, next) => {
    c.set("requestId", newRequestId());
    await next();
  });

  // Before the guard, for it has one of its own: a page of the console may watch too.
  addRoute(app, "watchEvent");
  for (const path of ["/v1/admin/*", ...operatorPaths()]) {
    app.use(path, async (c, next) => {
      const refusal = await refuseOperator(c.req.raw, c.env);
      return refusal === null ? next() : refusedOperator(c.var.requestId, refusal);
    });
  }
  app.route("/console", createConsole());
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
  app.on(ROUTES[name].method, honoPath(ROUTES[name].path), (c) => handle(c, name));
}

async function handle(c: Context<Bindings>, name: RouteName): Promise<Response> {
  const { env } = c;
  const { requestId } = c.var;
  const [id] = Object.values(c.req.param());
  const call = { env, requestId, background: (work: Promise<void>) => c.executionCtx.waitUntil(work) };
  if (name === "watchEvent") return respond(requestId, await watchEvent(c, call, id));
  const route: Route = ROUTES[name];
  const input = await readInput(c.req.raw, route, id);
  if (!input.ok) return respond(requestId, input);
  // The compiler does not see that both are of the same name.
  const handled = HANDLERS[name]({ request: c.req.raw, ...call }, input.value as never);
  return respond(requestId, await handled, route.status);
}

function operatorPaths(): string[] {
  return Object.values(ROUTES).flatMap(({ access, path }) => (access === "operator" ? honoPath(path) : []));
}

/** `/events/{event_id}` → `/events/:event_id` */
function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}
