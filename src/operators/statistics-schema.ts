/** Apart from what reads the statistics, so that only the document loads it. Pure. */
import type { z } from "zod";
import { statsSchema } from "../event-index/stats.ts";
import { watermarkStatusSchema } from "../reconciler/report-schema.ts";

export const statisticsSchema = statsSchema.extend({
  reconciliation: watermarkStatusSchema.nullable().meta({ description: "null: out of reach just now." }),
});

export type Statistics = z.infer<typeof statisticsSchema>;
