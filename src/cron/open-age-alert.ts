/**
 * When to tell that events have been open for too long. Pure.
 *
 * Once per case: an event that was told is not told again, however long it stays. One that grows old later is a new case, since
 * a forgotten failure must not hide the outage that follows it; but cases are told together, at most once in the time that counts
 * as too long, so that an outage of a day is not hundreds of messages.
 */
import { z } from "zod";
import type { LongOpen } from "../event-index/alert-facts.ts";

/** Kept between sweeps: when it was told last, in epoch milliseconds. */
const toldSchema = z.strictObject({ told_at: z.int() });

export type OpenAgeTold = z.infer<typeof toldSchema>;

/** What this version does not understand counts as nothing told: rather twice than never. */
export function readTold(note: unknown): OpenAgeTold | null {
  return toldSchema.nullable().catch(null).parse(note);
}

export function isNewCase(
  { untold }: Pick<LongOpen, "untold">,
  told: OpenAgeTold | null,
  openAgeMs: number,
  now: number,
): boolean {
  return untold > 0 && (told === null || now - told.told_at >= openAgeMs);
}
