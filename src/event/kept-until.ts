/** How long an event's object is kept. Pure. */
import { RESENDABLE_MS } from "../event-index/event-summary.ts";
import type { Policy } from "./machine-types.ts";
import type { EventRecord } from "./record.ts";

/**
 * Of a final event: when it is purged. The ledger knows what was forwarded, and would not book it twice. What
 * an operator closed, or what was ignored, it may not know: a resend would be booked as if it were new.
 */
export function keptUntil(
  { state, received_at, updated_at }: Pick<EventRecord, "state" | "received_at" | "updated_at">,
  { retentionMs }: Pick<Policy, "retentionMs">,
): number {
  const retained = updated_at + retentionMs;
  return state === "forwarded" ? retained : Math.max(retained, received_at + RESENDABLE_MS);
}
