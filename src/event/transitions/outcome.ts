/** What the ledger said, to the look-up or to the settlement. Pure. */
import type { AccountLookup, LedgerOutcome, LedgerRefusal } from "../../ledger/port.ts";
import { freeze, withAccount } from "../../settlement/settlement.ts";
import { nextRetryAt } from "../backoff.ts";
import { type EventRecord, type InAttempt, isInAttempt, type LedgerError } from "../record.ts";
import type { Context, Step } from "../machine-types.ts";
import { changed, closeAttempt, commonOf, fail, horizonFrom, quiet } from "./attempt.ts";

/** received + account → forwarding: the payload is frozen now, and every later attempt sends these bytes. */
export function onAccount(
  record: EventRecord | null,
  attempt: number,
  lookup: AccountLookup,
  context: Context,
): Step {
  if (!isCurrent(record, attempt) || record.state !== "received") return stale(record);
  if (lookup.kind !== "found") return onRefusal(record, lookup, context);
  const payload = freeze(withAccount(record.work.draft, lookup.account_id));
  const next: EventRecord = {
    ...changed(commonOf(record), context.now),
    state: "forwarding",
    work: { kind: "frozen", payload },
    attempt: record.attempt,
  };
  return { record: next, effects: [], verdict: "done" };
}

export function onOutcome(
  record: EventRecord | null,
  attempt: number,
  outcome: LedgerOutcome,
  context: Context,
): Step {
  if (!isCurrent(record, attempt) || record.state !== "forwarding") return stale(record);
  if (outcome.kind !== "accepted") return onRefusal(record, outcome, context);
  const next: EventRecord = {
    ...closeAttempt(record, "accepted", outcome.ledger_status, context.now),
    state: "forwarded",
    payload: record.work.payload,
    status: outcome.ledger_status,
    settlement_id: outcome.settlement_id,
  };
  return { record: next, effects: [{ kind: "publish" }], verdict: "done" };
}

function onRefusal(record: InAttempt, refusal: LedgerRefusal, context: Context): Step {
  const { now, random, policy } = context;
  const closed = closeAttempt(record, refusal.kind, refusal.ledger_status, now);
  const retryAfterMs = refusal.kind === "unavailable" ? refusal.retry_after_ms : null;
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

function isCurrent(record: EventRecord | null, attempt: number): record is InAttempt {
  return record !== null && isInAttempt(record) && record.attempts === attempt;
}

/** The answer to an attempt that is no longer the current one. The current one asks with the same key: it will hear the same. */
function stale(record: EventRecord | null): Step {
  return record === null ? { record, effects: [], verdict: "unknown_event" } : quiet(record, "stored");
}
