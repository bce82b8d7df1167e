/**
 * Stripe's id of an event. It is kept and handed on, so only the characters that it is made of are accepted.
 */
import { z } from "zod";

export const EVENT_ID = /^evt_[A-Za-z0-9_]{1,250}$/;
export const eventIdSchema = z.string().regex(EVENT_ID);

/**
 * Of the event that an operator had made of a balance transaction.
 * Stripe's own ids have no second underscore.
 */
const AUDIT_EVENT = "evt_audit_";

export function auditEventId(transactionId: string): string {
  return `${AUDIT_EVENT}${transactionId}`;
}

export function isAuditEvent(eventId: string): boolean {
  return eventId.startsWith(AUDIT_EVENT);
}
