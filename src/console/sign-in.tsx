/** Signing in and out. */
import { z } from "zod";
import { operatorKeys } from "../config.ts";
import { roleOf } from "../http/auth.ts";
import { log, logSampled } from "../log.ts";
import { consoleCall, type ConsoleContext, consolePath, redirect } from "./guard.ts";
import { LoginContent, type LoginProps } from "./pages/login.tsx";
import { renderPage } from "./render.tsx";
import { endSession, startSession } from "./session.ts";

const actorSchema = z.string().min(1).max(100);

export function getLogin(c: ConsoleContext): Promise<Response> {
  return showLogin(c, 200, { next: consolePath(c.req.query("next")), actor: "", problem: null });
}

/**
 * Keys are long and random, so that guessing is hopeless at any rate; a refusal is in the log all the same.
 */
export async function postLogin(c: ConsoleContext): Promise<Response> {
  const { key = "", actor = "", next } = c.var.fields;
  const back = { next: consolePath(next), actor };
  if (!actorSchema.safeParse(actor).success) {
    return showLogin(c, 400, { ...back, problem: "A name of at most 100 characters is needed." });
  }
  const role = await roleOf(key, operatorKeys(c.env));
  if (role === null) {
    logSampled("warn", { msg: "sign_in_refused", request_id: c.var.requestId }, Math.random());
    return showLogin(c, 401, { ...back, problem: "This key opens nothing here." });
  }
  await startSession(c, role, actor, Date.now());
  log("info", { msg: "signed_in", role, request_id: c.var.requestId });
  return withCookies(c, redirect(c, back.next));
}

export async function postLogout(c: ConsoleContext): Promise<Response> {
  endSession(c);
  return withCookies(c, redirect(c, "/console/login"));
}

function showLogin(c: ConsoleContext, status: number, props: LoginProps): Promise<Response> {
  const call = { ...consoleCall(c), session: null };
  return renderPage(call, { title: "Sign in", status, content: <LoginContent {...props} /> });
}

/** What was set on the context before there was an answer. */
function withCookies(c: ConsoleContext, response: Response): Response {
  for (const cookie of c.res.headers.getSetCookie()) response.headers.append("set-cookie", cookie);
  return response;
}
