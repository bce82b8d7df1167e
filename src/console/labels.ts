/**
 * What a reason or a code means to the person who reads it, and what to do about it. The runbook says the
 * same at length. Pure.
 */
import type { EventState } from "../event/event-state.ts";

const REASONS: Readonly<Record<string, string>> = {
  ledger_unavailable: "The ledger could not take the settlement now. It is tried again by itself.",
  ledger_unknown:
    "The ledger gave no usable answer, so it may or may not have the settlement. The next attempt sends the same bytes under the same key, and finds out.",
  ledger_busy: "Other settlements of this account are before it. It is tried again by itself.",
  ledger_unproven:
    "The ledger answered, and shows no effect of the settlement. Compare the account's balance with the ledger's events. A retry reads the settlement back first.",
  ledger_rejected: "The ledger refused the settlement for good. It is not tried again unless you ask for it.",
  retry_horizon_reached:
    "It did not heal in the time that is given to retries. Repair the cause, then retry; the time counts anew from your retry.",
  currency_not_settled:
    "The ledger's accounts do not hold this currency, so nothing was sent. Book the money by other means and resolve, or add the currency to LEDGER_CURRENCIES and retry.",
  account_missing:
    "The payment names no ledger account, and there is no payment to look one up by. Book it in the ledger by hand, then resolve the event with the booking's id.",
  object_id_missing: "Stripe's object has no id, so the movement has no name in the ledger.",
  amount_missing: "The field that carries the amount is absent.",
  amount_not_a_number: "The amount is not a number.",
  amount_not_an_integer: "The amount is a fraction of a minor unit.",
  amount_negative: "The amount is below zero, or a charge's refunded total went down.",
  amount_too_large: "The amount is larger than a JSON number can hold exactly.",
  currency_missing: "There is no currency.",
  currency_unknown: "The currency is no code that money is paid in.",
  created_missing: "The event has no time, so that two refunds of one charge could not be told apart.",
  not_a_settlement_event: "Events of this type move no money for the ledger.",
  attempt_not_final: "An attempt to pay failed. The payment can still succeed, and is booked then.",
  canceled_without_account: "The payment was given up before an account was attached to it.",
  refund_not_succeeded: "The refund has not succeeded, so no money has moved.",
  authorization_released: "A payment that was never captured was given up. Nobody had paid.",
  zero_amount: "Nothing moved.",
  automatic_payout: "Stripe's own schedule pays out the platform's balance, which belongs to no account.",
};

const LEDGER_CODES: Readonly<Record<string, string>> = {
  NOT_FOUND: "The account does not exist in the ledger. Create it, or wait for whoever does; then retry.",
  ACCOUNT_NOT_RESOLVED:
    "The ledger does not know the payment that this belongs to. Find the payment's event in Stripe and resend it; this one heals by itself.",
  INSUFFICIENT_FUNDS:
    "The account has less than the amount to debit. It settles by itself once money comes in. To give up, resolve it.",
  DUPLICATE_CONFLICT:
    "The ledger holds this payment with another account, amount or currency. Compare both, correct the ledger by hand, then resolve.",
  INVALID_STATUS_TRANSITION:
    "The ledger is further on than this event. If its status there is right, resolve the event.",
  IDEMPOTENCY_KEY_REUSED:
    "The ledger saw other bytes under this key. Compare the payload's digest below with the ledger's log before anything else.",
};

const OUTCOMES: Readonly<Record<string, string>> = {
  accepted: "The ledger accepted",
  rejected: "The ledger refused for good",
  unavailable: "The ledger did not take it",
  unknown: "No usable answer",
  unproven: "The ledger shows no effect",
};

const TRIGGERS: Readonly<Record<string, string>> = {
  delivery: "after a delivery",
  alarm: "by its own alarm",
  operator: "asked for by an operator",
  watchdog: "by the watchdog",
  backfill: "by the reconciler",
};

export function describeReason(reason: string | null): string | null {
  if (reason === null) return null;
  const [, type] = /^covered_by:(.+)$/.exec(reason) ?? [];
  if (type !== undefined) return `The same money is told by an event of type ${type}, and booked from there.`;
  return lookUp(REASONS, reason);
}

export function adviceFor(error: EventState["last_error"]): string | null {
  if (error === null) return null;
  if (error.ledger_code !== null) return lookUp(LEDGER_CODES, error.ledger_code);
  const isKeyRefused = error.ledger_status === 401 || error.ledger_status === 403;
  return isKeyRefused
    ? "The ledger refuses our key. Put the right LEDGER_ADMIN_KEY; it heals by itself."
    : null;
}

export function outcomeLabel(outcome: string): string {
  return lookUp(OUTCOMES, outcome) ?? outcome;
}

export function triggerLabel(trigger: string): string {
  return lookUp(TRIGGERS, trigger) ?? trigger;
}

/** The key may come from the ledger: "constructor" must not find anything. */
function lookUp(texts: Readonly<Record<string, string>>, key: string): string | null {
  return Object.hasOwn(texts, key) ? (texts[key] ?? null) : null;
}
