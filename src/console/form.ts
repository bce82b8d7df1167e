/** A form that a browser posted. */
import type { Failure } from "../errors.ts";
import { OPERATOR_BODY_MAX_BYTES, readBody } from "../http/body.ts";

const FORM_TYPE = "application/x-www-form-urlencoded";

export type Fields = Readonly<Record<string, string>>;

/**
 * Null: not a form, too large, or broken off. Fields are trimmed and empty ones left out; of two with one
 * name the last counts.
 */
export async function readForm(request: Request): Promise<Fields | null> {
  if (request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() !== FORM_TYPE) return null;
  const bytes = await readBody(request, OPERATOR_BODY_MAX_BYTES).catch(() => null);
  return bytes === null ? null : fieldsOf(new URLSearchParams(new TextDecoder().decode(bytes)));
}

export function fieldsOf(params: URLSearchParams): Fields {
  return Object.fromEntries(
    [...params].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value !== ""),
  );
}

/**
 * Shown beside the fields that they are about. A failure of another kind has none, and is a page of its own.
 */
export function problemsOf(failure: Failure): readonly string[] {
  return failure.kind === "invalid_request" ? failure.problems : [];
}
