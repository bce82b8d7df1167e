/** How long a run waits when Stripe or the ledger does not answer, and when it gives up. Pure. */
import { backoffMs } from "../event/backoff.ts";

const POLICY = { retryBaseMs: 5_000, retryMaxMs: 600_000, retryHorizonMs: 0 };
/** In a row, for one page: together about an hour. A run that gave up can be started again. */
export const MAX_FAILURES = 12;
/** A longer `Retry-After` counts as this: one nonsense value must not stop every run behind this one. */
const RETRY_AFTER_MAX_MS = 3_600_000;

/** `failures`: in a row, this one included. null: give up. `Retry-After` is a lower bound. */
export function waitMs(failures: number, retryAfterMs: number | null, random: number): number | null {
  if (failures >= MAX_FAILURES) return null;
  const delay = backoffMs(POLICY, failures, random);
  return Math.max(delay, Math.min(retryAfterMs ?? 0, RETRY_AFTER_MAX_MS));
}
