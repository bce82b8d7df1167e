/** What is answered about reconciliations, as the document shows it, held to the code's types like the other answers. */
import { z } from "zod";
import { type Difference, KINDS } from "../../reconciler/findings.ts";
import type { RunView, WatermarkStatus } from "../../reconciler/report.ts";
import type { Total } from "../../reconciler/totals.ts";
import type { ReconciliationList as List, ReconciliationReport as Report } from "../admin/reconciliations.ts";
import { type AllTrue, count, currency, minorUnits, type Same, sha256, time } from "./shapes.ts";

const run = {
  id: z.string(),
  status: z.enum(["running", "complete", "failed", "cancelled"]),
  origin: z.enum(["operator", "schedule"]),
  actor: z.string().nullable(),
  from: time,
  to: time,
  dry_run: z.boolean(),
  created_at: time,
  started_at: time.nullable(),
  finished_at: time.nullable(),
  error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  progress: z.strictObject({
    phase: z.enum(["waiting", "walking", "backing_off", "closing", "over"]),
    pages: count,
    events: count,
    reached: time
      .nullable()
      .meta({ description: "The time of the oldest event so far; the newest come first." }),
    failures_in_a_row: count,
    last_failure: z.string().nullable(),
    next_try_at: time.nullable(),
    cancel_requested: z.boolean(),
  }),
  content_sha256: sha256
    .nullable()
    .meta({ description: "Two runs that found the same have the same; null until all is found." }),
  counts: z.record(z.enum(KINDS), count),
};

export const Reconciliation = z
  .strictObject(run)
  .meta({ id: "Reconciliation", description: "A run, and how far it is." });

const sum = z.strictObject({ count, amount_minor: minorUnits });
const total = z.strictObject({
  currency: z.string(),
  direction: z.string(),
  status: z.string(),
  stripe: sum,
  clawsettle: sum,
  ledger: sum,
});

const difference = z.strictObject({
  event_id: z.string(),
  event_type: z.string(),
  created_at: z.string(),
  kind: z.enum(KINDS),
  field: z.string(),
  ours: z.string().nullable(),
  theirs: z.string().nullable(),
  reason: z.string().nullable(),
  payment_id: z.string().nullable(),
  direction: z.string().nullable(),
  status: z.string().nullable(),
  currency: currency.nullable(),
  amount_minor: minorUnits.nullable(),
});

export const ReconciliationReport = z
  .strictObject({
    ...run,
    totals: z
      .array(total)
      .readonly()
      .meta({ description: "Counted by events: twin events of one change count twice, on every side." }),
    balanced: z.boolean(),
    differences: z.array(difference).readonly(),
    differences_listed: count,
    differences_truncated: z
      .boolean()
      .meta({ description: "More were found than are listed; `counts` has them all." }),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: "ReconciliationReport", description: "A run, its sums, and a page of its differences." });

const gap = z.strictObject({ from: time, to: time, why: z.enum(["too_late", "refund_events_changed"]) });

export const WatermarkShape = z.strictObject({
  configured: z.boolean().meta({ description: "false: without STRIPE_API_KEY, nothing is reconciled." }),
  since: time.nullable(),
  complete_up_to: time.nullable(),
  behind_seconds: count.nullable(),
  gaps: z.array(gap).readonly(),
  pending_gap: gap.nullable(),
  last_run: z
    .strictObject({ id: z.string(), status: z.string(), error: z.string().nullable(), finished_at: time })
    .nullable(),
});

export const ReconciliationList = z.strictObject({
  reconciliations: z.array(Reconciliation).readonly(),
  watermark: WatermarkShape,
});

export type ReconciliationSchemasFit = AllTrue<
  [
    Same<z.infer<typeof Reconciliation>, RunView>,
    Same<z.infer<typeof total>, Total>,
    Same<z.infer<typeof difference>, Difference>,
    Same<z.infer<typeof ReconciliationReport>, Report>,
    Same<z.infer<typeof WatermarkShape>, WatermarkStatus>,
    Same<z.infer<typeof ReconciliationList>, List>,
  ]
>;
