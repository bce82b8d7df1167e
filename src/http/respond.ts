/** JSON answers. The headers that every answer carries stand here once. */
import { answerTo, type Failure } from "../errors.ts";

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

/** Copied for each answer. A plain object would be read, checked and turned into headers field by field each time. */
const JSON_HEADERS = new Headers({ ...SECURITY_HEADERS, "content-type": "application/json" });

/** Our own: a stranger's id must not get into our log. */
export function newRequestId(): string {
  return crypto.randomUUID();
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

export function fail(requestId: string, failure: Failure): Response {
  const { status, code, error, details, headers } = answerTo(failure);
  return json(
    requestId,
    status,
    { error, code, ...(details && { details }), request_id: requestId },
    headers,
  );
}
