/** A reconciliation in short. */
import { KINDS, type Kind } from "../../reconciler/findings.ts";
import type { RunView } from "../../reconciler/report-schema.ts";

type Badge = readonly [cssClass: string, symbol: string, label: string];

const BADGES: Readonly<Record<RunView["status"], Badge>> = {
  running: ["forwarding", "◑", "running"],
  complete: ["forwarded", "✓", "complete"],
  failed: ["stuck", "✕", "failed"],
  cancelled: ["ignored", "–", "cancelled"],
};
const WITH_DIFFERENCES: Badge = ["retrying", "!", "complete, with differences"];

/** Kinds that need no action. */
const HARMLESS: ReadonlySet<Kind> = new Set(["ignored", "backfilled", "healed", "resolved"] as const);

export function hasDifferences({ counts }: Pick<RunView, "counts">): boolean {
  return KINDS.some((kind) => counts[kind] > 0 && !HARMLESS.has(kind));
}

export function RunBadge({ run }: { run: RunView }) {
  const [cssClass, symbol, label] =
    run.status === "complete" && hasDifferences(run) ? WITH_DIFFERENCES : BADGES[run.status];
  return (
    <span class={`badge ${cssClass}`}>
      <span class="sign" aria-hidden="true">
        {symbol}
      </span>
      {label}
    </span>
  );
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

export function runPath(id: string): string {
  return `/console/reconciliations/${id}`;
}
