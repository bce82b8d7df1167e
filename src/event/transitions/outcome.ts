/** What came of the turn at the ledger. Pure. */
import type { LedgerRefusal, SettleOutcome } from "../../ledger/port.ts";
import { backoffMs, nextRetryAt } from "../backoff.ts";
import { type EventRecord, type InAttempt, isInAttempt, type LedgerError, type RecordIn } from "../record.ts";
import type { Context, Step } from "../machine-types.ts";
import { changed, closeAttempt, commonOf, fail, horizonFrom, quiet } from "./attempt.ts";

type Unproven = Extract<SettleOutcome, { kind: "unproven" }>;
type Busy = Extract<SettleOutcome, { kind: "busy" }>;

/**
 * Another request may be between two statements at the ledger: so the effect
 * is looked for again, over this time.
 */
const UNPROVEN_READS_MIN = 3;
const UNPROVEN_FOR_MS = 60_000;
const UNPROVEN_READ_EVERY_MS = 20_000;
/** Before the first return to a busy lane; doubled each time in a row. */
const BUSY_RETRY_BASE_MS = 1_000;

export function onOutcome(
  record: EventRecord | null,
  attempt: number,
  outcome: SettleOutcome,
  context: Context,
): Step {
  if (!isCurrent(record, attempt) || record.state !== "forwarding") return stale(record);
  if (outcome.kind === "unproven") return onUnproven(record, outcome, context);
  if (outcome.kind === "busy") return onBusy(record, outcome, context);
  if (outcome.kind === "movement_resolved") return onMovementResolved(record, context);
  if (outcome.kind === "overtaken") {
    const closed = closeAttempt(record, "ignored", outcome.ledger_status, context.now);
    const next: EventRecord = { ...closed, state: "ignored", reason: "payout_overtaken" };
    return { record: next, effects: [{ kind: "publish" }], verdict: "done" };
  }
  if (outcome.kind !== "accepted") return onRefusal(record, outcome, context);
  const next: EventRecord = {
    ...closeAttempt(record, "accepted", outcome.ledger_status, context.now),
    state: "forwarded",
    payload: record.work.payload,
    status: outcome.ledger_status,
    settlement_id: outcome.settlement_id,
    effect: outcome.ledger_event_id,
  };
  return { record: next, effects: [{ kind: "publish" }], verdict: "done" };
}

/**
 * forwarding + no effect → failed: read back by alarm for a while, then for
 * good, until an operator has compared.
 */
function onUnproven(record: RecordIn<"forwarding">, outcome: Unproven, { now }: Context): Step {
  const { since, reads } = record.work.unproven ?? { since: now, reads: 0 };
  const isFinal = reads + 1 >= UNPROVEN_READS_MIN && now - since >= UNPROVEN_FOR_MS;
  const { ledger_status, settlement_id } = outcome;
  const closed = closeAttempt(record, "unproven", ledger_status, now);
  const work = { ...record.work, unproven: { since, reads: reads + 1 } };
  const error: LedgerError = {
    outcome: "unproven",
    detail: settlement_id,
    ledger_status,
    ledger_code: "EFFECT_UNPROVEN",
  };
  return fail(closed, work, error, isFinal ? null : now + UNPROVEN_READ_EVERY_MS);
}

/**
 * forwarding + busy → failed: nothing was sent, so it counts as no attempt, and has a delay of its own. Past
 * the horizon too: the last attempt falls on it, often for many events of an account at once, and each is
 * still owed that attempt.
 */
function onBusy(record: RecordIn<"forwarding">, { retry_after_ms }: Busy, context: Context): Step {
  const { now, random, policy } = context;
  const common = changed(commonOf(record), now);
  const busy = record.attempt.busy + 1;
  const backoff = backoffMs({ ...policy, retryBaseMs: BUSY_RETRY_BASE_MS }, busy, random);
  const nextRetry = now + Math.max(retry_after_ms, backoff);
  const error: LedgerError = {
    outcome: "busy",
    detail: "lane_busy",
    ledger_status: null,
    ledger_code: "LANE_BUSY",
  };
  return fail({ ...common, attempts: common.attempts - 1 }, record.work, error, nextRetry, busy);
}

/**
 * forwarding → failed: another event of this movement was booked by hand. An operator decides about this one.
 */
function onMovementResolved(record: RecordIn<"forwarding">, { now }: Context): Step {
  const closed = closeAttempt(record, "rejected", null, now);
  const error: LedgerError = {
    outcome: "movement_resolved",
    detail: "movement_resolved",
    ledger_status: null,
    ledger_code: "MOVEMENT_RESOLVED",
  };
  return fail(closed, record.work, error, null);
}

export function onRefusal(record: InAttempt, refusal: LedgerRefusal, context: Context): Step {
  const { now, random, policy } = context;
  const closed = closeAttempt(record, refusal.kind, refusal.ledger_status, now);
  const retryAfterMs = refusal.kind === "rejected" ? null : (refusal.retry_after_ms ?? null);
  const nextRetry =
    refusal.kind === "rejected"
      ? null
      : nextRetryAt(policy, now, horizonFrom(record), record.attempts, retryAfterMs, random);
  return fail(closed, record.work, errorOf(refusal), nextRetry);
}

function errorOf(refusal: LedgerRefusal): LedgerError {
  const { kind: outcome, ledger_status } = refusal;
  if (refusal.kind === "unknown") return { outcome, detail: refusal.why, ledger_status, ledger_code: null };
  return { outcome, detail: "answered", ledger_status, ledger_code: refusal.ledger_code };
}

export function isCurrent(record: EventRecord | null, attempt: number): record is InAttempt {
  return record !== null && isInAttempt(record) && record.attempts === attempt;
}

/**
 * The answer to an attempt that is no longer the current one. The current one asks with
 * the same key: it will hear the same.
 */
export function stale(record: EventRecord | null): Step {
  return record === null ? { record, effects: [], verdict: "unknown_event" } : quiet(record, "stored");
}
