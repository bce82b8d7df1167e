/**
 * "Complete up to": what the hourly runs have shown, and what cannot be
 * shown. Pure; times are epoch milliseconds.
 *
 * A stretch is complete when a run has walked all of it and every event in it is known here. What failed or
 * cannot be mapped is known: operators see it in the index, and it does not hold the watermark.
 */
import { z } from "zod";
import { storedFormat } from "../stored-version.ts";
import { type Bounds, oldestFrom, type Window } from "./window.ts";

/** How often the cron starts a run. */
const INTERVAL_MS = 3_600_000;
/**
 * The cron comes every five minutes, a little late or early: without slack
 * each run would be five minutes late.
 */
const INTERVAL_SLACK_MS = 60_000;
/**
 * Stripe's list is complete in the end, not at once: each run includes the hour before the watermark again.
 */
export const OVERLAP_MS = 3_600_000;
/** And excludes the last minutes: their events may still be on their way here. */
export const SETTLE_MARGIN_MS = 600_000;
const GAPS_KEPT = 50;

export const gapSchema = z.strictObject({
  from: z.int(),
  to: z.int(),
  why: z.enum(["too_late", "mapping_changed"]),
});

const watermarkSchema = z.strictObject({
  /**
   * When reconciliation was switched on. No hourly run reaches back before it: what came earlier may have
   * been booked by another system, under other ids. An operator's run may, and shows in a dry run what would
   * be delivered.
   */
  since: z.int(),
  complete_up_to: z.int(),
  /**
   * Stretches between `since` and `complete_up_to` of which it is not known
   * that they are complete. Oldest first.
   */
  gaps: z.array(gapSchema),
  last_started_at: z.int().nullable(),
  last_run: z
    .strictObject({ id: z.string(), status: z.string(), error: z.string().nullable(), finished_at: z.int() })
    .nullable(),
});

export type Watermark = z.infer<typeof watermarkSchema>;
export type Gap = z.infer<typeof gapSchema>;

export interface GapOf1_0_0 extends Omit<Gap, "why"> {
  readonly why: "too_late" | "refund_events_changed";
}

/** 1.0.0 had another word for one kind of gap. */
export function renamedGap(gap: GapOf1_0_0): Gap {
  return { ...gap, why: gap.why === "too_late" ? "too_late" : "mapping_changed" };
}

interface WatermarkOf1_0_0 extends Omit<Watermark, "gaps"> {
  readonly refund_events: string;
  readonly gaps: readonly GapOf1_0_0[];
}

function ofVersion1(stored: WatermarkOf1_0_0): Watermark {
  const { refund_events: _, ...watermark } = stored;
  return { ...watermark, gaps: watermark.gaps.map(renamedGap) };
}

/** Version 0 is 1.0.0's. */
export const storedWatermark = storedFormat("watermark", watermarkSchema, [ofVersion1]);

export function activate(now: number): Watermark {
  return {
    since: now,
    complete_up_to: now,
    gaps: [],
    last_started_at: null,
    last_run: null,
  };
}

export interface DueRun extends Window {
  /** The stretch before it that can no longer be reconciled. */
  readonly gap: Gap | null;
}

/** The run that is due at `now`; null: none. */
export function dueRun(watermark: Watermark, bounds: Bounds, now: number): DueRun | null {
  const { since, complete_up_to, last_started_at } = watermark;
  if (last_started_at !== null && now - last_started_at < INTERVAL_MS - INTERVAL_SLACK_MS) return null;
  const to = now - SETTLE_MARGIN_MS;
  const oldest = oldestFrom(bounds, now).at;
  const from = Math.max(since, oldest, complete_up_to - OVERLAP_MS);
  if (to <= complete_up_to || from >= to) return null;
  return { from, to, gap: gapAt(watermark, bounds, now) };
}

/** What lies between the watermark and the earliest time that can still be reconciled. */
export function gapAt({ complete_up_to }: Watermark, bounds: Bounds, now: number): Gap | null {
  const oldest = oldestFrom(bounds, now);
  const why = oldest.why === "before_mapping" ? "mapping_changed" : "too_late";
  return complete_up_to < oldest.at ? { from: complete_up_to, to: oldest.at, why } : null;
}

export interface FinishedRun {
  readonly id: string;
  readonly status: "complete" | "failed" | "cancelled";
  readonly error: string | null;
  readonly finished_at: number;
  readonly to: number;
  readonly gap: Gap | null;
  /** Nobody has confirmed yet whose Stripe account this is: another one may have nothing that is missing. */
  readonly dry_run: boolean;
  /** How many findings hold the watermark. */
  readonly holding: number;
}

/** After an hourly run. It advances only when the run is complete and nothing is left that holds it. */
export function afterRun(watermark: Watermark, run: FinishedRun): Watermark {
  const { id, status, error, finished_at, dry_run } = run;
  const noted = { ...watermark, last_run: { id, status, error, finished_at } };
  if (status !== "complete" || dry_run || run.holding > 0) return noted;
  return {
    ...noted,
    complete_up_to: Math.max(watermark.complete_up_to, run.to),
    gaps: run.gap === null ? watermark.gaps : withGap(watermark.gaps, run.gap),
  };
}

/** Gaps that touch become one: while no run succeeds, the same gap grows. */
function withGap(gaps: readonly Gap[], gap: Gap): Gap[] {
  if (gap.from >= gap.to) return [...gaps];
  const last = gaps.at(-1);
  const joined =
    last !== undefined && last.why === gap.why && gap.from <= last.to
      ? [...gaps.slice(0, -1), { ...last, to: Math.max(last.to, gap.to) }]
      : [...gaps, gap];
  return joined.slice(-GAPS_KEPT);
}
