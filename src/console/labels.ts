/**
 * What a reason or a code means to the person who reads it, and what to do about it. The runbook says the
 * same at length. Pure.
 */
import type { EventState } from "../event/event-state.ts";
import type { AttemptLogEntry, Trigger } from "../event/record.ts";
import type { IgnoredReason, UnmappableReason } from "../settlement/reasons.ts";

type MappingReason = Exclude<IgnoredReason, `covered_by:${string}`> | UnmappableReason;

/** A reason of the mapping without a text does not compile. */
const MAPPING_REASONS: Readonly<Record<MappingReason, string>> = {
  not_a_settlement_event: "Events of this type move no money for the ledger.",
  attempt_not_final: "An attempt to pay failed. The payment can still succeed, and is booked then.",
  canceled_without_account: "The payment was given up before an account was attached to it.",
  charge_not_captured: "The charge is authorized only, or was not paid. Its capture is an event of its own.",
  reported_by_its_payments: "Whatever was paid for it, each payment has an event of its own.",
  transfer_between_balances: "Money between two Stripe balances. No ledger account has a part in it.",
  refund_not_moved: "Nothing has left the balance for this refund, so there is nothing to book.",
  authorization_released:
    "A payment that was never captured, or the rest of one, was given up. Stripe calls that a refund, but nobody had paid it.",
  dispute_moved_nothing: "The dispute has taken no money.",
  zero_amount: "Nothing moved.",
  automatic_payout: "Stripe's own schedule pays out the platform's balance, which belongs to no account.",
  payout_overtaken:
    "The payout came back, and the ledger has that already. This event was sent before that happened.",
  account_missing:
    "Nobody knows whose money this is: neither the payment nor anything around it at Stripe names a ledger account. Find out whose it is, and assign the account.",
  object_id_missing: "Stripe's object has no id, so the movement has no name in the ledger.",
  amount_missing: "The field that carries the amount is absent.",
  amount_not_a_number: "The amount is not a number.",
  amount_not_an_integer: "The amount is a fraction of a minor unit.",
  amount_negative: "The amount is below zero.",
  amount_too_large: "The amount is larger than a JSON number can hold exactly.",
  currency_missing: "There is no currency.",
  currency_unknown: "The currency is no code that money is paid in.",
  capture_unknown:
    "The charge does not say whether it is captured and paid. See what Stripe's dashboard says of it.",
  status_unknown:
    "The refund has a status that this version does not know. See what Stripe's dashboard says of it.",
  endpoint_version_too_old:
    "The endpoint in Stripe has an API version before 2024-10-28, at which refunds may have no events of their own. Replace the endpoint (npm run stripe:endpoint); book this refund by hand and resolve.",
  refund_without_payment:
    "The refund belongs to no payment: it was paid out of a customer's cash balance. Book it by hand and resolve.",
  partial_capture_or_refund:
    "The amount is exactly what was not captured of the payment, and Stripe's API could not be asked whether this is a refund or that rest. See the balance transaction in Stripe's dashboard. With STRIPE_API_KEY set, a retry finds out.",
  dispute_transaction_missing:
    "The dispute's balance transactions cannot be read, or lack the one that this event is about. See the dispute in Stripe's dashboard.",
  amount_in_other_currency:
    "A part of the dispute moved in the currency of the Stripe balance. How much that is in the payment's currency, nobody says. Book it by hand and resolve.",
  debit_differs:
    "More comes back than the ledger was debited, or in another currency. Compare the two in the ledger before anything is booked.",
};

const REASONS: Readonly<Record<string, string>> = {
  ...MAPPING_REASONS,
  ledger_unavailable: "The settlement could not be made now. It is tried again by itself.",
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
  movement_resolved:
    "An operator closed another event of the same movement of money, as booked by hand. So this one was not sent. Compare the two: if this money is in the ledger, resolve this one too.",
};

const LEDGER_CODES: Readonly<Record<string, string>> = {
  NOT_FOUND: "The account does not exist in the ledger. Create it, or wait for whoever does; then retry.",
  ACCOUNT_NOT_RESOLVED:
    "The ledger does not have the payment that this belongs to. Find the payment's event here, or resend it from Stripe; once that is settled, this one is too.",
  COUNTERPART_NOT_FOUND:
    "The money comes back of a debit that the ledger does not have yet. Find the event of that debit and have it settled; once it is, this one is too. If the debit was booked by hand, book this by hand and resolve.",
  STRIPE_API_UNAVAILABLE:
    "Stripe's API did not answer, or refused the key. See GET /health for what the key may read; it heals by itself once Stripe answers.",
  INSUFFICIENT_FUNDS:
    "The account has less than the amount to debit. It settles by itself once money comes in. To give up, resolve it.",
  DUPLICATE_CONFLICT:
    "The ledger holds this payment with another account, amount or currency. Compare both, correct the ledger by hand, then resolve.",
  INVALID_STATUS_TRANSITION:
    "The ledger is further on than this event. If its status there is right, resolve the event.",
  IDEMPOTENCY_KEY_REUSED:
    "The ledger saw other bytes under this key. Compare the payload's digest below with the ledger's log before anything else.",
};

/** What an event waits for before anything is sent. */
const WAITS: Readonly<Record<NonNullable<EventState["waits_for"]>["what"], string>> = {
  payin: "the payment, in the ledger",
  debit: "the debit that this undoes, in the ledger",
  account: "Stripe's API, for whose payment it is",
  category: "Stripe's API, for what the refund is",
};

const OUTCOMES: Readonly<Record<AttemptLogEntry[4], string>> = {
  accepted: "The ledger accepted",
  rejected: "The ledger refused for good",
  unavailable: "The ledger did not take it",
  unknown: "No usable answer",
  unproven: "The ledger shows no effect",
  ignored: "There was nothing to settle",
  unmappable: "It could not be settled",
};

const TRIGGERS: Readonly<Record<Trigger, string>> = {
  delivery: "after a delivery",
  alarm: "by its own alarm",
  operator: "asked for by an operator",
  watchdog: "by the watchdog",
  backfill: "by the reconciler",
  audit: "made of Stripe's money by an operator",
};

export function describeReason(reason: string | null): string | null {
  if (reason === null) return null;
  const [, type] = /^covered_by:(.+)$/.exec(reason) ?? [];
  if (type !== undefined) return `An event of type ${type} reports the same money, and is booked.`;
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

export function waitLabel({ what }: NonNullable<EventState["waits_for"]>): string {
  return WAITS[what];
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
