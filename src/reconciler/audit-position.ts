/** How far a run's audit of money is, once the events are walked. Pure. */
import { z } from "zod";
import { listPositionSchema, START_OF_LIST } from "./list-position.ts";

export const auditPositionSchema = z.discriminatedUnion("phase", [
  /** Stripe's balance transactions are walked, */
  z.strictObject({ phase: z.literal("transactions"), position: listPositionSchema }),
  /** then the ledger's settlements. `cursor`: the ledger's own; null: its first page. */
  z.strictObject({ phase: z.literal("settlements"), cursor: z.string().nullable() }),
  /** Then each transaction is compared, by id, */
  z.strictObject({ phase: z.literal("comparing"), after: z.string() }),
  /** and what is left of the settlements. `after`: external id and direction. */
  z.strictObject({ phase: z.literal("backing"), after: z.tuple([z.string(), z.string()]) }),
  z.strictObject({ phase: z.literal("done") }),
]);

export type AuditPosition = z.infer<typeof auditPositionSchema>;
export type At<Phase extends AuditPosition["phase"]> = Extract<AuditPosition, { phase: Phase }>;

export const START_OF_AUDIT: AuditPosition = { phase: "transactions", position: START_OF_LIST };
