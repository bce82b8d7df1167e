/** A page as an answer, with the headers that keep it to itself. */
import { html } from "hono/html";
import type { Child } from "hono/jsx";
import { loadConfig } from "../config.ts";
import { answerTo, type Failure } from "../errors.ts";
import { SECURITY_HEADERS } from "../http/respond.ts";
import type { OperatorCall } from "../operators/operator-call.ts";
import type { Result } from "../result.ts";
import { type Problem, ProblemContent, problemOf } from "./pages/problem.tsx";
import type { Session } from "./session.ts";
import { Page, type PageProps } from "./ui/layout.tsx";

/**
 * No inline script or style, and nothing from anywhere else: what a hostile field could inject would not run.
 */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  ...SECURITY_HEADERS,
  "content-security-policy": POLICY,
  // With "no-referrer" a form would come with `Origin: null`, and could not be distinguished from another
  // site's.
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
};

export interface ConsoleCall extends OperatorCall {
  readonly session: Session | null;
  readonly now: number;
}

export interface SignedInCall extends ConsoleCall {
  readonly session: Session;
}

export interface View extends Omit<PageProps, "settleEnv" | "session" | "children"> {
  readonly status?: number;
  readonly content: Child;
}

/** What a handler gives: a page or why there is none, or an answer of its own where that is no page. */
export type Handled = Response | Result<View, Failure>;

/**
 * The one place that answers, whatever the route. A failure has the status that it has for the operators'
 * routes.
 */
export function respond(call: ConsoleCall, handled: Handled): Response | Promise<Response> {
  if (handled instanceof Response) return handled;
  if (handled.ok) return renderPage(call, handled.value);
  const { failure } = handled;
  return renderProblem(call, answerTo(failure).status, problemOf(failure));
}

export async function renderPage(call: ConsoleCall, view: View): Promise<Response> {
  const { status = 200, content, ...props } = view;
  const configured = loadConfig(call.env);
  const settleEnv = configured.ok ? configured.config.settleEnv : null;
  const page = (
    <Page {...props} settleEnv={settleEnv} session={call.session}>
      {content}
    </Page>
  );
  const headers = {
    ...PAGE_HEADERS,
    "content-type": "text/html; charset=utf-8",
    "x-request-id": call.requestId,
  };
  return new Response(String(await html`<!doctype html>${page}`), { status, headers });
}

export function renderProblem(call: ConsoleCall, status: number, problem: Problem): Promise<Response> {
  const { requestId, session } = call;
  const content = <ProblemContent problem={problem} requestId={requestId} isSignedIn={session !== null} />;
  return renderPage(call, { title: problem.title, status, content });
}
