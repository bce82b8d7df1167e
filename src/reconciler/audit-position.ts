/** How far a run's walks of lists are, but for that of Stripe's events; and its comparison of money. Pure. */
import { z } from "zod";
import { listPositionSchema, START_OF_LIST } from "./list-position.ts";

const summaryPositionSchema = z.strictObject({ received_at: z.int(), event_id: z.string() });
export type SummaryPosition = z.infer<typeof summaryPositionSchema>;

export const auditPositionSchema = z.discriminatedUnion("phase", [
  /**
   * The rows of the index are walked, newest first. `before`: the last of
   * the page before; null: the first page.
   */
  z.strictObject({
    phase: z.literal("summaries"),
    before: summaryPositionSchema.nullable(),
  }),
  /** Then the ledger's settlements. `cursor`: the ledger's own; null: its first page. */
  z.strictObject({ phase: z.literal("settlements"), cursor: z.string().nullable() }),
  /**
   * Then Stripe's events, of which the run says how far they are; and
   * when they are, its balance transactions.
   */
  z.strictObject({ phase: z.literal("transactions"), position: listPositionSchema }),
  /** Then each transaction is compared, by id, */
  z.strictObject({ phase: z.literal("comparing"), after: z.string() }),
  /** and what is left of the settlements. `after`: external id and direction. */
  z.strictObject({ phase: z.literal("backing"), after: z.tuple([z.string(), z.string()]) }),
  z.strictObject({ phase: z.literal("done") }),
]);

export type AuditPosition = z.infer<typeof auditPositionSchema>;
export type At<Phase extends AuditPosition["phase"]> = Extract<AuditPosition, { phase: Phase }>;

export const START_OF_AUDIT: AuditPosition = { phase: "summaries", before: null };
export const START_OF_TRANSACTIONS: AuditPosition = { phase: "transactions", position: START_OF_LIST };
