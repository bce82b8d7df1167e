/**
 * What operators ask for: checked strictly, so that a misspelt field is an error and not a silent default.
 * Pure.
 */
import { z } from "zod";
import { eventIdSchema } from "../event-id.ts";
import { OPEN_STATES } from "../event-index/event-summary.ts";
import { SETTING_NAMES } from "../stored-settings/setting-rules.ts";

/** Events of one page, and of one bulk retry. */
export const EVENTS_DEFAULT = 50;
export const EVENTS_MAX = 200;

/** ISO 8601: a time with its zone, or a day, which begins at midnight UTC. Epoch milliseconds afterwards. */
const time = z.union([z.iso.datetime({ offset: true }), z.iso.date()]).transform((text) => Date.parse(text));
const actor = z.string().trim().min(1).max(200);
const note = z.string().trim().min(1).max(2_000);
const limit = z.int().min(1).max(EVENTS_MAX).default(EVENTS_DEFAULT);

/** The filter of lists and bulk retries, all but the state. */
export const filterFields = {
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

/** Who asks is optional for a retry, which can do no harm; an empty body is a retry without a note. */
export const retryEventRequest = z.strictObject({
  actor: actor.default("operator"),
  note: note.nullable().default(null),
});

/** Whether it is meant must be said: no default of `dry_run` would be what everybody expects. */
export const retryEventsRequest = z.strictObject({
  ...retryEventRequest.shape,
  // Only what is open can be retried, so nothing else can be asked for.
  filter: z.strictObject({ ...filterFields, state: z.enum(OPEN_STATES).default("failed") }),
  limit,
  dry_run: z.boolean(),
});

/** Without an event_id: all that are due. */
export const retryForwardingRequest = z.strictObject({
  event_id: eventIdSchema.optional(),
  limit,
  force: z.boolean().default(false),
});

/** Closing an event, and opening it again, needs a name and a reason. */
export const closeOrReopenRequest = z.strictObject({ actor, note });

/** As long as the account of a payment's own metadata may be. */
const accountId = z.string().trim().min(1).max(255);

/** Money goes to where an operator says, so it needs a name and a reason. */
export const assignAccountRequest = z.strictObject({ account_id: accountId, actor, note });

/** A window `[from, to)`. Without `dry_run` what is missing is delivered, and what is overdue is woken. */
export const startReconciliationRequest = z.strictObject({
  from: time,
  to: time,
  dry_run: z.boolean().default(false),
  actor: actor.nullable().default(null),
  stripe_account: z
    .string()
    .min(1)
    .max(255)
    .nullable()
    .default(null)
    .meta({ description: "One of STRIPE_CONNECTED_ACCOUNTS; null: the platform's own account." }),
});

/** Whose money a dry run saw is whose is settled from then on: that needs a name. */
export const confirmReconciliationRequest = z.strictObject({ actor });

/**
 * That it is the same ledger under another address only a person can know: that needs a name and a reason.
 */
export const confirmSettingRequest = z.strictObject({ setting: z.enum(SETTING_NAMES), actor, note });
/** `key`: of one of the run's differences. `undo` takes it back, which needs a reason too. */
export const acceptDifferenceRequest = z.strictObject({
  key: z.string().min(1).max(400),
  actor,
  note,
  undo: z.boolean().default(false),
});

/** `key`: of one of the run's differences. With `dry_run` it shows what would be sent. */
export const deliverMoneyRequest = z.strictObject({
  key: z.string().min(1).max(400),
  actor,
  note,
  dry_run: z.boolean(),
});

export type RetryEventRequest = z.infer<typeof retryEventRequest>;
export type RetryEventsRequest = z.infer<typeof retryEventsRequest>;
export type RetryForwardingRequest = z.infer<typeof retryForwardingRequest>;
export type CloseOrReopenRequest = z.infer<typeof closeOrReopenRequest>;
export type AssignAccountRequest = z.infer<typeof assignAccountRequest>;
export type StartReconciliationRequest = z.infer<typeof startReconciliationRequest>;
export type ConfirmSettingRequest = z.infer<typeof confirmSettingRequest>;
export type AcceptDifferenceRequest = z.infer<typeof acceptDifferenceRequest>;
export type DeliverMoneyRequest = z.infer<typeof deliverMoneyRequest>;
