/**
 * A run's position in Stripe's list, which is newest first. Pure; `created` is in Unix seconds.
 *
 * Stripe continues after the last event's id. Should Stripe no longer know that id, the list is read again
 * from that event's second on; the ids of that second are kept, so that no event counts twice.
 */
import { z } from "zod";

export const listPositionSchema = z.strictObject({
  starting_after: z.string().nullable(),
  /** Instead of the window's end, after Stripe had lost the id. */
  created_lt: z.int().nullable(),
  /** The second of the last event that was handled, and the ids of its events so far. */
  last_created: z.int().nullable(),
  seen: z.array(z.string()),
});

export type ListPosition = z.infer<typeof listPositionSchema>;

export const START_OF_LIST: ListPosition = {
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

/** Null for an entry without an id or a time: such a list cannot be walked. */
export function entryOf(listed: unknown): Entry | null {
  const { id, created } = (listed ?? {}) as { id?: unknown; created?: unknown };
  if (typeof id !== "string" || id === "" || typeof created !== "number") return null;
  return Number.isSafeInteger(created) && created >= 0 ? { id, created } : null;
}

export function isNew(position: ListPosition, { id }: Entry): boolean {
  return !position.seen.includes(id);
}

export function advance(position: ListPosition, entries: readonly Entry[]): ListPosition {
  const last = entries.at(-1);
  if (last === undefined) return position;
  const before = position.last_created === last.created ? position.seen : [];
  const now = entries.flatMap(({ id, created }) => (created === last.created ? id : []));
  return {
    ...position,
    starting_after: last.id,
    last_created: last.created,
    seen: [...new Set([...before, ...now])],
  };
}

/** Null when there is no second to start again from: then the id is not what Stripe rejects. */
export function withoutId(position: ListPosition): ListPosition | null {
  if (position.starting_after === null || position.last_created === null) return null;
  return { ...position, starting_after: null, created_lt: position.last_created + 1 };
}
