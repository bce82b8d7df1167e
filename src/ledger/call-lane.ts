/** The only place that makes a stub of an account's lane. */
import { callObject, withTimeout } from "../durable-object/rpc.ts";
import type { AccountLane } from "./account-lane.ts";
import type { LaneRequest } from "./lane.ts";
import type { SettleOutcome } from "./port.ts";

/**
 * Never throws. One try: a lane that is lost in the middle may have a request at the ledger, so its outcome is unknown,
 * and the event's next attempt finds out.
 */
export async function settleInLane(
  env: Env,
  accountId: string,
  request: LaneRequest,
  timeoutMs: number,
): Promise<SettleOutcome> {
  const answer = await withTimeout(
    timeoutMs,
    callObject<DurableObjectStub<AccountLane>, SettleOutcome>({
      object: "account_lane",
      name: accountId,
      stub: () => env.ACCOUNT_LANE.getByName(accountId),
      call: (stub) => stub.settle(request),
      tries: 1,
    }),
  );
  return answer.ok ? answer.value : { kind: "unknown", why: "interrupted", ledger_status: null };
}
