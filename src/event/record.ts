/**
 * What an event's object stores: one record, a discriminated union on `state`.
 *
 * Pure: no I/O, no clock. Times are epoch milliseconds. A settled record must stay under about 1,000 bytes:
 * above that it spills to a fourth page of the object's database, and pages at rest are most of what an event
 * costs. That is why the log's entries are tuples, why nothing stands here that another field already says,
 * and why the fields with a default are not stored while they hold it.
 */
import { z } from "zod";
import { readableMoneySchema } from "../settlement/mapping.ts";
import { questionSchema } from "../settlement/questions.ts";
import { settlementDraftSchema } from "../settlement/settlement.ts";

/** The log keeps this many last attempts; `attempts` counts them all. 72 h of retries make about 80. */
export const ATTEMPT_LOG_LIMIT = 20;
/** A script gone wild must not grow a record past the value limit. */
export const OPERATOR_ACTION_LIMIT = 50;

/** The reason of a failure with the cause `currency`. */
export const CURRENCY_NOT_SETTLED = "currency_not_settled";

const timestampMs = z.int().nonnegative();
const count = z.int().nonnegative();
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

export const triggerSchema = z.enum(["delivery", "alarm", "operator", "watchdog", "backfill", "audit"]);
/**
 * `ignored`: no money for the ledger after all. `unmappable`: what the attempt found out cannot be settled.
 */
const ends = ["accepted", "rejected", "unavailable", "unknown", "unproven", "ignored", "unmappable"] as const;
const outcomeKind = z.enum(ends);

/** [attempt, trigger, started at, duration in ms, outcome, the ledger's HTTP status or null] */
const attemptLogEntry = z.tuple([
  count,
  triggerSchema,
  timestampMs,
  z.int().nonnegative(),
  outcomeKind,
  z.int().nullable(),
]);

const operatorActionSchema = z.strictObject({
  action: z.enum(["retry", "resolve", "assign", "reopen", "deliver"]),
  /** The one that was assigned. */
  account_id: z.string().optional(),
  actor: z.string(),
  note: z.string().nullable(),
  at: timestampMs,
});

/** A delivery of the same event_id that told of other money. The event stayed as it was. */
const conflictSchema = z.strictObject({ count, last_at: timestampMs, last_body_sha256: bytes });

const common = {
  event_id: z.string(),
  event_type: z.string(),
  livemode: z.boolean(),
  api_version: z.string().nullable(),
  /** The connected account, on Connect endpoints. */
  account: z.string().nullable().default(null),
  received_at: timestampMs,
  /** When the state last changed. A replay changes nothing but `deliveries`. */
  updated_at: timestampMs,
  /** Grows with each change of state, so that a late index row never overwrites a newer one. */
  revision: count,
  deliveries: count.default(1),
  attempts: count,
  log: z.array(attemptLogEntry),
  /** 32 bytes, of the first delivery. */
  body_sha256: bytes,
  /**
   * Which configured signing secret verified the first delivery: its position, never the secret. null: it was
   * no signed request, Stripe's API listed the event, or an operator had it made of Stripe's money. Only
   * those events have that, and the triggers `backfill` and `audit`: what came by webhook stays readable for
   * versions that know neither.
   */
  secret: z.int().nonnegative().nullable().default(0),
  conflict: conflictSchema.nullable().default(null),
  actions: z.array(operatorActionSchema).default([]),
};

/** The ledger answered 2xx for money that moves, and shows no effect. From then on attempts read back. */
const unproven = z.strictObject({ since: timestampMs, reads: count });

/** The bytes for the ledger, fixed for good. */
const frozen = z.strictObject({
  kind: z.literal("frozen"),
  payload: z.string(),
  unproven: unproven.optional(),
});
/**
 * What must be found out first, and the raw body: it is dropped with the
 * question, for it holds personal data.
 */
const draft = z.strictObject({
  kind: z.literal("draft"),
  draft: settlementDraftSchema,
  question: questionSchema,
  body: bytes,
});

