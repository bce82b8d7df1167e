/** The console as a browser meets it, without the browser: cookies, forms, pages as text. */
import { env } from "cloudflare:workers";
import { type Answer, BASE, send } from "./worker.ts";

export const COOKIE = "__Host-clawsettle";

export interface Visit {
  readonly cookie?: string;
  readonly headers?: Record<string, string>;
  readonly env?: Record<string, unknown>;
}

export function look(path: string, { cookie, headers, env: overrides }: Visit = {}): Promise<Answer> {
  const request = new Request(`${BASE}${path}`, {
    headers: { ...(cookie !== undefined && { cookie }), ...headers },
    redirect: "manual",
  });
  return send(request, overrides);
}

/** As a form of one of our own pages does, unless the headers say otherwise. */
export function post(path: string, fields: Record<string, string>, visit: Visit = {}): Promise<Answer> {
  const request = new Request(`${BASE}${path}`, {
    method: "POST",
    headers: {
      origin: BASE,
      "sec-fetch-site": "same-origin",
      "content-type": "application/x-www-form-urlencoded",
      ...(visit.cookie !== undefined && { cookie: visit.cookie }),
      ...visit.headers,
    },
    body: new URLSearchParams(fields).toString(),
    redirect: "manual",
  });
  return send(request, visit.env);
}

export interface SignedIn {
  readonly cookie: string;
  readonly csrf: string;
}

export async function signIn(key = env.SETTLE_ADMIN_KEY, actor = "Ada", overrides = {}): Promise<SignedIn> {
  const answer = await post("/console/login", { key, actor }, { env: overrides });
  const cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
  const page = await look("/console", { cookie, env: overrides });
  return { cookie, csrf: /name="csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? "" };
}
