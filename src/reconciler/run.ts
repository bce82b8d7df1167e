/**
 * What the Reconciler stores of a run, but for its differences: one document, a
 * discriminated union on `status`. Pure.
 */
import { z } from "zod";
import { countSchema } from "../wire-schemas.ts";
import { auditPositionSchema, START_OF_AUDIT } from "./audit-position.ts";
import { HOLDING, KINDS } from "./findings.ts";
import { listPositionSchema, START_OF_LIST } from "./list-position.ts";
import { ownAccountSchema } from "./pinned-account.ts";
import { lineSchema } from "./statement.ts";
import { totalSchema } from "./totals.ts";
import { gapSchema } from "./watermark.ts";

/** Listed with their event; beyond them they are only counted. */
export const DIFFERENCES_LISTED_MAX = 10_000;
/** Of a report: the first page comes with it. */
export const DIFFERENCES_PER_PAGE = 100;

const timestampMs = z.int().nonnegative();

export const failureSchema = z.enum([
  "stripe_unauthorized",
  "stripe_unavailable",
  "stripe_rejected",
  "ledger_unavailable",
  "livemode_mismatch",
  "other_stripe_account",
  "connected_account_refused",
  "configuration_changed",
  "not_configured",
  "internal",
]);
export type FailureCode = z.infer<typeof failureSchema>;

const common = {
  id: z.string(),
  /** `schedule`: the cron's hourly run, which moves the watermark. */
  origin: z.enum(["operator", "schedule"]),
  actor: z.string().nullable(),
  /** The connected account whose money it is about; null: the platform's own. Not stored by 1.0.0. */
  stripe_account: z.string().nullable().default(null),
  from: timestampMs,
  to: timestampMs,
  dry_run: z.boolean(),
  /** The stretch before an hourly run's window that can no longer be reconciled. */
  gap: gapSchema.nullable(),
  created_at: timestampMs,
  /** null: it waits for its turn. */
  started_at: timestampMs.nullable(),
  pages: countSchema,
  events: countSchema,
  /** The time of the oldest event so far: the list comes newest first. */
  reached: timestampMs.nullable(),
  totals: z.array(totalSchema),
  counts: z.partialRecord(z.enum(KINDS), countSchema),
  /** Of what an operator had accepted when it was found, which is not in `counts`. */
  accepted: z.partialRecord(z.enum(KINDS), countSchema).default({}),
  /** How many differences are listed. */
  listed: countSchema,
  /** Whose money it is: asked of Stripe before anything else. These fields were not stored by 1.0.0. */
  account: ownAccountSchema.nullable().default(null),
  /** Balance transactions of the window, and settlements in the ledger that were walked. */
  transactions: countSchema.default(0),
  settlements: countSchema.default(0),
  lines: z.array(lineSchema).default([]),
};

const running = z.strictObject({
  ...common,
  status: z.literal("running"),
  /** The run's position in Stripe's list, stored under this name. */
  cursor: listPositionSchema,
  /** All pages of events are done; what is left is the audit of money, and to close the report. */
  walked: z.boolean(),
  audit: auditPositionSchema.default(START_OF_AUDIT),
  /**
   * What this run is doing about events of the page under way, on record before it is done: after a crash in
   * the middle the page is walked again, and these are still this run's doing.
   */
  acting: z.record(z.string(), z.enum(["deliver", "redeliver", "poke"])),
  /** In a row. */
  failures: countSchema,
  last_failure: failureSchema.nullable(),
  next_try_at: timestampMs.nullable(),
  cancel_requested: z.boolean(),
});

export const runSchema = z.discriminatedUnion("status", [
  running,
  z.strictObject({
    ...common,
    status: z.literal("complete"),
    finished_at: timestampMs,
    content_sha256: z.string(),
  }),
  z.strictObject({ ...common, status: z.literal("failed"), finished_at: timestampMs, error: failureSchema }),
  z.strictObject({ ...common, status: z.literal("cancelled"), finished_at: timestampMs }),
]);

export type Run = z.infer<typeof runSchema>;
export type Running = Extract<Run, { status: "running" }>;
export type Finished = Exclude<Run, Running>;

type NewRun = Pick<Running, "id" | "origin" | "actor" | "stripe_account" | "from" | "to" | "dry_run" | "gap">;

/** `requested` is stored with exactly these fields: one more would make the run unreadable. */
export function newRun(requested: NewRun, now: number): Running {
  return {
    ...requested,
    created_at: now,
    started_at: null,
    pages: 0,
    events: 0,
    reached: null,
    totals: [],
    counts: {},
    accepted: {},
    listed: 0,
    account: null,
    transactions: 0,
    settlements: 0,
    lines: [],
    status: "running",
    cursor: START_OF_LIST,
    walked: false,
    audit: START_OF_AUDIT,
    acting: {},
    failures: 0,
    last_failure: null,
    next_try_at: null,
    cancel_requested: false,
  };
}

/** How the run ends. What it has found so far stays. */
export function finish(
  run: Running,
  end:
    | { status: "complete"; content_sha256: string }
    | { status: "failed"; error: FailureCode }
    | { status: "cancelled" },
  now: number,
): Finished {
  // What only a run at work has is dropped here.
  return { ...z.object(common).parse(run), ...end, finished_at: now };
}

/** How many events hold the watermark: Stripe lists them, and it is not known that they arrived. */
export function holdingOf({ counts }: Pick<Run, "counts">): number {
  return HOLDING.reduce((held, kind) => held + (counts[kind] ?? 0), 0);
}
