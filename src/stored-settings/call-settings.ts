/** The only place that makes a stub of the stored settings. */
import { callObject, type RpcResult, withTimeout } from "../durable-object/rpc.ts";
import { stubByName } from "../durable-object/stub-by-name.ts";
import type { StoredSettings } from "./stored-settings.ts";

const NAME = "settings";
/** All tries together. */
const CALL_TIMEOUT_MS = 5_000;

/**
 * Never throws. `ask` must be safe to repeat: both of the object's methods are.
 *
 * In no jurisdiction, whatever is configured: an object that moved with DATA_JURISDICTION could not notice
 * that it has changed. So it may hold nothing but settings.
 */
export function askSettings<T>(
  env: Env,
  ask: (stub: DurableObjectStub<StoredSettings>) => Promise<RpcResult<T>>,
): Promise<RpcResult<T>> {
  const stub = () => stubByName(env.STORED_SETTINGS, NAME, null);
  return withTimeout(CALL_TIMEOUT_MS, callObject({ object: "stored_settings", name: NAME, stub, call: ask }));
}
