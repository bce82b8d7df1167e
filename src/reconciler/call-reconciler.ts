/** The only place that makes a stub of the Reconciler. */
import { type Config, jurisdictionOf } from "../config.ts";
import { callObject, type RpcResult, withTimeout } from "../durable-object/rpc.ts";
import { stubByName } from "../durable-object/stub-by-name.ts";
import { log } from "../log.ts";
import { newRunId } from "./run-id.ts";
import type { Reconciler } from "./reconciler.ts";
import type { StartReply, StartRequest } from "./start-run.ts";

export type ReconcilerStub = DurableObjectStub<Reconciler>;

const NAME = "reconciler";
/** For all tries together. The longest answer is a report of ten thousand differences as a file. */
const CALL_TIMEOUT_MS = 30_000;

/** Never throws. `ask` must be safe to repeat: all of the object's methods are. */
export function askReconciler<T>(
  env: Env,
  ask: (stub: ReconcilerStub) => Promise<RpcResult<T>>,
): Promise<RpcResult<T>> {
  const stub = () => stubByName(env.RECONCILER, NAME, jurisdictionOf(env));
  return withTimeout(CALL_TIMEOUT_MS, callObject({ object: "reconciler", name: NAME, stub, call: ask }));
}

/** A run under an id of its own, which repeating the call does not change. */
export function startRun(env: Env, request: Omit<StartRequest, "id">): Promise<RpcResult<StartReply>> {
  const id = newRunId();
  return askReconciler(env, (stub) => stub.start({ ...request, id }));
}

/** For the cron. Without a key nothing can be reconciled, and no object is called. */
export async function tickReconciler(env: Env, { stripeApi }: Config): Promise<void> {
  if (stripeApi === null) return;
  const ticked = await askReconciler(env, (stub) => stub.tick());
  if (!ticked.ok) log("error", { msg: "reconciler_tick_failed" });
}
