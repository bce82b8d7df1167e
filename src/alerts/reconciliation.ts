/**
 * What operators hear of reconciliation: that nobody can say any more that everything has arrived, and what an hourly run
 * has found. Pure.
 */
import { z } from "zod";
import { type Kind, MEANINGS } from "../reconciler/findings.ts";
import type { RunView, WatermarkStatus } from "../reconciler/report.ts";

/** The hourly run leaves it about an hour behind; two that failed in a row make three. */
export const BEHIND_SECONDS = 3 * 3_600;

/** Kept between sweeps: which run's findings were told, and whether it was told that the watermark is behind. */
const toldSchema = z.strictObject({ run: z.string().nullable(), behind: z.boolean() });
export type ReconciliationTold = z.infer<typeof toldSchema>;

/** What this version does not understand counts as nothing told: rather twice than never. */
export function readReconciliationTold(note: unknown): ReconciliationTold {
  return toldSchema.catch({ run: null, behind: false }).parse(note);
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

export function isBehind({ configured, behind_seconds }: WatermarkStatus): boolean {
  return configured && behind_seconds !== null && behind_seconds > BEHIND_SECONDS;
}

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
