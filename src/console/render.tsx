/** A page as an answer, with the headers that keep it to itself. */
import { html } from "hono/html";
import type { Child } from "hono/jsx";
import { loadConfig } from "../config.ts";
import type { AdminRequest } from "../http/admin/admin.ts";
import { SECURITY_HEADERS } from "../http/respond.ts";
import { type Problem, ProblemContent } from "./pages/problem.tsx";
import type { Session } from "./session.ts";
import { Page, type PageProps } from "./ui/layout.tsx";

/** No inline script or style, and nothing from anywhere else: what a hostile field could smuggle in would not run. */
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
  // With "no-referrer" a form would come with `Origin: null`, and could not be told from a stranger's.
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
};

export interface Visit extends AdminRequest {
  readonly session: Session | null;
  readonly now: number;
}

export type PageOptions = Omit<PageProps, "settleEnv" | "session" | "children"> & {
  readonly status?: number;
};

export async function renderPage(visit: Visit, options: PageOptions, content: Child): Promise<Response> {
  const { status = 200, ...props } = options;
  const configured = loadConfig(visit.env);
  const settleEnv = configured.ok ? configured.config.settleEnv : null;
  const page = (
    <Page {...props} settleEnv={settleEnv} session={visit.session}>
      {content}
    </Page>
  );
  const headers = {
    ...PAGE_HEADERS,
    "content-type": "text/html; charset=utf-8",
    "x-request-id": visit.requestId,
  };
  return new Response(String(await html`<!doctype html>${page}`), { status, headers });
}

export function renderProblem(visit: Visit, status: number, problem: Problem): Promise<Response> {
  const { requestId, session } = visit;
  return renderPage(
    visit,
    { title: problem.title, status },
    <ProblemContent problem={problem} requestId={requestId} isSignedIn={session !== null} />,
  );
}
