/** The ledger's list of settlements, page by page: what may be asked for, and its cursor. Pure. */
import { z } from "zod";
import { directionSchema, statusSchema, type Settlement } from "./contract.ts";

const MAX_PAGE_ROWS = 200;
const DEFAULT_PAGE_ROWS = 50;

/** The list is ordered by this, newest first. */
export type Position = Pick<Settlement, "created_at" | "id">;

export const listQuerySchema = z.object({
  provider: z.string().optional(),
  direction: directionSchema.optional(),
  status: statusSchema.optional(),
  account_id: z.string().optional(),
  /** Anything but a number counts as absent, and a number beyond the limits as the limit. */
  limit: z
    .string()
    .optional()
    .transform((text) => {
      const limit = Number.parseInt(text ?? "", 10);
      return Number.isNaN(limit) ? DEFAULT_PAGE_ROWS : Math.min(Math.max(limit, 1), MAX_PAGE_ROWS);
    }),
});

export type ListQuery = z.infer<typeof listQuerySchema>;
export type SettlementFilter = Pick<ListQuery, "direction" | "status" | "account_id">;

/** `limit` rows and one more were asked for: the one more tells that there is a next page. */
export function settlementPage(
  rows: readonly Settlement[],
  limit: number,
): { readonly settlements: readonly Settlement[]; readonly next_cursor?: string } {
  const settlements = rows.slice(0, limit);
  const last = settlements.at(-1);
  if (rows.length <= limit || last === undefined) return { settlements };
  return { settlements, next_cursor: `${last.created_at}::${last.id}` };
}

/** Undefined when it is not a cursor. */
export function cursorPosition(cursor: string): Position | undefined {
  const [created_at = "", id = "", ...more] = cursor.split("::").map((part) => part.trim());
  return created_at === "" || id === "" || more.length > 0 ? undefined : { created_at, id };
}
