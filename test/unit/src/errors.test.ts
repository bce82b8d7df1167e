import { describe, expect, it } from "vitest";
import { answerTo, type Failure } from "../../../src/errors.ts";
import { EVENT_ID, T0 } from "../../support/records.ts";

/** One line per row of the contract: the failure, and what goes over the wire but for the words. */
const ROWS: [Failure, number, string, object | undefined, object | undefined][] = [
  [
    { kind: "dependency_not_configured", missing: ["A", "B"], invalid: [] },
    503,
    "DEPENDENCY_NOT_CONFIGURED",
    { missing: ["A", "B"] },
    { "retry-after": "5" },
  ],
  [
    { kind: "dependency_not_configured", missing: [], invalid: ["C"] },
    503,
    "DEPENDENCY_NOT_CONFIGURED",
    { missing: [], invalid: ["C"] },
    { "retry-after": "5" },
  ],
  [
    { kind: "payload_too_large", limitBytes: 1_048_576 },
    413,
    "PAYLOAD_TOO_LARGE",
    { limit_bytes: 1_048_576 },
    undefined,
  ],
  [{ kind: "signature_invalid" }, 401, "SIGNATURE_INVALID", undefined, undefined],
  [
    { kind: "invalid_request", problems: ["id is missing"] },
    400,
    "INVALID_REQUEST",
    { problems: ["id is missing"] },
    undefined,
  ],
  [{ kind: "thin_event_unsupported" }, 422, "THIN_EVENT_UNSUPPORTED", undefined, undefined],
  [
    { kind: "livemode_mismatch", settle_env: "staging", expected_livemode: false, event_livemode: true },
    422,
    "LIVEMODE_MISMATCH",
    { settle_env: "staging", expected_livemode: false, event_livemode: true },
    undefined,
  ],
  [{ kind: "event_object_unavailable" }, 503, "EVENT_OBJECT_UNAVAILABLE", undefined, { "retry-after": "5" }],
  [
    {
      kind: "ledger_ingest_failed",
      event_id: EVENT_ID,
      attempts: 3,
      ledger_status: 503,
      ledger_code: "DOWN",
      next_retry_at: T0,
    },
    502,
    "LEDGER_INGEST_FAILED",
    {
      event_id: EVENT_ID,
      state: "failed",
      attempts: 3,
      ledger_status: 503,
      ledger_code: "DOWN",
      retry_scheduled: true,
      next_retry_at: "2027-01-15T08:00:00.000Z",
    },
    undefined,
  ],
  [
    {
      kind: "ledger_ingest_failed",
      event_id: EVENT_ID,
      attempts: 80,
      ledger_status: null,
      ledger_code: null,
      next_retry_at: null,
    },
    502,
    "LEDGER_INGEST_FAILED",
    {
      event_id: EVENT_ID,
      state: "failed",
      attempts: 80,
      ledger_status: null,
      ledger_code: null,
      retry_scheduled: false,
      next_retry_at: null,
    },
    undefined,
  ],
  [
    { kind: "event_conflict", event_id: EVENT_ID, state: "forwarded" },
    409,
    "EVENT_CONFLICT",
    { event_id: EVENT_ID, state: "forwarded" },
    undefined,
  ],
  [{ kind: "unauthorized" }, 401, "UNAUTHORIZED", undefined, { "www-authenticate": "Bearer" }],
  [{ kind: "forbidden" }, 403, "FORBIDDEN", undefined, undefined],
  [{ kind: "event_not_found" }, 404, "EVENT_NOT_FOUND", undefined, undefined],
  [{ kind: "invalid_state", state: "forwarded" }, 409, "INVALID_STATE", { state: "forwarded" }, undefined],
  [{ kind: "reconciliation_not_found" }, 404, "RECONCILIATION_NOT_FOUND", undefined, undefined],
  [{ kind: "too_many_runs", limit: 20 }, 429, "TOO_MANY_RECONCILIATIONS", undefined, { "retry-after": "60" }],
  [{ kind: "route_not_found" }, 404, "NOT_FOUND", undefined, undefined],
  [{ kind: "method_not_allowed", allow: "POST" }, 405, "METHOD_NOT_ALLOWED", undefined, { allow: "POST" }],
  [{ kind: "internal" }, 500, "INTERNAL", undefined, undefined],
];

describe("each failure → its status, code, details and headers", () => {
  it.each(ROWS)("%o → %i %s", (failure, status, code, details, headers) => {
    const answer = answerTo(failure);
    expect(answer).toEqual({
      status,
      code,
      error: expect.stringMatching(/^[A-Z`0-9].+\.$/),
      ...(details && { details }),
      ...(headers && { headers }),
    });
    expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
  });

  it("each kind of failure has its own code, but for the two ways to lack a dependency", () => {
    const kinds = new Set(ROWS.map(([failure]) => failure.kind));
    const codes = new Set(ROWS.map(([, , code]) => code));
    expect(codes.size).toBe(kinds.size);
  });
});
