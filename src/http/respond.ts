/** Answers. The headers that every answer carries are listed here once. */
import { answerTo, type ErrorAnswer, type Failure } from "../errors.ts";
import type { Result } from "../result.ts";

/** An answer of this service is never a page, never cached and never framed. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=31536000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/**
 * Copied for each answer. A plain object would be read, checked and turned into headers field by field each
 * time.
 */
const JSON_HEADERS = new Headers({ ...SECURITY_HEADERS, "content-type": "application/json" });

/** Always our own: an id that a client chose must not get into our log. */
export function newRequestId(): string {
  return crypto.randomUUID();
}

/** What a handler gives: a value or why there is none, or an answer of its own where that is no JSON. */
export type Handled = Response | Result<unknown, Failure>;

/** The one place that answers, whatever the route. */
export function respond(requestId: string, handled: Handled, status: number = 200): Response {
  if (handled instanceof Response) return handled;
  return handled.ok ? json(requestId, status, handled.value) : fail(requestId, handled.failure);
}

export function json(
  requestId: string,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const response = Response.json(body, { status, headers: JSON_HEADERS });
  response.headers.set("x-request-id", requestId);
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

export function text(
  requestId: string,
  body: string,
  headers: { readonly "content-type": string; readonly "content-disposition"?: string },
): Response {
  return new Response(body, { headers: { ...SECURITY_HEADERS, ...headers, "x-request-id": requestId } });
}

export function fail(requestId: string, failure: Failure): Response {
  const answer = answerTo(failure);
  return json(requestId, answer.status, errorBody(requestId, answer), answer.headers);
}

/** The shape of every error. */
export function errorBody(requestId: string, { error, code, details }: ErrorAnswer) {
  return { error, code, ...(details && { details }), request_id: requestId };
}
