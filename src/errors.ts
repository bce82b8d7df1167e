/**
 * Everything that can go wrong on the way to an answer: a tagged union, and its one mapping to status, code
 * and body.
 *
 * A failure carries only facts that any client may see. Stacks, secrets and upstream bodies cannot be put
 * into one.
 */
import type { DeliveryReply, LedgerIngestFailed } from "./event/snapshot.ts";
import type { State } from "./event-index/event-summary.ts";
import { iso } from "./event/view.ts";

export type Failure =
  | {
      readonly kind: "dependency_not_configured";
      readonly missing: readonly string[];
      readonly invalid: readonly string[];
      /** Why a setting may not change, one sentence each, with values: for operators alone. */
      readonly refused?: readonly string[];
    }
  /** null: no sweep has run at all. */
  | { readonly kind: "sweep_overdue"; readonly last_sweep_age_seconds: number | null }
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
  | { readonly kind: "account_unknown" }
  | {
      readonly kind: "ledger_unavailable";
      /** null: no answer. */
      readonly ledger_status: number | null;
      readonly ledger_code: string | null;
    }
  | { readonly kind: "invalid_state"; readonly state: State }
  | { readonly kind: "reconciliation_not_found" }
  | { readonly kind: "not_confirmable"; readonly why: string }
  | { readonly kind: "difference_not_found" }
  | { readonly kind: "not_acceptable" }
  | { readonly kind: "not_deliverable"; readonly why: string }
  /** null: no answer. */
  | { readonly kind: "stripe_unavailable"; readonly stripe_status: number | null }
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
const RETRY_AFTER = { "retry-after": "5" };

/** A kind without an answer does not compile. */
const ANSWERS: {
  readonly [Kind in Failure["kind"]]: (failure: Extract<Failure, { kind: Kind }>) => ErrorAnswer;
} = {
  dependency_not_configured: ({ missing, invalid, refused }) => ({
    status: 503,
    code: "DEPENDENCY_NOT_CONFIGURED",
    error: "The service is not configured completely.",
    details: { missing, ...(invalid.length > 0 && { invalid }), ...(refused !== undefined && { refused }) },
    headers: RETRY_AFTER,
  }),
  // As above, so that a monitor of `/health` needs to know one failure.
  sweep_overdue: ({ last_sweep_age_seconds }) => ({
    status: 503,
    code: "DEPENDENCY_NOT_CONFIGURED",
    error: "The cron has stopped: nothing wakes events whose alarm was lost.",
    details: { missing: ["cron"], last_sweep_age_seconds },
    headers: RETRY_AFTER,
  }),
  payload_too_large: ({ limitBytes }) => ({
    status: 413,
    code: "PAYLOAD_TOO_LARGE",
    error: "The body is larger than this route accepts.",
    details: { limit_bytes: limitBytes },
  }),
  // Why it failed goes to the log only: an answer that said so would help to forge one.
  signature_invalid: () => ({
    status: 401,
    code: "SIGNATURE_INVALID",
    error: "The Stripe-Signature header does not verify.",
  }),
  invalid_request: ({ problems }) => ({
    status: 400,
    code: "INVALID_REQUEST",
    error: "The request is malformed.",
    details: { problems },
  }),
  thin_event_unsupported: () => ({
    status: 422,
    code: "THIN_EVENT_UNSUPPORTED",
    error: "This endpoint takes v1 snapshot events; a thin event carries no object to settle.",
  }),
  livemode_mismatch: ({ settle_env, expected_livemode, event_livemode }) => ({
    status: 422,
    code: "LIVEMODE_MISMATCH",
    error: "The event's livemode does not fit this environment.",
    details: { settle_env, expected_livemode, event_livemode },
  }),
  event_object_unavailable: () => ({
    status: 503,
    code: "EVENT_OBJECT_UNAVAILABLE",
    error: "The event's object cannot be reached. Send it again.",
    headers: RETRY_AFTER,
  }),
  ledger_ingest_failed: ({ event_id, attempts, ledger_status, ledger_code, next_retry_at }) => ({
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
  }),
  event_conflict: ({ event_id, state }) => ({
    status: 409,
    code: "EVENT_CONFLICT",
    error: "This event_id was delivered before with another settlement. It stays as it was.",
    details: { event_id, state },
  }),
  unauthorized: () => ({
    status: 401,
    code: "UNAUTHORIZED",
    error: "A valid operator key is needed.",
    headers: { "www-authenticate": "Bearer" },
  }),
  forbidden: () => ({ status: 403, code: "FORBIDDEN", error: "This key may only read." }),
  event_not_found: () => ({
    status: 404,
    code: "EVENT_NOT_FOUND",
    error: "No such event was delivered, or it was purged.",
  }),
  account_unknown: () => ({
    status: 422,
    code: "ACCOUNT_UNKNOWN",
    error: "The ledger has no such account.",
  }),
  ledger_unavailable: ({ ledger_status, ledger_code }) => ({
    status: 502,
    code: "LEDGER_UNAVAILABLE",
    error: "The ledger gave no usable answer. Nothing was done.",
    details: { ledger_status, ledger_code },
    headers: RETRY_AFTER,
  }),
  invalid_state: ({ state }) => ({
    status: 409,
    code: "INVALID_STATE",
    error: `An event that is ${state} does not allow this.`,
    details: { state },
  }),
  reconciliation_not_found: () => ({
    status: 404,
    code: "RECONCILIATION_NOT_FOUND",
    error: "There is no such reconciliation, or it was purged.",
  }),
  not_confirmable: ({ why }) => ({ status: 409, code: "INVALID_STATE", error: why }),
  difference_not_found: () => ({
    status: 404,
    code: "DIFFERENCE_NOT_FOUND",
    error: "This reconciliation lists no such difference.",
  }),
  not_acceptable: () => ({
    status: 409,
    code: "INVALID_STATE",
    error: "A difference of this kind is not accepted: its event, or another run, moves it.",
  }),
  not_deliverable: ({ why }) => ({ status: 409, code: "INVALID_STATE", error: why }),
  stripe_unavailable: ({ stripe_status }) => ({
    status: 502,
    code: "STRIPE_UNAVAILABLE",
    error: "Stripe's API gave no usable answer. Nothing was done.",
    details: { stripe_status },
    headers: RETRY_AFTER,
  }),
  too_many_runs: ({ limit }) => ({
    status: 429,
    code: "TOO_MANY_RECONCILIATIONS",
    error: `${limit} reconciliations wait for their turn. Cancel some, or wait.`,
    headers: { "retry-after": "60" },
  }),
  route_not_found: () => ({ status: 404, code: "NOT_FOUND", error: "There is nothing here. See GET /." }),
  method_not_allowed: ({ allow }) => ({
    status: 405,
    code: "METHOD_NOT_ALLOWED",
    error: `This route takes ${allow}.`,
    headers: { allow },
  }),
  internal: () => ({
    status: 500,
    code: "INTERNAL",
    error: "Something failed here. The log has it under request_id.",
  }),
};

export function answerTo(failure: Failure): ErrorAnswer {
  return ANSWERS[failure.kind](failure as never);
}
