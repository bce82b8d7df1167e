/** What operators send about reconciliations. */
import { z } from "zod";
import { limitOf, time } from "./filter.ts";
import { actor } from "./request.ts";

export const runIdSchema = z.string().regex(/^rec_[0-9a-f]{32}$/);

/** A window `[from, to)`. Without `dry_run` what is missing is delivered, and what is overdue is woken. */
export const reconciliationBody = z.strictObject({
  from: time,
  to: time,
  dry_run: z.boolean().default(false),
  actor: actor.nullable().default(null),
});

export const listRunsQuery = z.strictObject({ limit: limitOf(20, 100) });

export const reportQuery = z.strictObject({
  format: z.enum(["json", "csv"]).default("json"),
  cursor: z.string().min(1).max(400).optional(),
});
