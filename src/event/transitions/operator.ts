/** An operator's acts. Each is kept on the event with its actor, note and time. Pure. */
import { type Mapping, movesMoney } from "../../settlement/mapping.ts";
import { type EventRecord, type Failed, OPERATOR_ACTION_LIMIT, type OperatorAction } from "../record.ts";
import { heldReason } from "../record-money.ts";
import type { Context, OperatorAssignment, OperatorRetry, Step } from "../machine-types.ts";
import { beginAttempt, changed, commonOf, joinOrResume, quiet, tell, workOf } from "./attempt.ts";

const UNKNOWN_EVENT: Step = { record: null, effects: [], verdict: "unknown_event" };

/**
 * One attempt now, whatever the backoff says. It cannot credit twice: the key and the bytes are those of
 * every attempt before, and a final event is not tried at all.
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

/**
 * An operator says whose money it is. Only while nobody else could, and nothing was sent: what was sent
 * belongs to the account that it was sent for.
 */
export function onOperatorAssign(
  before: EventRecord | null,
  { mapping, ...assignment }: OperatorAssignment,
  context: Context,
): Step {
  if (before === null) return UNKNOWN_EVENT;
  // Cut off in its attempt, it is attempted again at once, as by a retry: its
  // alarm would come only after the lease.
  if (isSameAssignment(before, assignment))
    return joinOrResume(before, "operator", context) ?? quiet(before, "stored");
  if (!wantsAccount(before)) return quiet(before, "invalid_state");
  if (mapping === null) return quiet(before, "needs_mapping");
  // To this version of the mapping it may mean no money, or need no account.
  if (mapping.kind !== "settlement" || mapping.settlement.account_id !== assignment.account_id)
    return quiet(before, "invalid_state");
  const record = noted(before, { action: "assign", ...assignment, at: context.now });
  return beginAttempt(record, workOf(mapping, null), "operator", context);
}

/** Whether it waits for somebody to name its account, and nothing was sent. */
function wantsAccount(record: EventRecord): record is Failed {
  if (record.state !== "failed") return false;
  if (record.cause === "unmappable") return record.reason === "account_missing";
  return record.work.kind === "draft" && record.work.question.kind === "account";
}

/** The same call again, because its answer was lost on the way. */
function isSameAssignment(record: EventRecord, { account_id, actor, note }: Assigned): boolean {
  const last = record.actions.at(-1);
  return (
    last?.action === "assign" && last.account_id === account_id && last.actor === actor && last.note === note
  );
}

type Assigned = Omit<OperatorAssignment, "mapping">;

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
    ...(before.cause === "unmappable"
      ? { work: null, money: before.money, body: before.body }
      : { work: before.work, money: {}, body: new Uint8Array() }),
    reason: heldReason(before),
    error: before.cause === "ledger" ? before.error : null,
  };
  return tell(next, "done", context.now);
}

/** resolved → failed, as it was: closing it was a mistake. Nothing is tried until somebody asks for it. */
export function onOperatorReopen(
  before: EventRecord | null,
  actor: string,
  note: string,
  context: Context,
): Step {
  if (before === null) return UNKNOWN_EVENT;
  const last = before.actions.at(-1);
  if (last?.action === "reopen" && last.actor === actor && last.note === note) return quiet(before, "stored");
  if (before.state !== "resolved") return quiet(before, "invalid_state");
  const record = noted(before, { action: "reopen", actor, note, at: context.now });
  const failed = { ...changed(commonOf(record), context.now), state: "failed" } as const;
  const { work, error, money, body, reason } = before;
  if (work === null)
    return tell({ ...failed, cause: "unmappable", reason: reason ?? "", money, body }, "done", context.now);
  const next: EventRecord =
    error === null
      ? { ...failed, cause: "currency", work }
      : { ...failed, cause: "ledger", work, error, next_retry_at: null, busy: 0 };
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
  if (movesMoney(mapping)) return beginAttempt(record, workOf(mapping, record.body), "operator", context);
  const common = changed(commonOf(record), context.now);
  // That it means no money any more closes nothing: whoever is sure of it resolves it.
  const next: EventRecord =
    mapping.kind === "ignored"
      ? { ...record, ...common }
      : { ...record, ...common, reason: mapping.reason, money: mapping.money };
  return tell(next, "done", context.now);
}

function noted<R extends EventRecord>(record: R, action: OperatorAction): R {
  return {
    ...record,
    actions: [...record.actions, action].slice(-OPERATOR_ACTION_LIMIT),
  };
}
