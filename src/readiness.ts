/** What this deployment lacks. Names of variables, never values. */
import { operatorKeys } from "./config.ts";
import type { AcceptedConfig } from "./stored-settings/accepted-config.ts";

export interface Readiness {
  readonly missing: readonly string[];
  readonly invalid: readonly string[];
}

/** The webhook works without an operator key, but nobody could see what failed: that is not ready. */
export function readiness(env: object, accepted: AcceptedConfig): Readiness {
  const { missing, invalid } = accepted.ok ? { missing: [], invalid: [] } : accepted;
  const keys = operatorKeys(env);
  return { missing: [...missing, ...keys.missing], invalid: [...invalid, ...keys.invalid] };
}

/** 128 random bits, however they are written: such a key cannot be guessed at any rate of guesses. */
const KEY_MIN_LENGTH = 22;

/**
 * Which operator keys could be guessed, or are one: then whoever may read may also
 * repair. For a warning, not a refusal.
 */
export function weakOperatorKeys(env: object): string[] {
  const { adminKey, readKey } = operatorKeys(env);
  const isWeak = (key: string | null) =>
    key !== null && (key.length < KEY_MIN_LENGTH || adminKey === readKey);
  return [...(isWeak(adminKey) ? ["SETTLE_ADMIN_KEY"] : []), ...(isWeak(readKey) ? ["SETTLE_READ_KEY"] : [])];
}
