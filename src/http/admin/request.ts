/** What operators send: checked strictly, so that a misspelt field is an error and not a silent default. */
import { z } from "zod";
import { eventIdSchema } from "../../event-id.ts";
import type { Failure } from "../../errors.ts";
import { OPERATOR_BODY_MAX_BYTES, readBody } from "../body.ts";
import { DEFAULT_LIMIT, MAX_LIMIT, retryFilter } from "./filter.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

export const actor = z.string().trim().min(1).max(200);
const note = z.string().trim().min(1).max(2_000);

/** Who asks is optional for a retry, which can do no harm; an empty body is a retry without a note. */
export const retryBody = z.strictObject({
  actor: actor.default("operator"),
  note: note.nullable().default(null),
});

/** Closing an event needs a name and a reason: nobody will look at it again. */
export const resolveBody = z.strictObject({ actor, note });

const limit = z.int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT);

/** Without an event_id: all that are due. */
export const forwardingRetryBody = z.strictObject({
  event_id: eventIdSchema.optional(),
  limit,
  force: z.boolean().default(false),
});

/** Whether it is meant must be said: no default of `dry_run` would be what everybody expects. */
export const bulkRetryBody = z.strictObject({
  ...retryBody.shape,
  filter: retryFilter,
  limit,
  dry_run: z.boolean(),
});

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

/** An empty body counts as `{}`. */
export async function readJson<T>(request: Request, schema: z.ZodType<T>): Promise<Read<T>> {
  const bytes = await readBody(request, OPERATOR_BODY_MAX_BYTES).catch(() => "broken_off" as const);
  if (bytes === "broken_off") {
    return { ok: false, failure: { kind: "invalid_request", problems: ["the body broke off"] } };
  }
  if (bytes === null) {
    return { ok: false, failure: { kind: "payload_too_large", limitBytes: OPERATOR_BODY_MAX_BYTES } };
  }
  let parsed: unknown;
  try {
    parsed = bytes.length === 0 ? {} : JSON.parse(decoder.decode(bytes));
  } catch {
    return { ok: false, failure: { kind: "invalid_request", problems: ["the body is not JSON in UTF-8"] } };
  }
  return check(parsed, schema);
}

/** Each parameter at most once: of two, either could be the one that was meant. */
export function readQuery<T>(request: Request, schema: z.ZodType<T>): Read<T> {
  const params = [...new URL(request.url).searchParams];
  const given = Object.fromEntries(params);
  const twice = Object.keys(given).filter((name) => params.filter(([other]) => other === name).length > 1);
  if (twice.length > 0) {
    const problems = twice.map((name) => `${name}: given more than once`);
    return { ok: false, failure: { kind: "invalid_request", problems } };
  }
  return check(given, schema);
}

export function check<T>(value: unknown, schema: z.ZodType<T>): Read<T> {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  const problems = result.error.issues.map(
    (issue) => `${issue.path.join(".") || "the request"}: ${issue.message}`,
  );
  return { ok: false, failure: { kind: "invalid_request", problems } };
}
