/** An operator accepts a difference that a run has found, or takes that back. */
import { acceptanceOf, asListed, deleteAcceptance, insertAcceptance } from "./acceptances-table.ts";
import { decodeDifferenceCursor } from "./difference-cursor.ts";
import { ACCEPTABLE } from "./findings.ts";
import type { ListedDifference } from "./report-schema.ts";
import { loadDifference, loadRun } from "./runs-table.ts";

export interface AcceptRequest {
  readonly key: string;
  readonly actor: string;
  readonly note: string;
  /** Takes it back. */
  readonly undo: boolean;
}

export type AcceptReply =
  /** As it is then. */
  | { readonly kind: "done"; readonly difference: ListedDifference }
  | { readonly kind: "not_found" }
  | { readonly kind: "difference_not_found" }
  | { readonly kind: "not_acceptable" };

/** One turn. Accepted again, the first acceptance stays: the same call may come twice. */
export function acceptDifference(
  sql: SqlStorage,
  id: string,
  { key, actor, note, undo }: AcceptRequest,
  now: number,
): AcceptReply {
  if (loadRun(sql, id) === null) return { kind: "not_found" };
  const decoded = decodeDifferenceCursor(key);
  const difference = decoded === null ? null : loadDifference(sql, id, decoded);
  if (decoded === null || difference === null) return { kind: "difference_not_found" };
  if (!ACCEPTABLE.includes(difference.kind)) return { kind: "not_acceptable" };
  if (undo) deleteAcceptance(sql, decoded);
  else if (acceptanceOf(sql, difference) === null) {
    insertAcceptance(sql, difference, { actor, note, accepted_at: new Date(now).toISOString() });
  }
  return { kind: "done", difference: asListed(sql, difference) };
}
