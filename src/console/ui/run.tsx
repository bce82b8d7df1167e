/** A reconciliation in short. */
import { KINDS, type Kind } from "../../reconciler/findings.ts";
import type { RunView } from "../../reconciler/report-schema.ts";
import { Badge, type BadgeProps } from "./badge.tsx";

const BADGES: Readonly<Record<RunView["status"], BadgeProps>> = {
  running: { color: "forwarding", symbol: "◑", label: "running" },
  complete: { color: "forwarded", symbol: "✓", label: "complete" },
  failed: { color: "stuck", symbol: "✕", label: "failed" },
  cancelled: { color: "ignored", symbol: "–", label: "cancelled" },
};
const WITH_DIFFERENCES: BadgeProps = { color: "retrying", symbol: "!", label: "complete, with differences" };

/** Kinds that need no action. */
const HARMLESS: ReadonlySet<Kind> = new Set(["ignored", "backfilled", "healed", "resolved"] as const);

export function hasDifferences({ counts }: Pick<RunView, "counts">): boolean {
  return KINDS.some((kind) => counts[kind] > 0 && !HARMLESS.has(kind));
}

export function RunBadge({ run }: { run: RunView }) {
  const isWrong = run.status === "complete" && hasDifferences(run);
  return <Badge {...(isWrong ? WITH_DIFFERENCES : BADGES[run.status])} />;
}

/** "3 backfilled, 1 mismatched" */
export function summarizeFindings({ counts }: Pick<RunView, "counts">): string {
  const found = KINDS.filter((kind) => counts[kind] > 0 && kind !== "ignored");
  return found.length === 0
    ? "nothing"
    : found.map((kind) => `${counts[kind]} ${kindLabel(kind)}`).join(", ");
}

export function kindLabel(kind: Kind): string {
  return kind.replaceAll("_", " ");
}

export function modeOf({ livemode }: { readonly livemode: boolean }): string {
  return livemode ? "live mode" : "test mode";
}

export function runPath(id: string): string {
  return `/console/reconciliations/${id}`;
}
