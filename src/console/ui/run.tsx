/** A reconciliation in short. */
import { KINDS, type Kind } from "../../reconciler/findings.ts";
import type { RunView } from "../../reconciler/report.ts";

/** The badge's look, its sign, and the word. */
type Face = readonly [look: string, sign: string, word: string];

const FACES: Readonly<Record<RunView["status"], Face>> = {
  running: ["forwarding", "◑", "running"],
  complete: ["forwarded", "✓", "complete"],
  failed: ["stuck", "✕", "failed"],
  cancelled: ["ignored", "–", "cancelled"],
};
const WITH_DIFFERENCES: Face = ["retrying", "!", "complete, with differences"];

/** Of the kinds, those that nobody has to do anything about. */
const QUIET: ReadonlySet<Kind> = new Set(["ignored", "backfilled", "healed", "resolved"] as const);

export function hasDifferences({ counts }: Pick<RunView, "counts">): boolean {
  return KINDS.some((kind) => counts[kind] > 0 && !QUIET.has(kind));
}

export function RunBadge({ run }: { run: RunView }) {
  const [look, sign, word] =
    run.status === "complete" && hasDifferences(run) ? WITH_DIFFERENCES : FACES[run.status];
  return (
    <span class={`badge ${look}`}>
      <span class="sign" aria-hidden="true">
        {sign}
      </span>
      {word}
    </span>
  );
}

/** "3 backfilled, 1 mismatched" */
export function foundInShort({ counts }: Pick<RunView, "counts">): string {
  const found = KINDS.filter((kind) => counts[kind] > 0 && kind !== "ignored");
  return found.length === 0 ? "nothing" : found.map((kind) => `${counts[kind]} ${kindWord(kind)}`).join(", ");
}

export function kindWord(kind: Kind): string {
  return kind.replaceAll("_", " ");
}

export function runPath(id: string): string {
  return `/console/reconciliations/${id}`;
}
