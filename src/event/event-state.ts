/** An event's whole state, as the wire contract has it. Pure. */
import { z } from "zod";
import { eventIdSchema } from "../event-id.ts";
import { readableMoneySchema } from "../settlement/mapping.ts";
import { settlementDraftSchema } from "../settlement/settlement.ts";
import { countSchema, isoTimeSchema, sha256HexSchema } from "../wire-schemas.ts";
import { snapshotSchema } from "./delivery-answer.ts";
import { triggerSchema } from "./record.ts";
import { stateSchema } from "../event-index/event-summary.ts";

export const eventStateSchema = z
  .strictObject({
    event_id: eventIdSchema,
    event_type: z.string(),
    livemode: z.boolean(),
    api_version: z.string().nullable(),
    stripe_account: z.string().nullable(),
    state: stateSchema,
    reason: z.string().nullable(),
    idempotency_key: z.string(),
    received_at: isoTimeSchema,
    updated_at: isoTimeSchema,
    deliveries: countSchema,
    attempts: countSchema,
    next_retry_at: isoTimeSchema.nullable(),
    alarm_at: isoTimeSchema.nullable(),
    /** Without `account_id` while the ledger has not been asked for it. */
    settlement: settlementDraftSchema.extend({ account_id: z.string().optional() }).nullable(),
    /** Without a settlement: what can be read of the money all the same. */
    money: readableMoneySchema.nullable(),
    /**
     * What must be found out before anything is sent; `id`: by which payment, refund or balance transaction.
     */
    waits_for: z
      .strictObject({ what: z.enum(["payin", "debit", "account", "category"]), id: z.string().nullable() })
      .nullable(),
    snapshot: snapshotSchema.nullable(),
    last_error: z
      .strictObject({
        code: z.string(),
        message: z.string(),
        ledger_status: z.int().nullable(),
        ledger_code: z.string().nullable(),
      })
      .nullable(),
    attempt_log: z
      .array(
        z.strictObject({
          attempt: countSchema,
          trigger: triggerSchema,
          started_at: isoTimeSchema,
          duration_ms: countSchema,
          outcome: z.string(),
          ledger_status: z.int().nullable(),
        }),
      )
      .readonly(),
    conflicts: z
      .strictObject({ count: countSchema, last_at: isoTimeSchema, last_body_sha256: sha256HexSchema })
      .nullable(),
    operator_actions: z
      .array(
        z.strictObject({
          action: z.string(),
          /** The one that was assigned. */
          account_id: z.string().optional(),
          actor: z.string(),
          note: z.string().nullable(),
          at: isoTimeSchema,
        }),
      )
      .readonly(),
    evidence: z.strictObject({
      body_sha256: sha256HexSchema,
      payload_sha256: sha256HexSchema.nullable(),
      /** The ledger's own event, which proves the effect. */
      ledger_event_id: z.string().nullable(),
      /**
       * `index n`: which of the configured secrets verified it; or `stripe_api` or
       * `operator`, see `LISTED_BY_STRIPE`.
       */
      signing_secret: z.string(),
    }),
  })
  .meta({ id: "EventState", description: "All that is known of one event." });

export type EventState = z.infer<typeof eventStateSchema>;
