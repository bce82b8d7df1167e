/** Counts deliveries that were refused for good reason to think that Stripe sent them, after their answer. */
import type { Config } from "../config.ts";
import { countRefused, type IndexPlace } from "../event-index/call-shards.ts";
import type { Incoming } from "./input.ts";

/**
 * One write per isolate and this time, however many are refused: a body that is too large is refused before
 * its signature can be checked, so a flood of forged ones must not become a flood of writes.
 */
const GATHERED_FOR_MS = 1_000;
/** A write that has not begun by then never will: the platform cut it off. */
const ABANDONED_AFTER_MS = 30_000;

/**
 * Of this isolate, whatever request they came by: numbers only, since one
 * request must not wait for another's I/O.
 */
const gathered = new Map<string, number>();
let scheduledAt: number | null = null;

export function countRefusal(
  { env, background }: Pick<Incoming, "env" | "background">,
  { indexShards }: Config,
  reason: string,
): void {
  gathered.set(reason, (gathered.get(reason) ?? 0) + 1);
  const now = Date.now();
  if (scheduledAt !== null && now - scheduledAt < ABANDONED_AFTER_MS) return;
  scheduledAt = now;
  background(writeGathered({ env, shards: indexShards }));
}

async function writeGathered(index: IndexPlace): Promise<void> {
  await scheduler.wait(GATHERED_FOR_MS);
  scheduledAt = null;
  const counts = Object.fromEntries(gathered);
  gathered.clear();
  await countRefused(index, counts, Date.now());
}
