/**
 * What operators hear of reconciliation: that nobody can say any more that everything has arrived, and what an hourly run
 * has found. Pure.
 */
import { z } from "zod";
import { type Kind, MEANINGS } from "../reconciler/findings.ts";
import { BEHIND_SECONDS } from "../reconciler/report.ts";
import type { RunView, WatermarkStatus } from "../reconciler/report-schema.ts";

/**
 * Kept between sweeps: which run's findings were told, whether it was told that nobody knows, and since when the Reconciler does
 * not answer (epoch milliseconds).
 */
const toldSchema = z.strictObject({
  run: z.string().nullable(),
  behind: z.boolean(),
  silent_since: z.int().nullable(),
});
export type ReconciliationTold = z.infer<typeof toldSchema>;

/** What this version does not understand counts as nothing told: rather twice than never. */
export function readReconciliationTold(note: unknown): ReconciliationTold {
  return toldSchema.catch({ run: null, behind: false, silent_since: null }).parse(note);
}

/** The others stand in the list of events, and are told from there, or are nothing to be told. */
const TOLD_KINDS: readonly Kind[] = [
  "backfilled",
  "missing",
  "expired",
  "malformed",
  "unreachable",
  "conflicting",
  "mismatched",
  "not_in_ledger",
  "unverified",
];

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

/** A Reconciler that does not answer knows nothing, which is no better than a watermark that stands. */
export function isSilentForLong(since: number | null, now: number): boolean {
  return since !== null && now - since > BEHIND_SECONDS * 1_000;
}

export function silentText(settleEnv: string, since: number | null, now: number): string {
  const hours = Math.floor((now - (since ?? now)) / 3_600_000);
  return `clawsettle ${settleEnv}: the Reconciler has not answered for ${hours} h, so nobody knows whether events are missing.\nLook: /console`;
}

/** Before anybody was told of any: who switches alerts on hears of the last day. */
const FIRST_RUNS = 24;

/** Hourly runs that are over and that nobody was told of, oldest first. */
export function untoldRuns<Run extends Pick<RunView, "id" | "origin" | "status">>(
  newestFirst: readonly Run[],
  toldRun: string | null,
): Run[] {
  const over = newestFirst.filter(({ origin, status }) => origin === "schedule" && status !== "running");
  if (toldRun === null) return over.slice(0, FIRST_RUNS).toReversed();
  const at = over.findIndex(({ id }) => id === toldRun);
  return (at < 0 ? over : over.slice(0, at)).toReversed();
}

/** Null: it found nothing that anybody must hear of. */
export function findingsText(
  settleEnv: string,
  { id, from, to, counts }: Pick<RunView, "id" | "from" | "to" | "counts">,
): string | null {
  const found = TOLD_KINDS.filter((kind) => counts[kind] > 0);
  if (found.length === 0) return null;
  return [
    `clawsettle ${settleEnv}: the reconciliation of ${from} to ${to} found something.`,
    ...found.map((kind) => `• ${counts[kind]} ${kind}: ${MEANINGS[kind]}`),
    `Look: /console/reconciliations/${id}`,
  ].join("\n");
}
