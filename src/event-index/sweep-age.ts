/** How long ago the cron last swept, and when that is too long. Pure. */

/**
 * Four times the cron's five minutes: a deploy or a shard that is out of reach once must not raise an alarm.
 */
const OVERDUE_SECONDS = 20 * 60;

/** Epoch milliseconds. */
export interface SweepMark {
  /** When the last sweep ended that reached every shard. null: none has yet. */
  readonly swept_at: number | null;
  /** When an operator first asked: a deployment that has not swept yet gets as long from then on. */
  readonly seen_at: number;
}

/** null: none has yet. */
export function sweepAgeSeconds(sweptAt: number | null, now: number): number | null {
  return sweptAt === null ? null : Math.max(0, Math.floor((now - sweptAt) / 1_000));
}

export function isSweepOverdue({ swept_at, seen_at }: SweepMark, now: number): boolean {
  return isOverdueAge(sweepAgeSeconds(swept_at ?? seen_at, now));
}

export function isOverdueAge(ageSeconds: number | null): boolean {
  return ageSeconds !== null && ageSeconds > OVERDUE_SECONDS;
}
