/** What operators send in a URL, where every value is text: as strict as their bodies. Pure. */
import { z } from "zod";
import { stateSchema } from "../event-index/event-summary.ts";
import { decodeCursor } from "../event-index/cursor.ts";
import { EVENTS_DEFAULT, EVENTS_MAX, filterFields } from "../operators/requests.ts";

const RUNS_DEFAULT = 20;
const RUNS_MAX = 100;

export const listEventsQuery = z.strictObject({
  ...filterFields,
  state: stateSchema.optional(),
  limit: limitOf(EVENTS_DEFAULT, EVENTS_MAX),
  cursor: z
    .string()
    .transform((text, context) => {
      const position = decodeCursor(text);
      if (position === null) context.addIssue({ code: "custom", message: "is not a cursor of this list" });
      return position;
    })
    .optional(),
});

export const listReconciliationsQuery = z.strictObject({ limit: limitOf(RUNS_DEFAULT, RUNS_MAX) });

export const showReconciliationQuery = z.strictObject({
  format: z.enum(["json", "csv"]).default("json"),
  cursor: z.string().min(1).max(400).optional(),
});

function limitOf(usual: number, most: number) {
  return (
    z
      .string()
      .regex(/^[0-9]{1,3}$/)
      .transform(Number)
      .pipe(z.int().min(1).max(most))
      .default(usual)
      // For the document: it is meant as a number.
      .meta({ type: "integer", minimum: 1, maximum: most, default: usual })
  );
}
