/** The lane of an account as deployments have it by default: one request at a time. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { AccountLane } from "../../src/ledger/account-lane.ts";

/** To be called before the lane is first used, and again after it was reset. */
export async function exclusiveLane(accountId: string): Promise<DurableObjectStub<AccountLane>> {
  const lane = env.ACCOUNT_LANE.getByName(accountId);
  const exclusive = { ...env, LEDGER_ACCOUNT_CONCURRENCY: "1" };
  await runInDurableObject(lane, (object) => Object.defineProperty(object, "env", { value: exclusive }));
  return lane;
}
