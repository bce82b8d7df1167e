/**
 * Everything that can go wrong on the way to an answer: a tagged union, and its one mapping to status, code and body.
 *
 * A failure carries only facts that a stranger may see. Stacks, secrets and upstream bodies cannot be put into one.
 */
import type { DeliveryReply, LedgerIngestFailed } from "./event/snapshot.ts";
import type { State } from "./event/states.ts";
import { iso } from "./event/view.ts";

export type Failure =
  | {
      readonly kind: "dependency_not_configured";
      readonly missing: readonly string[];
      readonly invalid: readonly string[];
    }
  | { readonly kind: "payload_too_large"; readonly limitBytes: number }
  | { readonly kind: "signature_invalid" }
  | { readonly kind: "invalid_request"; readonly problems: readonly string[] }
  | { readonly kind: "thin_event_unsupported" }
  | {
      readonly kind: "livemode_mismatch";
      readonly settle_env: string;
      readonly expected_livemode: boolean;
      readonly event_livemode: boolean | null;
    }
  | { readonly kind: "event_object_unavailable" }
  | LedgerIngestFailed
  | Extract<DeliveryReply, { kind: "event_conflict" }>
  | { readonly kind: "unauthorized" }
  | { readonly kind: "forbidden" }
  | { readonly kind: "event_not_found" }
  | { readonly kind: "invalid_state"; readonly state: State }
  | { readonly kind: "reconciliation_not_found" }
  | { readonly kind: "too_many_runs"; readonly limit: number }
  | { readonly kind: "route_not_found" }
  | { readonly kind: "method_not_allowed"; readonly allow: string }
  | { readonly kind: "internal" };

export interface ErrorAnswer {
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 422 | 429 | 500 | 502 | 503;
  readonly code: string;
  readonly error: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Stripe comes back on its own schedule; an operator's script should wait this long. */
const RETRY_AFTER_SECONDS = "5";

export function answerTo(failure: Failure): ErrorAnswer {
  switch (failure.kind) {
    case "dependency_not_configured":
      return notConfigured(failure.missing, failure.invalid);
    case "payload_too_large":
      return {
        status: 413,
        code: "PAYLOAD_TOO_LARGE",
        error: "The body is larger than an event can be.",
        details: { limit_bytes: failure.limitBytes },
      };
    case "signature_invalid":
      // Why it failed goes to the log only: an answer that said so would help to forge one.
      return {
        status: 401,
        code: "SIGNATURE_INVALID",
        error: "The Stripe-Signature header does not verify.",
      };
    case "invalid_request":
      return {
        status: 400,
        code: "INVALID_REQUEST",
        error: "The request is malformed.",
        details: { problems: failure.problems },
      };
    case "thin_event_unsupported":
      return {
        status: 422,
        code: "THIN_EVENT_UNSUPPORTED",
        error: "This endpoint takes v1 snapshot events; a thin event carries no object to settle.",
      };
    case "livemode_mismatch": {
      const { kind: _, ...details } = failure;
      return {
        status: 422,
        code: "LIVEMODE_MISMATCH",
        error: "The event's livemode does not fit this environment.",
        details,
      };
    }
    case "event_object_unavailable":
      return {
        status: 503,
        code: "EVENT_OBJECT_UNAVAILABLE",
        error: "The event's object cannot be reached. Send it again.",
        headers: { "retry-after": RETRY_AFTER_SECONDS },
      };
    case "ledger_ingest_failed":
      return ledgerIngestFailed(failure);
    case "event_conflict":
      return {
        status: 409,
        code: "EVENT_CONFLICT",
        error: "This event_id was delivered before with another settlement. It stays as it was.",
        details: { event_id: failure.event_id, state: failure.state },
      };
    default:
      return answerToOperator(failure);
  }
}

type OperatorFailure = Extract<
  Failure,
  {
    kind:
      | "unauthorized"
      | "forbidden"
      | "event_not_found"
      | "invalid_state"
      | "reconciliation_not_found"
      | "too_many_runs"
      | "route_not_found"
      | "method_not_allowed"
      | "internal";
  }
>;

function answerToOperator(failure: OperatorFailure): ErrorAnswer {
  switch (failure.kind) {
    case "unauthorized":
      return {
        status: 401,
        code: "UNAUTHORIZED",
        error: "A valid operator key is needed.",
        headers: { "www-authenticate": "Bearer" },
      };
    case "forbidden":
      return { status: 403, code: "FORBIDDEN", error: "This key may only read." };
    case "event_not_found":
      return {
        status: 404,
        code: "EVENT_NOT_FOUND",
        error: "No such event was delivered, or it was purged.",
      };
    case "invalid_state":
      return {
        status: 409,
        code: "INVALID_STATE",
        error: `An event that is ${failure.state} does not allow this.`,
        details: { state: failure.state },
      };
    case "reconciliation_not_found":
      return {
        status: 404,
        code: "RECONCILIATION_NOT_FOUND",
        error: "There is no such reconciliation, or it was purged.",
      };
    case "too_many_runs":
      return {
        status: 429,
        code: "TOO_MANY_RECONCILIATIONS",
        error: `${failure.limit} reconciliations wait for their turn. Cancel some, or wait.`,
        headers: { "retry-after": "60" },
      };
    case "route_not_found":
      return { status: 404, code: "NOT_FOUND", error: "There is nothing here. See GET /." };
    case "method_not_allowed":
      return {
        status: 405,
        code: "METHOD_NOT_ALLOWED",
        error: `This route takes ${failure.allow}.`,
        headers: { allow: failure.allow },
      };
    case "internal":
      return {
        status: 500,
        code: "INTERNAL",
        error: "Something failed here. The log has it under request_id.",
      };
  }
}

function notConfigured(missing: readonly string[], invalid: readonly string[]): ErrorAnswer {
  return {
    status: 503,
    code: "DEPENDENCY_NOT_CONFIGURED",
    error: "The service is not configured completely.",
    details: { missing, ...(invalid.length > 0 && { invalid }) },
    headers: { "retry-after": RETRY_AFTER_SECONDS },
  };
}

function ledgerIngestFailed(failure: LedgerIngestFailed): ErrorAnswer {
  const { event_id, attempts, ledger_status, ledger_code, next_retry_at } = failure;
  return {
    status: 502,
    code: "LEDGER_INGEST_FAILED",
    error: "The ledger did not accept the settlement.",
    details: {
      event_id,
      state: "failed",
      attempts,
      ledger_status,
      ledger_code,
      retry_scheduled: next_retry_at !== null,
      next_retry_at: next_retry_at === null ? null : iso(next_retry_at),
    },
  };
}
