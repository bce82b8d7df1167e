/**
 * Alerts about reconciliation: that it is no longer known whether everything has arrived,
 * and what an hourly run has found. Pure.
 */
import { z } from "zod";
import { type Kind, KINDS, MEANINGS } from "../reconciler/findings.ts";
import { accountsBehind, BEHIND_SECONDS } from "../reconciler/report.ts";
import type { Completeness, RunView, WatermarkStatus } from "../reconciler/report-schema.ts";

/**
 * Kept between sweeps: the last run whose findings were reported; the accounts of which it was reported that
 * their watermark is behind, "" for the platform's own (1.0.0 had `true` for that); and since when the
 * Reconciler does not answer (epoch milliseconds).
 */
/** The platform's own account, in the note. */
export const OWN = "";
const noteSchema = z.strictObject({
  run: z.string().nullable(),
  behind: z.array(z.string()).or(z.boolean().transform((isBehind) => (isBehind ? [OWN] : []))),
  silent_since: z.int().nullable(),
});
export type ReconciliationNote = z.infer<typeof noteSchema>;

/** What this version does not understand counts as nothing reported: rather twice than never. */
export function readReconciliationNote(note: unknown): ReconciliationNote {
  return noteSchema.catch({ run: null, behind: [], silent_since: null }).parse(note);
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

/** As the note names them. */
export function behind(watermark: WatermarkStatus): string[] {
  return accountsBehind(watermark).map((account) => account ?? OWN);
}

/** One line for each of these accounts. */
export function behindText(
  settleEnv: string,
  watermark: WatermarkStatus,
  accounts: readonly string[],
): string {
  const own = accounts.includes(OWN) ? [behindLine("events", watermark)] : [];
  const connected = watermark.connected_accounts.flatMap((each) =>
    accounts.includes(each.stripe_account) ? behindLine(`events of ${each.stripe_account}`, each) : [],
  );
  return [
    ...[...own, ...connected].map((line) => `clawsettle ${settleEnv}: ${line}`),
    "Look: /console/reconciliations",
  ].join("\n");
}

function behindLine(what: string, { complete_up_to, behind_seconds, last_run }: Completeness): string {
  const hours = Math.floor((behind_seconds ?? 0) / 3_600);
  const why = last_run?.error === null || last_run === null ? "" : ` The last run failed: ${last_run.error}.`;
  return `${what} are known to be complete only up to ${complete_up_to ?? "never"}, ${hours} h ago.${why}`;
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

/**
 * Hourly runs that are over and were not reported, in the order in which they
 * ended: one may overtake another account's.
 */
export function unreportedRuns<Run extends Pick<RunView, "id" | "origin" | "status" | "finished_at">>(
  newestFirst: readonly Run[],
  reportedRun: string | null,
): Run[] {
  const over = newestFirst
    .filter(({ origin, status }) => origin === "schedule" && status !== "running")
    .sort((a, b) => Date.parse(b.finished_at ?? "") - Date.parse(a.finished_at ?? ""));
  if (reportedRun === null) return over.slice(0, FIRST_RUNS).toReversed();
  const at = over.findIndex(({ id }) => id === reportedRun);
  return (at < 0 ? over : over.slice(0, at)).toReversed();
}

/** Null: it found nothing that must be reported. */
export function findingsText(
  settleEnv: string,
  { id, stripe_account, from, to, counts }: Pick<RunView, "id" | "stripe_account" | "from" | "to" | "counts">,
): string | null {
  const found = REPORTED_KINDS.filter((kind) => counts[kind] > 0);
  if (found.length === 0) return null;
  const whose = stripe_account === null ? "" : `${stripe_account}, `;
  return [
    `clawsettle ${settleEnv}: the reconciliation of ${whose}${from} to ${to} found something.`,
    ...found.map((kind) => `• ${counts[kind]} ${kind}: ${MEANINGS[kind]}`),
    `Look: /console/reconciliations/${id}`,
  ].join("\n");
}
