/**
 * When to tell that events have been open for too long. Pure.
 *
 * Once per case: an event that was told is not told again, however long it stays. An event that grows old later is a new case,
 * since one forgotten failure must not hide the outage that follows it; but cases are told together, at most once in the time that
 * counts as too long, so that an outage of a day is not hundreds of messages.
 */
import { z } from "zod";
import type { LongOpen } from "../event-index/alerting.ts";

/** Kept between sweeps. Epoch milliseconds. */
const toldSchema = z.strictObject({
  told_at: z.int(),
  /** The newest event that was told was received then. */
  received_by: z.int(),
});

export type OpenAgeTold = z.infer<typeof toldSchema>;

/** What this version does not understand counts as nothing told: rather twice than never. */
export function readTold(note: unknown): OpenAgeTold | null {
  return toldSchema.nullable().catch(null).parse(note);
}

export function isNewCase(open: LongOpen, told: OpenAgeTold | null, openAgeMs: number, now: number): boolean {
  if (open.newest === null) return false;
  if (told === null) return true;
  return open.newest > told.received_by && now - told.told_at >= openAgeMs;
}

/** The note after a sweep that told nothing: once nothing is old any more, the next case is told at once. */
export function settledNote(open: LongOpen, told: OpenAgeTold | null): OpenAgeTold | null {
  return open.newest === null ? null : told;
}
