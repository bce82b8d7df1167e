/** Beginning an attempt, and closing one that nobody heard of again. Pure. */
import { LANE_WAIT_MAX_MS } from "../../ledger/lane.ts";
import type { MoneyMapping } from "../../settlement/mapping.ts";
import { freeze, thaw } from "../../settlement/settlement.ts";
import {
  ATTEMPT_LOG_LIMIT,
  type AttemptLogEntry,
  type EventRecord,
  type InAttempt,
  failureAtLedger,
  isInAttempt,
  type LedgerError,
  type Trigger,
  type Work,
} from "../record.ts";
import { type Context, LEASE_MARGIN_MS, type Policy, type Step } from "../machine-types.ts";

/** Of one attempt: whose money it is, and whether a refund is one. */
const QUESTIONS_MAX = 2;

/** The fields that every state has. */
export function commonOf(record: Omit<EventRecord, "state">) {
  return {
    event_id: record.event_id,
    event_type: record.event_type,
    livemode: record.livemode,
    api_version: record.api_version,
    account: record.account,
    received_at: record.received_at,
    updated_at: record.updated_at,
    revision: record.revision,
    deliveries: record.deliveries,
    attempts: record.attempts,
    log: record.log,
    body_sha256: record.body_sha256,
    secret: record.secret,
    conflict: record.conflict,
    actions: record.actions,
  };
}

export type Common = ReturnType<typeof commonOf>;

/** A change of state: what the index must learn. */
export function changed(common: Common, now: number): Common {
  return { ...common, updated_at: now, revision: common.revision + 1 };
}

/** What to send: frozen here, once, for every attempt sends these bytes; or what to find out before. */
export function workOf(mapping: MoneyMapping, body: Uint8Array | null): Work {
  return mapping.kind === "settlement"
    ? { kind: "frozen", payload: freeze(mapping.settlement) }
    : { kind: "draft", draft: mapping.draft, question: mapping.question, body: body ?? new Uint8Array() };
}

/** Whether the ledger's accounts hold the currency of this work. */
export function isSettled(work: Work, { currencies }: Policy): boolean {
  return currencies.includes((work.kind === "draft" ? work.draft : thaw(work.payload)).currency);
}

/**
 * Attempt n+1: on record, with its lease's alarm in the same commit, before anything is sent. Each question
 * takes a timeout of its own, so the lease is that much longer; the turn that follows inherits it.
 *
 * Money of a currency that the ledger does not hold is held instead: one balance of all currencies would be a
 * wrong one. But what was sent once must come to its end, whatever the configuration says since.
 */
export function beginAttempt(
  from: EventRecord | Common,
  work: Work,
  trigger: Trigger,
  context: Context,
): Step {
  const { now, policy } = context;
  const common = commonOf(from);
  if (common.attempts === 0 && !isSettled(work, policy)) {
    return tell({ ...changed(common, now), state: "failed", cause: "currency", work }, "created", now);
  }
  const requests = work.kind === "draft" ? QUESTIONS_MAX + 1 : 1;
  const attempt = {
    trigger,
    started_at: now,
    lease_expires_at: now + LANE_WAIT_MAX_MS + requests * policy.ledgerTimeoutMs + LEASE_MARGIN_MS,
    busy: "state" in from ? (failureAtLedger(from)?.busy ?? 0) : 0,
  };
  const next = { ...changed(common, now), attempts: common.attempts + 1, attempt };
  const record: InAttempt =
    work.kind === "draft" ? { ...next, state: "received", work } : { ...next, state: "forwarding", work };
  return {
    record,
    effects: [{ kind: "set_alarm", at: attempt.lease_expires_at }, { kind: "attempt" }],
    verdict: "started",
  };
}

/** Ends the attempt on record with this log line. */
export function closeAttempt(
  record: InAttempt,
  outcome: AttemptLogEntry[4],
  ledgerStatus: number | null,
  now: number,
): Common {
  const { trigger, started_at } = record.attempt;
  // A clock that was set back must not make a record that no longer parses.
  const duration = Math.max(0, now - started_at);
  const entry: AttemptLogEntry = [record.attempts, trigger, started_at, duration, outcome, ledgerStatus];
  const common = changed(commonOf(record), now);
  return { ...common, log: [...common.log, entry].slice(-ATTEMPT_LOG_LIMIT) };
}

/**
 * From when the retry horizon counts: the first delivery, or what an operator did last to have it settled.
 */
export function horizonFrom(record: EventRecord): number {
  const latest = record.actions.findLast(({ action }) => action !== "resolve");
  return Math.max(record.received_at, latest?.at ?? 0);
}

/** The attempt failed: the record waits for `nextRetry`, or for an operator. */
export function fail(
  common: Common,
  work: Work,
  error: LedgerError,
  nextRetry: number | null,
  busy = 0,
): Step & { readonly record: EventRecord } {
  const record: EventRecord = {
    ...common,
    state: "failed",
    cause: "ledger",
    work,
    error,
    next_retry_at: nextRetry,
    busy,
  };
  return { record, effects: [{ kind: "publish" }], verdict: "done" };
}

/**
 * The attempt was cut off: a reset, a deploy, a crash. Its outcome is
 * unknown; the same key and bytes are safe.
 */
export function afterLostAttempt(record: InAttempt, trigger: Trigger, context: Context): Step {
  const closed = closeAttempt(record, "unknown", null, context.now);
  // An operator's retry stands on the record before it comes here, so the horizon
  // counts from it: it is never too late.
  if (context.now >= horizonFrom(record) + context.policy.retryHorizonMs) {
    const error: LedgerError = {
      outcome: "unknown",
      detail: "interrupted",
      ledger_status: null,
      ledger_code: null,
    };
    const { record: failed } = fail(closed, record.work, error, null);
    return tell(failed, "done", context.now);
  }
  return beginAttempt(closed, record.work, trigger, context);
}

/**
 * A change without an attempt. No lease stands that would publish it after a crash, so it sets an alarm of
 * its own, as the flag that the index does not know the change yet; publishing moves it.
 */
export function tell(record: EventRecord, verdict: Step["verdict"], now: number): Step {
  return {
    record,
    effects: [{ kind: "set_alarm", at: now + LEASE_MARGIN_MS }, { kind: "publish" }],
    verdict,
  };
}

/** A step that changes nothing that the index shows: no new revision, no effect. */
export function quiet(record: EventRecord, verdict: Step["verdict"]): Step {
  return { record, effects: [], verdict };
}

/** An attempt under way is joined; one that was cut off is followed by the next; otherwise null. */
export function joinOrResume(record: EventRecord, trigger: Trigger, context: Context): Step | null {
  if (!isInAttempt(record)) return null;
  return context.inFlight ? quiet(record, "joined") : afterLostAttempt(record, trigger, context);
}
