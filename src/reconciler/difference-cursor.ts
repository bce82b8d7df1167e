/** Where a page of differences ended, as text that an operator hands back. Pure. */
import { type Difference, type Kind, KINDS } from "./findings.ts";

export interface After {
  readonly event_id: string;
  readonly kind: Kind;
  readonly field: string;
}

const SHAPE = /^([A-Za-z0-9_]{1,255})\.([a-z_]{1,40})\.([a-z_]{0,40})$/;

export function encodeAfter({
  event_id,
  kind,
  field,
}: Pick<Difference, "event_id" | "kind" | "field">): string {
  return `${event_id}.${kind}.${field}`;
}

/** Null for anything that {@link encodeAfter} did not make. */
export function decodeAfter(text: string): After | null {
  const match = SHAPE.exec(text);
  if (match === null) return null;
  const kind = KINDS.find((each) => each === match[2]);
  return kind === undefined ? null : { event_id: String(match[1]), kind, field: String(match[3]) };
}
