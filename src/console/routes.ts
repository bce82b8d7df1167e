/** The console's routes, in the order of its guards. */
import { Hono } from "hono";
import { respond as respondJson } from "../http/respond.ts";
import { logUncaught } from "../http/uncaught.ts";
import { serveIcon, serveScript, serveStyle } from "./assets.ts";
import {
  postAssignAccount,
  postReopenEvent,
  postResolveEvent,
  postRetryEvent,
  postRetryEvents,
} from "./form-handlers.ts";
import {
  type ConsoleContext,
  consoleCall,
  type ConsoleEnv,
  requireConfiguredKey,
  requireOwnForm,
  requirePermission,
  requireSession,
} from "./guard.ts";
import { getEvent, getEvents, getOverview, getRetryEvents } from "./page-handlers.tsx";
import {
  getReconciliation,
  getReconciliations,
  postAcceptDifference,
  postCancelReconciliation,
  postConfirmReconciliation,
  postDeliverMoney,
  postStartReconciliation,
} from "./reconciliation-handlers.tsx";
import { type Handled, respond, type SignedInCall } from "./render.tsx";

import { getLogin, postLogin, postLogout } from "./sign-in.tsx";
import { watchIndex } from "./websocket-handlers.ts";

export function createConsole(): Hono<ConsoleEnv> {
  const app = new Hono<ConsoleEnv>();
  app.get("/style.css", serveStyle);
  app.get("/app.js", serveScript);
  app.get("/icon.svg", serveIcon);

  app.use(requireConfiguredKey, requireOwnForm);
  app.get("/login", getLogin);
  app.post("/login", postLogin);

  app.use(requireSession, requirePermission);
  app.post("/logout", postLogout);
  app.get("/", answered(getOverview));
  app.get("/events", answered(getEvents));
  app.get("/events/:event_id", answered(getEvent));
  app.post("/events/:event_id/retry", answered(postRetryEvent));
  app.post("/events/:event_id/assign", answered(postAssignAccount));
  app.post("/events/:event_id/resolve", answered(postResolveEvent));
  app.post("/events/:event_id/reopen", answered(postReopenEvent));
  app.get("/retry", answered(getRetryEvents));
  app.post("/retry", answered(postRetryEvents));
  app.get("/reconciliations", answered(getReconciliations));
  app.post("/reconciliations", answered(postStartReconciliation));
  app.get("/reconciliations/:id", answered(getReconciliation));
  app.post("/reconciliations/:id/cancel", answered(postCancelReconciliation));
  app.post("/reconciliations/:id/confirm", answered(postConfirmReconciliation));
  app.post("/reconciliations/:id/accept", answered(postAcceptDifference));
  app.post("/reconciliations/:id/deliver", answered(postDeliverMoney));
  app.get("/live/:shard", async (c) => respondJson(c.var.requestId, await watchIndex(c)));

  app.all("*", (c) => respond(consoleCall(c), { ok: false, failure: { kind: "route_not_found" } }));
  app.onError((error, c) => {
    logUncaught(c.var.requestId, error);
    return respond(consoleCall(c), { ok: false, failure: { kind: "internal" } });
  });
  return app;
}

/** Behind the guards there is a session. */
function answered(handler: (call: SignedInCall, c: ConsoleContext) => Promise<Handled>) {
  return async (c: ConsoleContext) => {
    const call = consoleCall(c);
    const { session } = call;
    if (session === null) throw new Error("a page of the console without a session");
    return respond(call, await handler({ ...call, session }, c));
  };
}
