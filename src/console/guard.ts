/** Who may see and do what at the console. Every page but the sign-in, and every act, passes these checks. */
import type { Context, MiddlewareHandler } from "hono";
import { operatorKeys } from "../config.ts";
import { hasKey } from "../http/auth.ts";
import { type Fields, readForm } from "./form.ts";
import { READ_ONLY, REFUSED, SIGNED_OUT, SWITCHED_OFF, UNREADABLE } from "./pages/problem.tsx";
import { type ConsoleCall, PAGE_HEADERS, renderProblem } from "./render.tsx";
import { isSameOrigin } from "./same-origin.ts";
import { readSession, type Session } from "./session.ts";

export type ConsoleEnv = {
  Bindings: Env;
  Variables: { requestId: string; session: Session | null; fields: Fields };
};
export type ConsoleContext = Context<ConsoleEnv>;
type Guard = MiddlewareHandler<ConsoleEnv>;

export function consoleCall(c: ConsoleContext): ConsoleCall {
  const { requestId, session } = c.var;
  const background = (work: Promise<void>) => c.executionCtx.waitUntil(work);
  return { env: c.env, requestId, background, session: session ?? null, now: Date.now() };
}

/** Without a key no sign-in can succeed, and the page says so instead of refusing every key. */
export const requireConfiguredKey: Guard = async (c, next) => {
  return hasKey(operatorKeys(c.env)) ? next() : renderProblem(consoleCall(c), 503, SWITCHED_OFF);
};

/** For every POST, the sign-in included: another site must not sign a user in either. */
export const requireOwnForm: Guard = async (c, next) => {
  if (c.req.method !== "POST") return next();
  if (!isSameOrigin(c.req.raw)) return renderProblem(consoleCall(c), 403, REFUSED);
  const fields = await readForm(c.req.raw);
  if (fields === null) return renderProblem(consoleCall(c), 400, UNREADABLE);
  c.set("fields", fields);
  return next();
};

/**
 * A GET is redirected to the sign-in, and from there to where it wanted to go. An act is not repeated by
 * itself.
 */
export const requireSession: Guard = async (c, next) => {
  const session = await readSession(c, Date.now());
  c.set("session", session);
  if (session !== null) return next();
  if (c.req.method !== "GET") return renderProblem(consoleCall(c), 401, SIGNED_OUT);
  const { pathname, search } = new URL(c.req.url);
  return redirect(c, `/console/login?${new URLSearchParams({ next: pathname + search })}`);
};

/** The role, and the token that only our own pages know. Both roles may sign out. */
export const requirePermission: Guard = async (c, next) => {
  if (c.req.method !== "POST") return next();
  const { session, fields } = c.var;
  if (session?.csrf !== fields["csrf"]) return renderProblem(consoleCall(c), 403, REFUSED);
  const isSignOut = c.req.path === "/console/logout";
  return session?.role === "admin" || isSignOut ? next() : renderProblem(consoleCall(c), 403, READ_ONLY);
};

/** See Other: what was posted is not posted again by a reload. */
export function redirect(c: ConsoleContext, path: string): Response {
  const headers = { ...PAGE_HEADERS, location: path, "x-request-id": c.var.requestId };
  return new Response(null, { status: 303, headers });
}

/** Only a path of the console: a link to the sign-in must not lead anywhere else. */
export function consolePath(path: string | undefined): string {
  const origin = "https://console.invalid";
  if (path === undefined || !URL.canParse(path, origin)) return "/console";
  const { origin: leadsTo, pathname, search } = new URL(path, origin);
  const isOurs = leadsTo === origin && (pathname === "/console" || pathname.startsWith("/console/"));
  return isOurs ? pathname + search : "/console";
}
