/** The only place that makes a stub of an account's lane. */
import { jurisdictionOf } from "../config.ts";
import { callObject, type RpcResult, withTimeout } from "../durable-object/rpc.ts";
import { stubByName } from "../durable-object/stub-by-name.ts";
import { movementOf, type Settlement } from "../settlement/settlement.ts";
import type { AccountLane } from "./account-lane.ts";
import type { LaneRequest } from "./lane.ts";
import type { ClosedMovement, SettleOutcome } from "./port.ts";

const INTERRUPTED: SettleOutcome = { kind: "unknown", why: "interrupted", ledger_status: null };

/**
 * Never throws. One try: a lane that is lost in the middle may have a request at the ledger, so its outcome
 * is unknown, and the event's next attempt finds out.
 */
export async function settleInLane(
  env: Env,
  settlement: Settlement,
  request: LaneRequest,
  timeoutMs: number,
): Promise<SettleOutcome> {
  // Another event of this movement may have been closed when nobody knew yet whose account it is.
  if (settlement.metadata["account_source"] !== undefined) {
    const movement = movementOf(settlement);
    const resolved = await askLane(env, movement, timeoutMs, (stub) => stub.isResolved(movement));
    if (!resolved.ok) return INTERRUPTED;
    if (resolved.value) return { kind: "movement_resolved" };
  }
  const answer = await askLane(env, settlement.account_id, timeoutMs, (stub) => stub.settle(request));
  return answer.ok ? answer.value : INTERRUPTED;
}

/**
 * Says that an operator has closed this movement, or has opened it again. It is kept in the lane of its
 * account; while that is not known, in an object of the movement's own.
 */
export async function setMovementResolved(
  env: Env,
  { name, accountId, eventId }: ClosedMovement,
  isResolved: boolean,
  timeoutMs: number,
): Promise<boolean> {
  const answer = await askLane(env, accountId ?? name, timeoutMs, (stub) =>
    stub.setResolved(name, eventId, isResolved),
  );
  return answer.ok;
}

function askLane<T>(
  env: Env,
  name: string,
  timeoutMs: number,
  call: (stub: DurableObjectStub<AccountLane>) => Promise<RpcResult<T>>,
): Promise<RpcResult<T>> {
  return withTimeout(
    timeoutMs,
    callObject<DurableObjectStub<AccountLane>, T>({
      object: "account_lane",
      name,
      stub: () => stubByName(env.ACCOUNT_LANE, name, jurisdictionOf(env)),
      call,
      tries: 1,
    }),
  );
}
