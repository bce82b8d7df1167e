/** Which run takes the next step, and when. Pure. */
import type { Running } from "./run.ts";
import type { UnreadableRun } from "./stored-run.ts";

/**
 * Runs of one Stripe account are worked on in the order in which they were requested: two over the same
 * events at once would each report half of what was healed. Accounts do not wait for each other: while the
 * run of one waits for Stripe, another's goes on. Those behind a run that cannot be read wait: it may be of
 * their account, and half done.
 */
export function nextRun(unfinished: readonly (Running | UnreadableRun)[], now: number): Running | null {
  const unreadable = unfinished.findIndex(({ status }) => status === "unreadable");
  const readable = unreadable < 0 ? unfinished : unfinished.slice(0, unreadable);
  const running = readable.filter((run) => run.status === "running");
  const byAccount = Map.groupBy(running, ({ stripe_account }) => stripe_account);
  const first = [...byAccount.values()].flatMap(([run]) => run ?? []);
  return first.reduce<Running | null>(
    (next, run) => (next === null || dueAt(run, now) < dueAt(next, now) ? run : next),
    null,
  );
}

/** Between two steps is the time to cancel a run. */
export function dueAt({ cancel_requested, next_try_at }: Running, now: number): number {
  return cancel_requested ? now : Math.max(next_try_at ?? 0, now);
}
