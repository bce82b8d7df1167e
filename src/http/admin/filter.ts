/** The filter of lists and bulk retries: strict, so that a misspelt one is an error and not everything. */
import { z } from "zod";
import { decodeCursor } from "../../event-index/cursor.ts";
import { OPEN_STATES, stateSchema } from "../../event/states.ts";

export const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 200;

/** ISO 8601: a time with its zone, or a day, which begins at midnight UTC. */
export const time = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()])
  .transform((text) => Date.parse(text));

const filterFields = {
  type: z
    .string()
    .regex(/^[a-z0-9_.]{1,100}$/)
    .optional(),
  account_id: z.string().min(1).max(500).optional(),
  payment_id: z
    .string()
    .regex(/^[A-Za-z0-9_:]{1,300}$/)
    .optional(),
  received_from: time.optional(),
  received_to: time.optional(),
};

/** In a query, where every value is a text. */
export function limitOf(usual: number, most: number) {
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

/** Of `GET /v1/admin/events`. */
export const listQuery = z.strictObject({
  ...filterFields,
  state: stateSchema.optional(),
  limit: limitOf(DEFAULT_LIMIT, MAX_LIMIT),
  cursor: z
    .string()
    .transform((text, context) => {
      const position = decodeCursor(text);
      if (position === null) context.addIssue({ code: "custom", message: "is not a cursor of this list" });
      return position;
    })
    .optional(),
});

/** Of a bulk retry: only what is open can be retried, so nothing else can be asked for. */
export const retryFilter = z.strictObject({
  ...filterFields,
  state: z.enum(OPEN_STATES).default("failed"),
});
