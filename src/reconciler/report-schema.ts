/** Runs and the watermark as operators see them, in the wire's shapes. Pure. */
import { z } from "zod";
import { countSchema, decimalSchema, isoTimeSchema, sha256HexSchema } from "../wire-schemas.ts";
import { acceptanceSchema, differenceSchema, KINDS } from "./findings.ts";
import { ownAccountSchema, pinnedAccountSchema } from "./pinned-account.ts";
import { statementsSchema } from "./statement.ts";
import { totalSchema } from "./totals.ts";

const run = {
  id: z.string(),
  status: z.enum(["running", "complete", "failed", "cancelled"]),
  origin: z.enum(["operator", "schedule"]),
  actor: z.string().nullable(),
  stripe_account: z
    .string()
    .nullable()
    .meta({ description: "The connected account whose money it is about; null: the platform's own." }),
  from: isoTimeSchema,
  to: isoTimeSchema,
  dry_run: z.boolean(),
  account: ownAccountSchema
    .nullable()
    .meta({ description: "Stripe's account behind the key; null until Stripe has been asked." }),
  created_at: isoTimeSchema,
  started_at: isoTimeSchema.nullable(),
  finished_at: isoTimeSchema.nullable(),
  error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  progress: z.strictObject({
    phase: z.enum(["waiting", "walking", "auditing", "backing_off", "closing", "over"]),
    pages: countSchema,
    events: countSchema,
    transactions: countSchema.meta({ description: "Balance transactions of Stripe's." }),
    settlements: countSchema.meta({
      description: "Walked in the ledger's list, those outside of the window too.",
    }),
    reached: isoTimeSchema
      .nullable()
      .meta({ description: "The time of the oldest event so far; the newest come first." }),
    failures_in_a_row: countSchema,
    last_failure: z.string().nullable(),
    next_try_at: isoTimeSchema.nullable(),
    cancel_requested: z.boolean(),
  }),
  content_sha256: sha256HexSchema
    .nullable()
    .meta({ description: "Two runs that found the same have the same; null until all is found." }),
  /** Of each kind, listed or not. */
  counts: z.record(z.enum(KINDS), countSchema),
  accepted: z.partialRecord(z.enum(KINDS), countSchema).meta({
    description: "Of what an operator had accepted when the run found it. It is not in `counts`.",
  }),
};

export const listedDifferenceSchema = differenceSchema.extend({
  key: z.string().meta({ description: "Names it within its run." }),
  amount: decimalSchema.nullable(),
  accepted: acceptanceSchema.nullable().meta({
    description: "As it is now: a run that found it before does not count it as accepted.",
  }),
});

export const runViewSchema = z
  .strictObject(run)
  .meta({ id: "Reconciliation", description: "A run, and how far it is." });

export const reportSchema = z
  .strictObject({
    ...run,
    totals: z
      .array(totalSchema)
      .readonly()
      .meta({ description: "Counted by events: twin events of one change count twice, on every side." }),
    balanced: z.boolean(),
    account_pinned: z.boolean().meta({ description: "Its account is the one whose money is settled here." }),
    statements: statementsSchema.meta({
      description: "By how much Stripe's balance moved, per currency, and where that money is.",
    }),
    differences: z.array(listedDifferenceSchema).readonly(),
    differences_listed: countSchema,
    differences_truncated: z
      .boolean()
      .meta({ description: "More were found than are listed; `counts` has them all." }),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: "ReconciliationReport", description: "A run, its sums, and a page of its differences." });

const gapView = z.strictObject({
  from: isoTimeSchema,
  to: isoTimeSchema,
  why: z.enum(["too_late", "mapping_changed"]),
});

/** Of one of Stripe's accounts. */
const completeness = {
  since: isoTimeSchema.nullable(),
  complete_up_to: isoTimeSchema.nullable(),
  behind_seconds: countSchema.nullable(),
  /** Stretches of which it is not known that they are complete. */
  gaps: z.array(gapView).readonly(),
  /** A gap that grows until the next complete run, and that this run will record. */
  pending_gap: gapView.nullable(),
  last_run: z
    .strictObject({
      id: z.string(),
      status: z.string(),
      error: z.string().nullable(),
      finished_at: isoTimeSchema,
    })
    .nullable(),
};

/**
 * Up to when everything is complete, or what is missing: of the platform's
 * own account, and of each connected one.
 */
export const watermarkStatusSchema = z.strictObject({
  configured: z.boolean().meta({ description: "false: without STRIPE_API_KEY, nothing is reconciled." }),
  account: pinnedAccountSchema.extend({ pinned_at: isoTimeSchema }).nullable().meta({
    description: "Whose money is settled; null: nobody has confirmed that, and hourly runs only report.",
  }),
  ...completeness,
  connected_accounts: z
    .array(z.strictObject({ stripe_account: z.string(), ...completeness }))
    .readonly()
    .meta({ description: "Those of STRIPE_CONNECTED_ACCOUNTS." }),
});

const unreadableRunSchema = z
  .strictObject({
    id: z.string(),
    status: z.literal("unreadable"),
    finished_at: isoTimeSchema.nullable(),
  })
  .meta({ id: "UnreadableReconciliation", description: "A run that a later version of clawsettle stored." });

export const runListSchema = z.strictObject({
  reconciliations: z.array(z.union([runViewSchema, unreadableRunSchema])).readonly(),
  watermark: watermarkStatusSchema,
});

export type RunView = z.infer<typeof runViewSchema>;
export type Report = z.infer<typeof reportSchema>;
export type ListedDifference = z.infer<typeof listedDifferenceSchema>;
export type DifferencePage = Pick<Report, "differences" | "next_cursor">;
export type WatermarkStatus = z.infer<typeof watermarkStatusSchema>;
export type ListedRun = RunView | z.infer<typeof unreadableRunSchema>;
export type ConnectedWatermark = WatermarkStatus["connected_accounts"][number];
/** What there is to know of the platform's account and of a connected one alike. */
export type Completeness = Omit<ConnectedWatermark, "stripe_account">;
export type RunList = z.infer<typeof runListSchema>;
