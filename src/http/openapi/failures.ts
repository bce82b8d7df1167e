/**
 * Each kind of failure as the document shows it: made by the one function that makes the answers, from an
 * example of each. A kind without an example does not compile.
 */
import { z } from "zod";
import { answerTo, type ErrorAnswer, type Failure } from "../../errors.ts";
import { errorBody, SECURITY_HEADERS } from "../respond.ts";

export type FailureKind = Failure["kind"];

const EXAMPLES: { readonly [Kind in FailureKind]: Omit<Extract<Failure, { kind: Kind }>, "kind"> } = {
  dependency_not_configured: { missing: ["LEDGER_ADMIN_KEY"], invalid: [] },
  sweep_overdue: { last_sweep_age_seconds: 1_800 },
  payload_too_large: { limitBytes: 262_144 },
  signature_invalid: {},
  invalid_request: { problems: ["limit: Too big: expected number to be <=200"] },
  thin_event_unsupported: {},
  livemode_mismatch: { settle_env: "staging", expected_livemode: false, event_livemode: true },
  event_object_unavailable: {},
  ledger_ingest_failed: {
    event_id: "evt_1",
    attempts: 1,
    ledger_status: 503,
    ledger_code: "SERVICE_UNAVAILABLE",
    next_retry_at: Date.UTC(2027, 0, 15),
  },
  event_conflict: { event_id: "evt_1", state: "forwarded" },
  unauthorized: {},
  forbidden: {},
  event_not_found: {},
  account_unknown: {},
  ledger_unavailable: { ledger_status: 503, ledger_code: "SERVICE_UNAVAILABLE" },
  invalid_state: { state: "forwarded" },
  reconciliation_not_found: {},
  not_confirmable: { why: "Only a complete dry run can be confirmed." },
  difference_not_found: {},
  not_acceptable: {},
  not_deliverable: { why: "Only money without an event can be delivered." },
  stripe_unavailable: { stripe_status: 503 },
  too_many_runs: { limit: 20 },
  route_not_found: {},
  method_not_allowed: { allow: "GET" },
  internal: {},
};

const EXAMPLE_REQUEST_ID = "5f0c9c0e-7f9c-4f57-9d5a-0f6a5d3a1b2c";

/** One status may have several codes; each has its example. */
export function failureResponses(kinds: readonly FailureKind[]) {
  const answers = kinds.map((kind) => ({ kind, answer: answerTo({ kind, ...EXAMPLES[kind] } as Failure) }));
  const byStatus = Map.groupBy(answers, ({ answer }) => answer.status);
  return Object.fromEntries(
    [...byStatus].map(([status, its]) => [
      status,
      {
        description: its.map(({ answer }) => answer.error).join(" Or: "),
        headers: headersOf(its.map(({ answer }) => answer)),
        content: {
          "application/json": {
            schema: errorSchema([...new Set(its.map(({ answer }) => answer.code))]),
            examples: Object.fromEntries(
              its.map(({ kind, answer }) => [kind, { value: errorBody(EXAMPLE_REQUEST_ID, answer) }]),
            ),
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
