/**
 * When an event of a money type moves no money for the ledger after all.
 *
 * Pure: no I/O, no clock.
 */
import type { StripeEvent } from "../stripe/event.ts";
import type { IgnoredReason } from "./settlement.ts";

export interface Condition {
  readonly reason: IgnoredReason;
  /** `account`: the object's own, if it has one. */
  readonly holds: (event: StripeEvent, account: string | null) => boolean;
}

export const CANCELED_WITHOUT_ACCOUNT: Condition = {
  reason: "canceled_without_account",
  holds: (_event, account) => account === null,
};

export const AUTOMATIC_PAYOUT: Condition = {
  reason: "automatic_payout",
  holds: ({ data }, account) => account === null && data.object["automatic"] === true,
};

export const REFUND_NOT_SUCCEEDED: Condition = {
  reason: "refund_not_succeeded",
  holds: ({ data }) => data.object["status"] !== "succeeded",
};

/**
 * For `refund.failed` where only succeeded refunds are booked: one that failed while it was pending has debited
 * nobody, and "the money came back" would be a gift. An event that does not tell the status before is taken at its word.
 */
export const REFUND_FAILED_BEFORE_IT_SUCCEEDED: Condition = {
  reason: "refund_not_succeeded",
  holds: ({ data }) => {
    const before = data.previous_attributes?.["status"];
    return typeof before === "string" && before !== "succeeded";
  },
};

/**
 * Giving up an uncaptured payment makes Stripe "refund" the authorization: `charge.refunded`, although the customer
 * never paid and nobody was credited. Such a charge has no balance transaction. Either sign alone is not enough: a
 * captured charge may wait for its balance transaction, and minimal bodies leave fields out.
 */
export const AUTHORIZATION_RELEASED: Condition = {
  reason: "authorization_released",
  holds: ({ data }) => data.object["captured"] === false && data.object["balance_transaction"] === null,
};

/** The same as a refund of its own. Only of an expired authorization does Stripe say so. */
export const AUTHORIZATION_EXPIRED: Condition = {
  reason: "authorization_released",
  holds: ({ data }) => data.object["reason"] === "expired_uncaptured_charge",
};