/** The attempt under way. If nobody hears of it by the end of the lease, its outcome is unknown. */
const attempt = z.strictObject({
  trigger: triggerSchema,
  started_at: timestampMs,
  lease_expires_at: timestampMs,
  /** How often in a row the account's lane was busy before. */
  busy: count.default(0),
});

const ledgerErrorSchema = z.strictObject({
  /** `busy`, `movement_resolved`: nothing was sent. */
  outcome: z.enum(["rejected", "unavailable", "unknown", "unproven", "busy", "movement_resolved"]),
  /** One of our own words, never the ledger's text. */
  detail: z.string(),
  ledger_status: z.int().nullable(),
  ledger_code: z.string().nullable(),
});

const failedSchema = z.discriminatedUnion("cause", [
  z.strictObject({
    ...common,
    state: z.literal("failed"),
    cause: z.literal("ledger"),
    work: z.discriminatedUnion("kind", [frozen, draft]),
    error: ledgerErrorSchema,
    /** null: permanent, or the retry horizon is reached. Only an operator moves it then. */
    next_retry_at: timestampMs.nullable(),
    /** How often in a row the account's lane was busy. */
    busy: count.default(0),
  }),
  z.strictObject({
    ...common,
    state: z.literal("failed"),
    /** Nothing was ever sent: the ledger's accounts do not hold this currency. */
    cause: z.literal("currency"),
    work: z.discriminatedUnion("kind", [frozen, draft]),
  }),
  z.strictObject({
    ...common,
    state: z.literal("failed"),
    cause: z.literal("unmappable"),
    reason: z.string(),
    money: readableMoneySchema.default({}),
    /** The whole raw body: it is all that is left to repair the event from. */
    body: bytes,
  }),
]);

export const recordSchema = z.discriminatedUnion("state", [
  z.strictObject({ ...common, state: z.literal("received"), work: draft, attempt }),
  z.strictObject({ ...common, state: z.literal("forwarding"), work: frozen, attempt }),
  z.strictObject({
    ...common,
    state: z.literal("forwarded"),
    payload: z.string(),
    /** The ledger's HTTP status. */
    status: z.int(),
    settlement_id: z.string(),
    /**
     * The id of the ledger's own event, the proof of the effect. null: a status
     * without an effect, or an older record.
     */
    effect: z.string().nullable().default(null),
  }),
  failedSchema,
  z.strictObject({
    ...common,
    state: z.literal("resolved"),
    /** All that it needs to be opened again. null: it was unmappable. */
    work: z.discriminatedUnion("kind", [frozen, draft]).nullable(),
    money: readableMoneySchema.default({}),
    body: bytes.default(() => new Uint8Array()),
    reason: z.string().nullable(),
    error: ledgerErrorSchema.nullable(),
  }),
  z.strictObject({ ...common, state: z.literal("ignored"), reason: z.string() }),
]);

export type EventRecord = z.infer<typeof recordSchema>;
export type RecordIn<State extends EventRecord["state"]> = Extract<EventRecord, { state: State }>;
export type Failed = RecordIn<"failed">;
export type FailedAtLedger = Extract<Failed, { cause: "ledger" }>;
export type InAttempt = RecordIn<"received"> | RecordIn<"forwarding">;
export type Work = FailedAtLedger["work"];
export type Trigger = z.infer<typeof triggerSchema>;
export type AttemptLogEntry = z.infer<typeof attemptLogEntry>;
export type OperatorAction = z.infer<typeof operatorActionSchema>;
export type LedgerError = z.infer<typeof ledgerErrorSchema>;

/**
 * Final: nothing more happens to it by itself but the purge. An operator may reopen what was resolved, and a
 * delivery may make money of what was ignored.
 */
export function isFinal(record: EventRecord): record is RecordIn<"forwarded" | "resolved" | "ignored"> {
  return record.state === "forwarded" || record.state === "resolved" || record.state === "ignored";
}

export function isInAttempt(record: EventRecord): record is InAttempt {
  return record.state === "received" || record.state === "forwarding";
}

export function failureAtLedger(record: EventRecord): FailedAtLedger | null {
  return record.state === "failed" && record.cause === "ledger" ? record : null;
}
