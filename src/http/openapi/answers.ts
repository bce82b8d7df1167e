/**
 * What is answered when all goes well, as the document shows it. Each schema is held to the type that the code answers with, in
 * both directions: a field that only one of them has does not compile. Nothing is checked against them when the service runs.
 */
import { z } from "zod";
import type { Money } from "../../event-index/sum-by-currency.ts";
import type { StatsReport } from "../admin/stats.ts";
import type { Snapshot } from "../../event/snapshot.ts";
import { stateSchema as state } from "../../event/states.ts";
import { triggerSchema } from "../../event/record.ts";
import { type EventState as State } from "../../event/view.ts";
import { settlementDraftSchema } from "../../settlement/settlement.ts";
import type { BulkRetryReport as Report } from "../admin/bulk-retry.ts";
import type { Counted } from "../admin/forwarding.ts";
import type { EventList as List } from "../admin/list.ts";
import { eventIdSchema } from "../../event-id.ts";
import type { Health as HealthAnswer, Welcome as WelcomeAnswer } from "../info.ts";
import { WatermarkShape } from "./reconciliation-answers.ts";
import { type AllTrue, count, currency, minorUnits, type Same, sha256, time } from "./shapes.ts";

const told = { ok: z.literal(true), event_id: eventIdSchema, event_type: z.string() };
const idempotency_key = z.string();

const snapshots = [
  z.strictObject({
    ...told,
    state: z.literal("forwarded"),
    idempotency_key,
    forwarded_to_ledger: z.literal(true),
    ledger_status: z.int(),
    settlement_id: z.string(),
  }),
  z.strictObject({
    ...told,
    state: z.literal("ignored"),
    reason: z.string(),
    idempotency_key,
    forwarded_to_ledger: z.literal(false),
  }),
  z.strictObject({
    ...told,
    state: z.literal("failed"),
    error_code: z.enum(["EVENT_UNMAPPABLE", "CURRENCY_NOT_SETTLED"]),
    reason: z.string(),
    forwarded_to_ledger: z.literal(false),
  }),
  z.strictObject({
    ...told,
    state: z.literal("resolved"),
    idempotency_key,
    forwarded_to_ledger: z.literal(false),
  }),
] as const;

const snapshot = z.discriminatedUnion("state", snapshots);

const deduped = z
  .boolean()
  .meta({ description: "The event was known before: nothing new came of this delivery." });
const [forwarded, ignored, unmappable, resolved] = snapshots;

export const DeliveryAnswer = z.discriminatedUnion("state", [
  forwarded.extend({ deduped }),
  ignored.extend({ deduped }),
  unmappable.extend({ deduped }),
  resolved.extend({ deduped }),
]);

export const EventState = z
  .strictObject({
    event_id: eventIdSchema,
    event_type: z.string(),
    livemode: z.boolean(),
    api_version: z.string().nullable(),
    stripe_account: z.string().nullable(),
    state,
    reason: z.string().nullable(),
    idempotency_key,
    received_at: time,
    updated_at: time,
    deliveries: count,
    attempts: count,
    next_retry_at: time.nullable(),
    alarm_at: time.nullable(),
    settlement: settlementDraftSchema.extend({ account_id: z.string().optional() }).nullable(),
    snapshot: snapshot.nullable(),
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
          attempt: count,
          trigger: triggerSchema,
          started_at: time,
          duration_ms: count,
          outcome: z.string(),
          ledger_status: z.int().nullable(),
        }),
      )
      .readonly(),
    conflicts: z.strictObject({ count, last_at: time, last_body_sha256: sha256 }).nullable(),
    operator_actions: z
      .array(z.strictObject({ action: z.string(), actor: z.string(), note: z.string().nullable(), at: time }))
      .readonly(),
    evidence: z.strictObject({
      body_sha256: sha256,
      payload_sha256: sha256.nullable(),
      ledger_event_id: z.string().nullable(),
      signing_secret: z.string(),
    }),
  })
  .meta({ id: "EventState", description: "All that is known of one event." });

const money = z.strictObject({
  currency: currency.nullable().meta({ description: "null: the events could not be mapped." }),
  count,
  amount_minor: minorUnits.nullable(),
});

export const EventList = z.strictObject({
  events: z
    .array(
      z.strictObject({
        event_id: eventIdSchema,
        event_type: z.string(),
        state,
        reason: z.string().nullable(),
        error_code: z.string().nullable(),
        account_id: z.string().nullable(),
        payment_id: z.string().nullable(),
        amount_minor: minorUnits.nullable(),
        currency: currency.nullable(),
        attempts: count,
        received_at: time,
        updated_at: time,
        next_retry_at: time.nullable(),
      }),
    )
    .readonly(),
  next_cursor: z.string().nullable().meta({ description: "null: there are no more." }),
});

export const BulkRetryReport = z.strictObject({
  dry_run: z.boolean(),
  matched: count,
  per_currency: z.array(money).readonly(),
  attempted: count,
  forwarded: count,
  failed: count,
  results: z
    .array(z.strictObject({ event_id: eventIdSchema, state, error_code: z.string().nullable() }))
    .readonly(),
});

export const ForwardingRetry = z.strictObject({
  ok: z.boolean(),
  attempted: count,
  forwarded: count,
  failed: count,
});

export const StatsAnswer = z.strictObject({
  states: z.record(z.string(), count),
  open: z.array(money).readonly(),
  oldest_open_age_seconds: count.nullable(),
  rescues: count,
  attempts: count,
  last_24h: z.strictObject({
    received: count,
    forwarded: count,
    failed: count,
    ignored: count,
    resolved: count,
    attempts: count,
  }),
  reconciliation: WatermarkShape.nullable().meta({ description: "null: out of reach just now." }),
});

export const Health = z.strictObject({
  status: z.literal("ok"),
  service: z.string(),
  version: z.string(),
  settle_env: z.enum(["staging", "production"]),
});

export const Welcome = z.strictObject({
  service: z.string(),
  version: z.string(),
  what: z.string(),
  routes: z.record(z.string(), z.string()),
});

/** Does not compile as soon as one of them drifts. */
export type SchemasFitTheCode = AllTrue<
  [
    Same<z.infer<typeof snapshot>, Snapshot>,
    Same<z.infer<typeof EventState>, State>,
    Same<z.infer<typeof money>, Money>,
    Same<z.infer<typeof EventList>, List>,
    Same<z.infer<typeof BulkRetryReport>, Report>,
    Same<z.infer<typeof ForwardingRetry>, Counted>,
    Same<z.infer<typeof StatsAnswer>, StatsReport>,
    Same<z.infer<typeof Health>, HealthAnswer>,
    Same<z.infer<typeof Welcome>, WelcomeAnswer>,
  ]
>;
