/** When to try again. Pure: the random number is a parameter. */

export interface BackoffPolicy {
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
  /** After it no retry is scheduled. */
  readonly retryHorizonMs: number;
}

/**
 * Half of the delay before attempt n+1, which is min(max, base·2ⁿ⁻¹). The other half is
 * random: an outage's end is no stampede.
 */
function halfDelayMs(policy: BackoffPolicy, attempts: number): number {
  return Math.min(policy.retryMaxMs, policy.retryBaseMs * 2 ** (attempts - 1)) / 2;
}

export function backoffMs(policy: BackoffPolicy, attempts: number, random: number): number {
  const half = halfDelayMs(policy, attempts);
  return Math.round(half + half * random);
}

/**
 * The time of the next attempt, or null when the horizon is reached. The last attempt falls on the horizon
 * itself: a schedule that merely stopped short of it would give up hours too early when delays are long.
 *
 * `horizonFrom` is the first delivery, or an operator's latest retry: whoever repairs an old event means it
 * to heal. `Retry-After` is a lower bound; the random half is added to it, since a recovering ledger may well
 * send the same value to everybody.
 */
export function nextRetryAt(
  policy: BackoffPolicy,
  now: number,
  horizonFrom: number,
  attempts: number,
  retryAfterMs: number | null,
  random: number,
): number | null {
  const horizon = horizonFrom + policy.retryHorizonMs;
  if (now >= horizon) return null;
  const delay = backoffMs(policy, attempts, random);
  const asked = retryAfterMs === null ? 0 : retryAfterMs + Math.round(halfDelayMs(policy, attempts) * random);
  return Math.min(horizon, now + Math.max(delay, asked));
}
