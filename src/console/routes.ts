/** The console's routes, in the order of its guards. */
import { Hono } from "hono";
import { logUncaught } from "../http/uncaught.ts";
import { postResolve, postRetry, postRetryMany } from "./form-handlers.tsx";
import { serveIcon, serveScript, serveStyle } from "./assets.ts";
import { failed } from "./failed.ts";
import { type ConsoleEnv, fromOurOwnPages, mayAct, whenSignedIn, whenSwitchedOn } from "./guard.ts";
import { watchIndex } from "./websocket-handlers.ts";
import { getEvent, getEvents, getOverview, getRetry } from "./page-handlers.tsx";
import {
  getReconciliation,
  getReconciliations,
  postCancelReconciliation,
  postReconciliation,
} from "./reconciliation-handlers.tsx";
import { getLogin, postLogin, postLogout } from "./sign-in.tsx";

export function createConsole(): Hono<ConsoleEnv> {
  const app = new Hono<ConsoleEnv>();
  app.get("/style.css", serveStyle);
  app.get("/app.js", serveScript);
  app.get("/icon.svg", serveIcon);

  app.use(whenSwitchedOn, fromOurOwnPages);
  app.get("/login", getLogin);
  app.post("/login", postLogin);

  app.use(whenSignedIn, mayAct);
  app.post("/logout", postLogout);
  app.get("/", getOverview);
  app.get("/events", getEvents);
  app.get("/events/:event_id", getEvent);
  app.post("/events/:event_id/retry", postRetry);
  app.post("/events/:event_id/resolve", postResolve);
  app.get("/retry", getRetry);
  app.post("/retry", postRetryMany);
  app.get("/reconciliations", getReconciliations);
  app.post("/reconciliations", postReconciliation);
  app.get("/reconciliations/:id", getReconciliation);
  app.post("/reconciliations/:id/cancel", postCancelReconciliation);
  app.get("/live/:shard", watchIndex);

  app.all("*", (c) => failed(c, { kind: "route_not_found" }));
  app.onError((error, c) => {
    logUncaught(c.var.requestId, error);
    return failed(c, { kind: "internal" });
  });
  return app;
}
