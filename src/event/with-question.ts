/** Pure: no I/O, no clock. */
import type { Question } from "../settlement/questions.ts";

/**
 * A stored record of 1.0.0 as it is stored now: its drafts waited for the
 * payin of their intent, and kept no body.
 */
export function withQuestion(stored: object): object {
  const { work } = stored as { work?: { payment_intent?: unknown } | null };
  if (typeof work?.payment_intent !== "string") return stored;
  const { payment_intent: payment, ...draft } = work;
  const question: Question = { kind: "payin", payment, may_be_release: false };
  return { ...stored, work: { ...draft, question, body: new Uint8Array() } };
}
