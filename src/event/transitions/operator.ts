/** An operator's acts. Each is kept on the event with its actor, note and time. Pure. */
import type { Mapping } from "../../settlement/settlement.ts";
import {
  type EventRecord,
  type Failed,
  heldReason,
  OPERATOR_ACTION_LIMIT,
  type OperatorAction,
} from "../record.ts";
import type { Context, OperatorRetry, Step } from "../machine-types.ts";
import { beginAttempt, changed, commonOf, joinOrResume, movesMoney, quiet, tell, workOf } from "./attempt.ts";

const UNKNOWN_EVENT: Step = { record: null, effects: [], verdict: "unknown_event" };

/**
 * One attempt now, whatever the backoff says. It cannot credit twice: the key and the bytes are those of every
 * attempt before, and a final event is not tried at all.
 */
export function onOperatorRetry(before: EventRecord | null, retry: OperatorRetry, context: Context): Step {
  if (before === null) return UNKNOWN_EVENT;
  if (before.state === "failed" && retry.scope === "healing" && !canHeal(before))
    return quiet(before, "stored");
  const action: OperatorAction = { action: "retry", actor: retry.actor, note: retry.note, at: context.now };
  if (before.state === "failed" && before.cause === "unmappable") {
    if (retry.mapping === null) return quiet(before, "needs_mapping");
    return remap(noted(before, action), retry.mapping, context);
  }
  const record = noted(before, action);
  const resumed = joinOrResume(record, "operator", context);
  if (resumed !== null) return resumed;
  if (record.state !== "failed") return quiet(before, "invalid_state");
  return beginAttempt(record, record.work, "operator", context);
}

/** failed + resolve → resolved: somebody has settled it by other means, and says so with a name. */
export function onOperatorResolve(
  before: EventRecord | null,
  actor: string,
  note: string,
  context: Context,
): Step {
  if (before === null) return UNKNOWN_EVENT;
  if (isSameResolution(before, actor, note)) return quiet(before, "stored");
  if (before.state !== "failed") return quiet(before, "invalid_state");
  const record = noted(before, { action: "resolve", actor, note, at: context.now });
  const next: EventRecord = {
    ...changed(commonOf(record), context.now),
    state: "resolved",
    work: before.cause === "unmappable" ? null : before.work,
    reason: heldReason(before),
    error: before.cause === "ledger" ? before.error : null,
  };
  return tell(next, "done", context.now);
}

/** The same call again, because its answer was lost on the way. */
function isSameResolution(record: EventRecord, actor: string, note: string): boolean {
  const last = record.actions.at(-1);
  return record.state === "resolved" && last?.actor === actor && last.note === note;
}

function canHeal(record: Failed): boolean {
  return record.cause === "ledger" && record.next_retry_at !== null;
}

/** An unmappable event, after the mapper was taught about it. */
function remap(record: Extract<Failed, { cause: "unmappable" }>, mapping: Mapping, context: Context): Step {
  if (movesMoney(mapping)) return beginAttempt(record, workOf(mapping), "operator", context);
  const common = changed(commonOf(record), context.now);
  const next: EventRecord =
    mapping.kind === "ignored"
      ? { ...common, state: "ignored", reason: mapping.reason }
      : { ...record, ...common, reason: mapping.reason };
  return tell(next, "done", context.now);
}

function noted<R extends EventRecord>(record: R, action: OperatorAction): R {
  return {
    ...record,
    actions: [...record.actions, action].slice(-OPERATOR_ACTION_LIMIT),
  };
}
