/**
 * What each kind of failure looks like in the document: made by the one function that makes the answers, from an example of
 * each. A kind without an example does not compile.
 */
import { z } from "zod";
import { answerTo, type ErrorAnswer, type Failure } from "../../errors.ts";
import { EVENT_MAX_BYTES } from "../../stripe/event.ts";
import { SECURITY_HEADERS } from "../respond.ts";

const EXAMPLES: { readonly [Kind in Failure["kind"]]: Extract<Failure, { kind: Kind }> } = {
  dependency_not_configured: {
    kind: "dependency_not_configured",
    missing: ["LEDGER_ADMIN_KEY"],
    invalid: [],
  },
  payload_too_large: { kind: "payload_too_large", limitBytes: EVENT_MAX_BYTES },
  signature_invalid: { kind: "signature_invalid" },
  invalid_request: { kind: "invalid_request", problems: ["limit: Too big: expected number to be <=200"] },
  thin_event_unsupported: { kind: "thin_event_unsupported" },
  livemode_mismatch: {
    kind: "livemode_mismatch",
    settle_env: "staging",
    expected_livemode: false,
    event_livemode: true,
  },
  event_object_unavailable: { kind: "event_object_unavailable" },
  ledger_ingest_failed: {
    kind: "ledger_ingest_failed",
    event_id: "evt_1",
    attempts: 1,
    ledger_status: 503,
    ledger_code: "SERVICE_UNAVAILABLE",
    next_retry_at: Date.UTC(2027, 0, 15),
  },
  event_conflict: { kind: "event_conflict", event_id: "evt_1", state: "forwarded" },
  unauthorized: { kind: "unauthorized" },
  forbidden: { kind: "forbidden" },
  event_not_found: { kind: "event_not_found" },
  invalid_state: { kind: "invalid_state", state: "forwarded" },
  reconciliation_not_found: { kind: "reconciliation_not_found" },
  too_many_runs: { kind: "too_many_runs", limit: 20 },
  route_not_found: { kind: "route_not_found" },
  method_not_allowed: { kind: "method_not_allowed", allow: "GET" },
  internal: { kind: "internal" },
};

export type FailureKind = Failure["kind"];

/** One status may have several codes; each has its example. */
export function failureResponses(kinds: readonly FailureKind[]) {
  const answers = kinds.map((kind) => ({ kind, answer: answerTo(EXAMPLES[kind]) }));
  const byStatus = Map.groupBy(answers, ({ answer }) => answer.status);
  return Object.fromEntries(
    [...byStatus].map(([status, its]) => [
      status,
      {
        description: its.map(({ answer }) => answer.error).join(" Or: "),
        headers: headersOf(its.map(({ answer }) => answer)),
        content: {
          "application/json": {
            schema: errorSchema(its.map(({ answer }) => answer.code)),
            examples: Object.fromEntries(its.map(({ kind, answer }) => [kind, { value: bodyOf(answer) }])),
          },
        },
      },
    ]),
  );
}

export function errorSchema(codes: readonly string[]) {
  return z.strictObject({
    error: z.string().meta({ description: "For people. It may change." }),
    code: z.enum(codes as [string, ...string[]]).meta({ description: "For programs. It never changes." }),
    details: z.record(z.string(), z.unknown()).optional(),
    request_id: z.string().meta({ description: "Stands in the log too." }),
  });
}

/** As every answer has them, but for those that only say what browsers may do with it. */
export function commonHeaders() {
  return {
    "x-request-id": { description: "Stands in the log too.", schema: { type: "string" as const } },
    "cache-control": {
      description: "No answer is ever cached.",
      schema: { type: "string" as const, enum: [SECURITY_HEADERS["cache-control"] ?? ""] },
    },
  };
}

function headersOf(answers: readonly ErrorAnswer[]) {
  const own = answers.flatMap(({ headers = {} }) => Object.entries(headers));
  return {
    ...commonHeaders(),
    ...Object.fromEntries(
      own.map(([name, value]) => [
        name,
        { description: `For example ${value}.`, schema: { type: "string" as const } },
      ]),
    ),
  };
}

function bodyOf({ error, code, details }: ErrorAnswer) {
  return { error, code, ...(details && { details }), request_id: "5f0c9c0e-7f9c-4f57-9d5a-0f6a5d3a1b2c" };
}
