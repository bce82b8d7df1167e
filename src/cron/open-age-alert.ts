/**
 * When to report that events have been open for too long. Pure.
 *
 * Once per case: an event that was reported is not reported again, however long it stays open. One that grows
 * old later is a new case, since a forgotten failure must not hide the outage that follows it; but cases are
 * reported together, at most once in the time that counts as too long, so that an outage of a day is not
 * hundreds of messages.
 */
import { z } from "zod";
import type { LongOpen } from "../event-index/alert-facts.ts";

/**
 * Kept between sweeps: when it was reported last, in epoch milliseconds. The
 * stored key is older than these names.
 */
const noteSchema = z.strictObject({ told_at: z.int() });

/** What this version does not understand counts as nothing reported: rather twice than never. */
export function readOpenAgeNote(note: unknown): z.infer<typeof noteSchema> | null {
  return noteSchema.nullable().catch(null).parse(note);
}

export function isNewCase(
  { unreported }: Pick<LongOpen, "unreported">,
  note: { readonly told_at: number } | null,
  openAgeMs: number,
  now: number,
): boolean {
  return unreported > 0 && (note === null || now - note.told_at >= openAgeMs);
}
