/**
 * Alerts about reconciliation: that it is no longer known whether everything has arrived, and what an hourly run has
 * found. Pure.
 */
import { z } from "zod";
import { type Kind, KINDS, MEANINGS } from "../reconciler/findings.ts";
import { BEHIND_SECONDS } from "../reconciler/report.ts";
import type { RunView, WatermarkStatus } from "../reconciler/report-schema.ts";

/**
 * Kept between sweeps: the last run whose findings were reported, whether it was reported that the watermark is behind,
 * and since when the Reconciler does not answer (epoch milliseconds).
 */
const noteSchema = z.strictObject({
  run: z.string().nullable(),
  behind: z.boolean(),
  silent_since: z.int().nullable(),
});
export type ReconciliationNote = z.infer<typeof noteSchema>;

/** What this version does not understand counts as nothing reported: rather twice than never. */
export function readReconciliationNote(note: unknown): ReconciliationNote {
  return noteSchema.catch({ run: null, behind: false, silent_since: null }).parse(note);
}

/** In the list of events, and reported from there; or nothing that needs an operator. */
const UNREPORTED_KINDS: ReadonlySet<Kind> = new Set([
  "healed",
  "open",
  "failed",
  "unmappable",
  "resolved",
  "ignored",
] as const);
const REPORTED_KINDS = KINDS.filter((kind) => !UNREPORTED_KINDS.has(kind));

export function behindText(
  settleEnv: string,
  { complete_up_to, behind_seconds, last_run }: WatermarkStatus,
): string {
  const hours = Math.floor((behind_seconds ?? 0) / 3_600);
  const why = last_run?.error === null || last_run === null ? "" : ` The last run failed: ${last_run.error}.`;
  return [
    `clawsettle ${settleEnv}: events are known to be complete only up to ${complete_up_to ?? "never"}, ${hours} h ago.${why}`,
    "Look: /console/reconciliations",
  ].join("\n");
}

/** A Reconciler that does not answer is no better than a watermark that does not move. */
export function isSilentForLong(since: number | null, now: number): boolean {
  return since !== null && now - since > BEHIND_SECONDS * 1_000;
}

export function silentText(settleEnv: string, since: number | null, now: number): string {
  const hours = Math.floor((now - (since ?? now)) / 3_600_000);
  return `clawsettle ${settleEnv}: the Reconciler has not answered for ${hours} h, so nobody knows whether events are missing.\nLook: /console`;
}

/** When alerts are switched on, the runs of the last day are reported. */
const FIRST_RUNS = 24;

/** Hourly runs that are over and were not reported, oldest first. */
export function unreportedRuns<Run extends Pick<RunView, "id" | "origin" | "status">>(
  newestFirst: readonly Run[],
  reportedRun: string | null,
): Run[] {
  const over = newestFirst.filter(({ origin, status }) => origin === "schedule" && status !== "running");
  if (reportedRun === null) return over.slice(0, FIRST_RUNS).toReversed();
  const at = over.findIndex(({ id }) => id === reportedRun);
  return (at < 0 ? over : over.slice(0, at)).toReversed();
}

/** Null: it found nothing that must be reported. */
export function findingsText(
  settleEnv: string,
  { id, from, to, counts }: Pick<RunView, "id" | "from" | "to" | "counts">,
): string | null {
  const found = REPORTED_KINDS.filter((kind) => counts[kind] > 0);
  if (found.length === 0) return null;
  return [
    `clawsettle ${settleEnv}: the reconciliation of ${from} to ${to} found something.`,
    ...found.map((kind) => `• ${counts[kind]} ${kind}: ${MEANINGS[kind]}`),
    `Look: /console/reconciliations/${id}`,
  ].join("\n");
}
