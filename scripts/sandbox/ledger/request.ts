/** An ingest request, checked, and the text by which two of them are compared. Pure. */
import { idempotencyKeySchema, ingestSchema, type IngestBody, type Refusal } from "./contract.ts";

export interface IngestRequest {
  /** Empty when the header is missing. */
  readonly idempotency_key: string;
  /** The body as it came. */
  readonly body: string;
}

export function parseRequest(request: IngestRequest): { readonly body: IngestBody } | Refusal {
  if (request.idempotency_key === "") return { code: "MISSING_IDEMPOTENCY_KEY" };
  if (!idempotencyKeySchema.safeParse(request.idempotency_key).success) {
    return { code: "INVALID_REQUEST", why: "Idempotency-Key is too long" };
  }
  let json: unknown;
  try {
    json = JSON.parse(request.body);
  } catch {
    return { code: "INVALID_REQUEST", why: "the body is not JSON" };
  }
  const checked = ingestSchema.safeParse(json);
  if (checked.success) return { body: checked.data };
  const issue = checked.error.issues[0];
  const field = issue === undefined || issue.path.length === 0 ? "body" : issue.path.join(".");
  return { code: "INVALID_REQUEST", why: `${field}: ${issue?.message ?? "malformed"}` };
}

/** The same for the same content, whatever the order of the fields and the white space between them. */
export function canonicalText(body: IngestBody): string {
  return JSON.stringify(body, (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
