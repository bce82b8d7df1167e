/**
 * An operator says whose money an event of nobody's is: one attempt, and then what waits for that payment.
 */
import type { Config } from "../config.ts";
import type { Failure } from "../errors.ts";
import type { AssignReply } from "../event/operator-replies.ts";
import type { EventState } from "../event/event-state.ts";
import type { OperatorAssignment } from "../event/machine-types.ts";
import { connectLedger } from "../ledger/connect.ts";
import { log } from "../log.ts";
import type { Result } from "../result.ts";
import { mapKeptBody } from "./map-kept-body.ts";
import { askEvent, configOf, ledgerUnavailable, type OperatorCall } from "./operator-call.ts";
import type { AssignAccountRequest } from "./requests.ts";
import { retryDependents } from "./retry-dependents.ts";

/**
 * What waits for the payment is tried whatever came of the attempt: should that heal later, they have a new
 * retry horizon to heal in. The same call again does all of it again, since its answer may have been lost.
 */
export async function assignAccount(
  call: OperatorCall,
  eventId: string,
  request: AssignAccountRequest,
): Promise<Result<EventState, Failure>> {
  const config = await configOf(call);
  if (!config.ok) return config;
  const assigning = assign(call, eventId, request, config.value);
  call.background(afterAssigning(call, assigning, request.actor));
  return assigning;
}

async function afterAssigning(
  call: OperatorCall,
  assigning: Promise<Result<EventState, Failure>>,
  actor: string,
): Promise<void> {
  const assigned = await assigning;
  if (assigned.ok) await retryDependents(call, [assigned.value], actor);
}

/** The event is asked first: of one that takes no account, the ledger need not be asked for it. */
async function assign(
  call: OperatorCall,
  eventId: string,
  request: AssignAccountRequest,
  config: Config,
): Promise<Result<EventState, Failure>> {
  const asked = await askToAssign(call, eventId, { ...request, mapping: null });
  if (!asked.ok) return asked;
  if (asked.value.kind !== "needs_mapping") return stateOf(asked.value);
  const refusal = await refuseAccount(call, request.account_id, config);
  if (refusal !== null) return { ok: false, failure: refusal };
  const mapping = mapKeptBody(asked.value.body, config, request.account_id);
  if (mapping === null) return { ok: false, failure: { kind: "internal" } };
  const reply = await askToAssign(call, eventId, { ...request, mapping });
  return reply.ok ? stateOf(reply.value) : reply;
}

async function askToAssign(
  call: OperatorCall,
  eventId: string,
  assignment: OperatorAssignment,
): Promise<Result<AssignReply, Failure>> {
  const reply = await askEvent(call, eventId, (stub) => stub.assign(assignment));
  const outcome = reply.ok ? reply.value.kind : reply.failure.kind;
  log("info", { msg: "operator_assign", event_id: eventId, request_id: call.requestId, outcome });
  return reply;
}

function stateOf(reply: AssignReply): Result<EventState, Failure> {
  if (reply.kind === "assigned") return { ok: true, value: reply.event };
  // With a mapping at hand it asks for none.
  if (reply.kind === "needs_mapping") return { ok: false, failure: { kind: "internal" } };
  return { ok: false, failure: reply };
}

/** null: the ledger has the account. Money for one that it does not have could not be settled. */
async function refuseAccount(call: OperatorCall, accountId: string, config: Config): Promise<Failure | null> {
  const account = await connectLedger(call.env, config.ledger).findAccount(accountId);
  if (account.kind === "found") return null;
  if (account.kind === "absent") return { kind: "account_unknown" };
  return ledgerUnavailable(account);
}
