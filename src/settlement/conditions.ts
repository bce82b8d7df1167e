/**
 * Of which objects a row of the mapping table speaks, when money did not
 * move after all, and when nobody can say.
 *
 * Pure: no I/O, no clock.
 */
import type { StripeEvent } from "../stripe/event.ts";
import { tookNothing } from "./dispute.ts";
import { paymentOf, referenceOf } from "./fields.ts";
import type { IgnoredReason, UnmappableReason } from "./reasons.ts";

export interface Condition<Reason = IgnoredReason> {
  readonly reason: Reason;
  /** `account`: the one that the object itself names, if it does. */
  readonly holds: (event: StripeEvent, account: string | null) => boolean;
}

/** Which of a type's objects a row is for. */
export interface Case {
  /** As docs/mapping.md says it. */
  readonly name: string;
  readonly holds: (event: StripeEvent) => boolean;
}

export const NOT_CAPTURED: Case = {
  name: "not captured or not paid",
  holds: ({ data }) => data.object["captured"] === false || data.object["paid"] === false,
};

export const HAS_INTENT: Case = {
  name: "has an intent",
  holds: ({ data }) => referenceOf(data.object["payment_intent"]) !== null,
};

export const REFUND_ENDED: Case = {
  name: "failed or canceled",
  holds: ({ data }) => data.object["status"] === "failed" || data.object["status"] === "canceled",
};

/** Since this version Stripe sends the events of `refund.*` for every refund. */
export const REFUND_EVENTS_SINCE = "2024-10-28";

/** Versions begin with their date. */
export function isBeforeRefundEvents(apiVersion: string): boolean {
  return apiVersion < REFUND_EVENTS_SINCE;
}

/** An event that names no version is not known to be old. */
export const BEFORE_REFUND_EVENTS: Case = {
  name: `API version before ${REFUND_EVENTS_SINCE}`,
  holds: ({ api_version }) => api_version !== null && isBeforeRefundEvents(api_version),
};

export const CANCELED_WITHOUT_ACCOUNT: Condition = {
  reason: "canceled_without_account",
  holds: (_event, account) => account === null,
};

export const AUTOMATIC_PAYOUT: Condition = {
  reason: "automatic_payout",
  holds: ({ data }, account) => account === null && data.object["automatic"] === true,
};

export const CAPTURE_UNKNOWN: Condition<UnmappableReason> = {
  reason: "capture_unknown",
  holds: ({ data }) => data.object["captured"] !== true || data.object["paid"] !== true,
};

const isMoved = ({ data }: StripeEvent) => referenceOf(data.object["balance_transaction"]) !== null;

/**
 * A movement without a balance transaction has moved nothing yet. Bank
 * refunds have theirs while still pending.
 */
export const REFUND_NOT_MOVED: Condition = {
  reason: "refund_not_moved",
  holds: (event) => !isMoved(event) && ["pending", "requires_action"].includes(statusOf(event)),
};

/** Stripe calls it a refund when an authorization is given up. Of one that expired it says so. */
export const AUTHORIZATION_EXPIRED: Condition = {
  reason: "authorization_released",
  holds: (event) => !isMoved(event) && event.data.object["reason"] === "expired_uncaptured_charge",
};

/**
 * Succeeded without a balance transaction: a release, or a body that leaves
 * the field out. The payin tells which.
 */
export function mayBeRelease(event: StripeEvent): boolean {
  return !isMoved(event);
}

/** It failed or was canceled with neither its debit's transaction nor that of the return. */
export function mayNeverHaveMoved(event: StripeEvent): boolean {
  return !isMoved(event) && referenceOf(event.data.object["failure_balance_transaction"]) === null;
}

export const STATUS_UNKNOWN: Condition<UnmappableReason> = {
  reason: "status_unknown",
  holds: (event) => !["succeeded", "pending", "requires_action"].includes(statusOf(event)),
};

export const REFUND_WITHOUT_PAYMENT: Condition<UnmappableReason> = {
  reason: "refund_without_payment",
  holds: ({ data }) => paymentOf(data.object) === null,
};

export const DISPUTE_MOVED_NOTHING: Condition = {
  reason: "dispute_moved_nothing",
  holds: ({ data }) => tookNothing(data.object),
};

function statusOf({ data }: StripeEvent): string {
  const status = data.object["status"];
  return typeof status === "string" ? status : "";
}
