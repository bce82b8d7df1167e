/** The ledger that this deployment is configured for. */
import { ledgerBinding, type LedgerConfig } from "../config.ts";
import { createLedgerClient } from "./client.ts";
import type { Ledger } from "./port.ts";

export function connectLedger(env: Env, { baseUrl, adminKey, timeoutMs }: LedgerConfig): Ledger {
  const binding = ledgerBinding(env);
  return createLedgerClient({
    baseUrl,
    adminKey,
    timeoutMs,
    now: () => Date.now(),
    ...(binding !== null && { fetch: (url, init) => binding.fetch(url, init) }),
  });
}
