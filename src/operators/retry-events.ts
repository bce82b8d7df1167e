/**
 * Retrying many events, up to a limit, the longest unchanged first. It cannot credit twice, since each event
 * is retried as it would be alone: same key, same bytes, and final events not at all.
 */
import { z } from "zod";
import { concurrently } from "../concurrently.ts";
import { answerTo, type Failure } from "../errors.ts";
import { eventIdSchema } from "../event-id.ts";
import type { EventState } from "../event/event-state.ts";
import type { OperatorRetry } from "../event/machine-types.ts";
import { type EventSummary, stateSchema } from "../event-index/event-summary.ts";
import * as index from "../event-index/queries.ts";
import { moneySchema } from "../event-index/sum-by-currency.ts";
import { log } from "../log.ts";
import type { Result } from "../result.ts";
import { countSchema } from "../wire-schemas.ts";
import { askIndex, type OperatorCall } from "./operator-call.ts";
import type { RetryEventRequest, RetryEventsRequest, RetryForwardingRequest } from "./requests.ts";
import { retryDependents } from "./retry-dependents.ts";
import { retryEvent } from "./retry-event.ts";
import { type Retried, RETRIES_AT_ONCE, retryOne } from "./retry-one.ts";

/** Attempts made: `forwarded` of them settled their event, `failed` did not. */
const attempts = { attempted: countSchema, forwarded: countSchema, failed: countSchema };
/** One for each event, whether or not it needed an attempt. */
const resultSchema = z.strictObject({
  event_id: eventIdSchema,
  state: stateSchema,
  error_code: z.string().nullable(),
});

export const retryEventsReportSchema = z.strictObject({
  dry_run: z.boolean(),
  matched: countSchema,
  per_currency: z.array(moneySchema).readonly(),
  ...attempts,
  results: z.array(resultSchema).readonly(),
});
export const forwardingRetrySchema = z.strictObject({ ok: z.boolean(), ...attempts });

export type RetryEventsReport = z.infer<typeof retryEventsReportSchema>;
export type ForwardingRetry = z.infer<typeof forwardingRetrySchema>;
type Retries = Pick<RetryEventsReport, keyof typeof attempts | "results">;

/**
 * Open events that a filter matches. With `dry_run`, how many match and how much money that is, and nothing
 * is touched.
 */
export async function retryEvents(
  call: OperatorCall,
  { filter, limit, dry_run, ...request }: RetryEventsRequest,
): Promise<Result<RetryEventsReport, Failure>> {
  // Before anything is tried: afterwards fewer match.
  const sums = await askIndex(call, (place) => index.sumOpen(place, filter));
  if (!sums.ok) return sums;
  const report = {
    dry_run,
    matched: sums.value.reduce((total, money) => total + money.count, 0),
    per_currency: sums.value,
  };
  if (dry_run) return { ok: true, value: { ...report, attempted: 0, forwarded: 0, failed: 0, results: [] } };
  const found = await askIndex(call, (place) => index.findOpen(place, filter, null, limit));
  if (!found.ok) return found;
  const retries = await retryEach(call, found.value, request, "any");
  const { attempted, forwarded, failed } = retries;
  const line = { msg: "operator_bulk_retry", request_id: call.requestId, matched: report.matched };
  log("info", { ...line, attempted, forwarded, failed });
  return { ok: true, value: { ...report, ...retries } };
}

/**
 * One event by its id, or those that are due; with `force` those that failed for good as well. An event that
 * is final counts as attempted 0.
 */
export async function retryForwarding(
  call: OperatorCall,
  { event_id, limit, force }: RetryForwardingRequest,
): Promise<Result<ForwardingRetry, Failure>> {
  const request = { actor: "operator", note: null };
  const scope = force ? "any" : "healing";
  if (event_id !== undefined) {
    const outcome = await retryEvent(call, event_id, request, scope);
    if (!outcome.ok && outcome.failure.kind !== "invalid_state") return outcome;
    const wasAttempted = outcome.ok && outcome.value.attempted;
    const isForwarded = wasAttempted && outcome.value.event.state === "forwarded";
    return forwardingRetry(Number(wasAttempted), Number(isForwarded));
  }
  const dueBy = force ? null : Date.now();
  const found = await askIndex(call, (place) => index.findOpen(place, { state: "failed" }, dueBy, limit));
  if (!found.ok) return found;
  const { attempted, forwarded } = await retryEach(call, found.value, request, scope);
  return forwardingRetry(attempted, forwarded);
}

function forwardingRetry(attempted: number, forwarded: number) {
  const failed = attempted - forwarded;
  return { ok: true, value: { ok: failed === 0, attempted, forwarded, failed } } as const;
}

/**
 * One that fails keeps no other from its turn. What waits for the payments
 * forwarded here is tried once, after all.
 */
async function retryEach(
  call: OperatorCall,
  events: readonly EventSummary[],
  request: RetryEventRequest,
  scope: OperatorRetry["scope"],
): Promise<Retries> {
  const retrying = concurrently(events, RETRIES_AT_ONCE, async (event) =>
    resultOf(event, await retryOne(call, event.event_id, request, scope)),
  );
  call.background(
    retrying.then((outcomes) => {
      const forwarded = outcomes.flatMap(({ event }) => (event?.state === "forwarded" ? event : []));
      return retryDependents(call, forwarded, request.actor);
    }),
  );
  const outcomes = await retrying;
  const attempted = outcomes.filter((outcome) => outcome.attempted);
  const forwarded = attempted.filter(({ result }) => result.state === "forwarded").length;
  return {
    attempted: attempted.length,
    forwarded,
    failed: attempted.length - forwarded,
    results: outcomes.map(({ result }) => result),
  };
}

interface EventOutcome {
  readonly attempted: boolean;
  readonly result: Retries["results"][number];
  /** null: it has none to show. */
  readonly event: EventState | null;
}

function resultOf({ event_id, state }: EventSummary, outcome: Result<Retried, Failure>): EventOutcome {
  if (outcome.ok) {
    const { attempted, event } = outcome.value;
    const result = { event_id, state: event.state, error_code: event.last_error?.code ?? null };
    return { attempted, result, event };
  }
  const { failure } = outcome;
  // It became final since the index was asked: nothing is wrong, and nothing was tried.
  if (failure.kind === "invalid_state") {
    const result = { event_id, state: failure.state, error_code: null };
    return { attempted: false, result, event: null };
  }
  // An object that cannot be reached may or may not have begun an attempt: counted, so that the sum is not
  // too optimistic.
  const result = { event_id, state, error_code: answerTo(failure).code };
  return { attempted: failure.kind !== "event_not_found", result, event: null };
}
