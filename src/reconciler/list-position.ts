/**
 * Where a run stands in Stripe's list, which is newest first. Pure; `created` is in Unix seconds.
 *
 * Stripe continues after the last event's id. Should it not know that id any more, the list is asked again from that
 * event's second on; the ids of that second are kept, so that nothing counts twice.
 */
import { z } from "zod";

export const cursorSchema = z.strictObject({
  starting_after: z.string().nullable(),
  /** Instead of the window's end, after Stripe had lost the id. */
  created_lt: z.int().nullable(),
  /** The second of the last event that was handled, and its events so far. */
  last_created: z.int().nullable(),
  seen: z.array(z.string()),
});

export type Cursor = z.infer<typeof cursorSchema>;

export const AT_THE_NEWEST: Cursor = {
  starting_after: null,
  created_lt: null,
  last_created: null,
  seen: [],
};

/** As much of a listed event as the list itself needs. */
export interface Entry {
  readonly id: string;
  readonly created: number;
}

/** Null when the list is not one that can be walked: an entry without an id or a time. */
export function entryOf(listed: unknown): Entry | null {
  const { id, created } = (listed ?? {}) as { id?: unknown; created?: unknown };
  if (typeof id !== "string" || id === "" || typeof created !== "number") return null;
  return Number.isSafeInteger(created) && created >= 0 ? { id, created } : null;
}

export function isNew(cursor: Cursor, { id }: Entry): boolean {
  return !cursor.seen.includes(id);
}

export function advance(cursor: Cursor, entries: readonly Entry[]): Cursor {
  const last = entries.at(-1);
  if (last === undefined) return cursor;
  const before = cursor.last_created === last.created ? cursor.seen : [];
  const now = entries.flatMap(({ id, created }) => (created === last.created ? id : []));
  return {
    ...cursor,
    starting_after: last.id,
    last_created: last.created,
    seen: [...new Set([...before, ...now])],
  };
}

/** Null when there is no second to begin again from: then it was not the cursor that Stripe did not know. */
export function withoutId(cursor: Cursor): Cursor | null {
  if (cursor.starting_after === null || cursor.last_created === null) return null;
  return { ...cursor, starting_after: null, created_lt: cursor.last_created + 1 };
}
