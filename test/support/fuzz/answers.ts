/** What holds for every answer, whatever was asked. */
import type { Answer } from "../worker.ts";
import { SECRETS } from "./log.ts";

/** Every code of the contract but INTERNAL and EVENT_OBJECT_UNAVAILABLE, which no input may cause. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  PAYLOAD_TOO_LARGE: 413,
  SIGNATURE_INVALID: 401,
  INVALID_REQUEST: 400,
  THIN_EVENT_UNSUPPORTED: 422,
  LIVEMODE_MISMATCH: 422,
  LEDGER_INGEST_FAILED: 502,
  EVENT_CONFLICT: 409,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  EVENT_NOT_FOUND: 404,
  INVALID_STATE: 409,
  RECONCILIATION_NOT_FOUND: 404,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
};

const HEADERS: Readonly<Record<string, RegExp>> = {
  "x-request-id": /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  // The console's script and style are asked for again, and sent when they have changed.
  "cache-control": /^(no-store|no-cache)$/,
  "content-security-policy": /default-src 'none'.*frame-ancestors 'none'/,
  "cross-origin-resource-policy": /^same-origin$/,
  "referrer-policy": /^(no-referrer|same-origin)$/,
  "strict-transport-security": /^max-age=31536000; includeSubDomains$/,
  "x-content-type-options": /^nosniff$/,
  "x-frame-options": /^DENY$/,
};
const BODYLESS = new Set([200, 303, 304, 400, 401, 403, 404, 405]);
const CONTENT =
  /^(application\/json|image\/svg\+xml|text\/(css|html|javascript)|text\/plain; version=0\.0\.4)/;

/** Throws, rather than `expect`s, so that it can be said of some answers only. */
export function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

export function expectDecent(answer: Answer): void {
  const { status, headers, body } = answer;
  for (const [name, shape] of Object.entries(HEADERS)) {
    demand(shape.test(headers.get(name) ?? ""), `${status} with ${name}: ${headers.get(name)}`);
  }
  const text = typeof body === "string" ? body : JSON.stringify(body);
  for (const secret of SECRETS) demand(!text.includes(secret), "a secret in an answer");
  const type = headers.get("content-type") ?? "";
  if (body === null) return demand(BODYLESS.has(status), `${status} without a body`);
  demand(CONTENT.test(type), `content of type ${type}`);
  if (status >= 400 && !type.startsWith("text/html")) return expectErrorShape(answer);
  demand(status < 500, `${status} ${text}`);
}

function expectErrorShape({ status, headers, body }: Answer): void {
  const { code, error, details = {}, request_id, ...more } = body;
  demand(STATUS_OF_CODE[code] === status, `${status} ${code}`);
  demand(typeof error === "string" && typeof details === "object", `an error of another shape: ${error}`);
  demand(request_id === headers.get("x-request-id"), "another request's id");
  demand(Object.keys(more).length === 0, `an error with ${Object.keys(more).join()}`);
}
