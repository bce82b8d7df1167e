/** The console as a browser uses it, without the browser: cookies, forms, pages as text. */
import { env } from "cloudflare:workers";
import { type Answer, BASE, send } from "./worker.ts";

export const COOKIE = "__Host-clawsettle";

export interface PageOptions {
  readonly cookie?: string;
  readonly headers?: Record<string, string>;
  readonly env?: Record<string, unknown>;
}

export function getPage(
  path: string,
  { cookie, headers, env: overrides }: PageOptions = {},
): Promise<Answer> {
  const request = new Request(`${BASE}${path}`, {
    headers: { ...(cookie !== undefined && { cookie }), ...headers },
    redirect: "manual",
  });
  return send(request, overrides);
}

/** As a form of one of our own pages does, unless the headers say otherwise. */
export function postForm(
  path: string,
  fields: Record<string, string>,
  options: PageOptions = {},
): Promise<Answer> {
  const request = new Request(`${BASE}${path}`, {
    method: "POST",
    headers: {
      origin: BASE,
      "sec-fetch-site": "same-origin",
      "content-type": "application/x-www-form-urlencoded",
      ...(options.cookie !== undefined && { cookie: options.cookie }),
      ...options.headers,
    },
    body: new URLSearchParams(fields).toString(),
    redirect: "manual",
  });
  return send(request, options.env);
}

export interface SignedIn {
  readonly cookie: string;
  readonly csrf: string;
}

export async function signIn(key = env.SETTLE_ADMIN_KEY, actor = "Ada", overrides = {}): Promise<SignedIn> {
  const answer = await postForm("/console/login", { key, actor }, { env: overrides });
  const cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
  const page = await getPage("/console", { cookie, env: overrides });
  return { cookie, csrf: /name="csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? "" };
}
