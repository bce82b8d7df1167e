/** What a delivery is answered with when nothing more is to come. Pure. */
import { z } from "zod";
import { eventIdSchema } from "../event-id.ts";

const common = { ok: z.literal(true), event_id: eventIdSchema, event_type: z.string() };
const idempotency_key = z.string();

const forwarded = z.strictObject({
  ...common,
  state: z.literal("forwarded"),
  idempotency_key,
  forwarded_to_ledger: z.literal(true),
  ledger_status: z.int(),
  settlement_id: z.string(),
});
const ignored = z.strictObject({
  ...common,
  state: z.literal("ignored"),
  reason: z.string(),
  idempotency_key,
  forwarded_to_ledger: z.literal(false),
});
/** Unmappable, or of a currency that the ledger's accounts do not hold. */
const held = z.strictObject({
  ...common,
  state: z.literal("failed"),
  error_code: z.enum(["EVENT_UNMAPPABLE", "CURRENCY_NOT_SETTLED"]),
  reason: z.string(),
  forwarded_to_ledger: z.literal(false),
});
const resolved = z.strictObject({
  ...common,
  state: z.literal("resolved"),
  idempotency_key,
  forwarded_to_ledger: z.literal(false),
});

/** All but `deduped`, which alone differs between the answers to one event. */
export const snapshotSchema = z.discriminatedUnion("state", [forwarded, ignored, held, resolved]);

const deduped = z
  .boolean()
  .meta({ description: "The event was known before: nothing new came of this delivery." });

/** The event of a connected account that is not named: nothing is kept of it. */
const notListed = z.strictObject({
  ...common,
  state: z.literal("ignored"),
  reason: z.literal("connected_account_not_listed"),
  forwarded_to_ledger: z.literal(false),
});

export const deliveryAnswerSchema = z.union([
  forwarded.extend({ deduped }),
  ignored.extend({ deduped }),
  held.extend({ deduped }),
  resolved.extend({ deduped }),
  notListed,
]);

export type Snapshot = z.infer<typeof snapshotSchema>;
export type DeliveryAnswer = z.infer<typeof deliveryAnswerSchema>;
