/** When to try again. Pure: the random number is a parameter. */

export interface BackoffPolicy {
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
  /** Counted from the first delivery. After it no retry is scheduled. */
  readonly retryHorizonMs: number;
}

/** Delay before attempt n+1: min(max, base·2ⁿ⁻¹), of which half is random, so that an outage's end is no stampede. */
export function backoffMs(policy: BackoffPolicy, attempts: number, random: number): number {
  const full = Math.min(policy.retryMaxMs, policy.retryBaseMs * 2 ** (attempts - 1));
  return Math.round(full / 2 + (full / 2) * random);
}

/**
 * The time of the next attempt, or null when the horizon is reached. The last attempt falls on the horizon itself:
 * a schedule that merely stopped short of it would give up hours too early when delays are long.
 *
 * `Retry-After` is a lower bound; the random half of the delay is added to it, since a recovering ledger
 * may well send the same value to everybody.
 */
export function nextRetryAt(
  policy: BackoffPolicy,
  now: number,
  receivedAt: number,
  attempts: number,
  retryAfterMs: number | null,
  random: number,
): number | null {
  const horizon = receivedAt + policy.retryHorizonMs;
  if (now >= horizon) return null;
  const delay = backoffMs(policy, attempts, random);
  const asked = retryAfterMs === null ? 0 : retryAfterMs + Math.round((delay / 2) * random);
  return Math.min(horizon, now + Math.max(delay, asked));
}
