/**
 * A difference's key within its run. The last one of a page is the cursor that an
 * operator hands back for the next page. Pure.
 */
import { type Difference, type Kind, KINDS, subjectOf } from "./findings.ts";

/** Differences are unique by these, and listed in their order. */
export interface DifferenceKey extends Pick<Difference, "kind" | "field"> {
  readonly subject: string;
}

/** The ledger's ids may have hyphens. */
const CURSOR = /^([A-Za-z0-9_-]{1,255})\.([a-z_]{1,40})\.([a-z_]{0,40})$/;

export function encodeDifferenceCursor({ subject, kind, field }: DifferenceKey): string {
  return `${subject}.${kind}.${field}`;
}

export function keyOf(difference: Difference): string {
  return encodeDifferenceCursor({ ...difference, subject: subjectOf(difference) });
}

/** Null for anything that {@link encodeDifferenceCursor} did not make. */
export function decodeDifferenceCursor(text: string): DifferenceKey | null {
  const [, subject = "", kind, field = ""] = CURSOR.exec(text) ?? [];
  return isKind(kind) ? { subject, kind, field } : null;
}

function isKind(text: string | undefined): text is Kind {
  return KINDS.some((kind) => kind === text);
}
