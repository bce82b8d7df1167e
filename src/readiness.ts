/** What this deployment lacks. Names of variables, never values. */
import { loadConfig, operatorKeys } from "./config.ts";

export interface Readiness {
  readonly missing: readonly string[];
  readonly invalid: readonly string[];
}

/** The webhook works without an operator key, but nobody could see what failed: that is not ready. */
export function readiness(env: object): Readiness {
  const configured = loadConfig(env);
  const { missing, invalid } = configured.ok ? { missing: [], invalid: [] } : configured;
  return {
    missing: [...missing, ...(operatorKeys(env).adminKey === null ? ["SETTLE_ADMIN_KEY"] : [])],
    invalid,
  };
}
