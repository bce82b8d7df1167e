/** An event as operators see it: one row of a list, or its whole state. Pure; times become ISO 8601 here. */
import { toHex } from "../bytes.ts";
import { isAuditEvent } from "../event-id.ts";
import type { EventSummary } from "../event-index/event-summary.ts";
import { idempotencyKey } from "../settlement/settlement.ts";
import type { EventState } from "./event-state.ts";
import { type EventRecord, failureAtLedger, isFinal, type LedgerError } from "./record.ts";
import { heldReason, moneyOf, settlementOf } from "./record-money.ts";
import { ledgerErrorOf, snapshotOf } from "./snapshot.ts";

/**
 * Instead of a signing secret: nobody signed this event, Stripe's API listed
 * it over an authenticated connection.
 */
export const LISTED_BY_STRIPE = "stripe_api";
/** Or an operator had it made of a balance transaction, and of the object that Stripe's API shows. */
const MADE_BY_OPERATOR = "operator";

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}

/** The bytes that went, or will go, to the ledger; null while there are none. */
export function payloadOf(record: EventRecord): string | null {
  if (record.state === "forwarded") return record.payload;
  const work = "work" in record ? record.work : null;
  return work?.kind === "frozen" ? work.payload : null;
}

function reasonOf(record: EventRecord): string | null {
  if (record.state === "ignored" || record.state === "resolved") return record.reason;
  if (record.state !== "failed") return null;
  if (record.cause !== "ledger") return heldReason(record);
  const { outcome } = record.error;
  if (outcome === "movement_resolved") return outcome;
  if (record.next_retry_at !== null || outcome === "rejected" || outcome === "unproven")
    return `ledger_${outcome}`;
  return "retry_horizon_reached";
}

function lastErrorOf(record: EventRecord): EventState["last_error"] {
  if (record.state === "failed" && record.cause === "unmappable") {
    const message = `The event cannot become a settlement: ${record.reason}.`;
    return { code: "EVENT_UNMAPPABLE", message, ledger_status: null, ledger_code: null };
  }
  if (record.state === "failed" && record.cause === "currency") {
    const message = `The ledger's accounts do not hold ${settlementOf(record)?.currency}: see LEDGER_CURRENCIES.`;
    return { code: "CURRENCY_NOT_SETTLED", message, ledger_status: null, ledger_code: null };
  }
  const error = ledgerErrorOf(record);
  if (error === null) return null;
  const { ledger_status, ledger_code } = error;
  const code = ERROR_CODES[error.outcome] ?? "LEDGER_INGEST_FAILED";
  return { code, message: explain(error, settlementOf(record)), ledger_status, ledger_code };
}

const ERROR_CODES: Partial<Record<LedgerError["outcome"], string>> = {
  unproven: "LEDGER_EFFECT_UNPROVEN",
  movement_resolved: "MOVEMENT_RESOLVED",
};

function explain(
  { outcome, detail, ledger_status, ledger_code }: LedgerError,
  settlement: EventState["settlement"],
): string {
  const said = `${ledger_status ?? "no status"}${ledger_code === null ? "" : ` ${ledger_code}`}`;
  switch (outcome) {
    case "rejected":
      return `The ledger refused the settlement for good: ${said}.`;
    case "unavailable":
      if (ledger_code !== null && WAITING[ledger_code] !== undefined) return WAITING[ledger_code];
      return `The ledger did not take the settlement now: ${said}.`;
    case "unknown":
      return `The ledger gave no usable answer: ${detail}.`;
    case "unproven":
      return `The ledger answered ${said}, and shows no effect of settlement ${detail}: ${describeMovement(settlement)}. Compare the account's balance, the settlement's latest_event_id and the ledger's events.`;
    case "busy":
      return "Other settlements of this account are before it. Nothing was sent.";
    case "movement_resolved":
      return "An operator closed another event of this movement, as booked by hand. Nothing was sent.";
  }
}

/** What an attempt could not find out yet. */
const WAITING: Readonly<Record<string, string>> = {
  ACCOUNT_NOT_RESOLVED: "The ledger does not hold the payment yet, so nobody knows whose money it is.",
  COUNTERPART_NOT_FOUND: "The ledger does not hold the debit that this money comes back of.",
  STRIPE_API_UNAVAILABLE: "Stripe's API did not say whose money it is, or what a refund is.",
};

function describeMovement(settlement: EventState["settlement"]): string {
  if (settlement === null) return "unknown";
  const { direction, status, external_payment_id, currency, amount_minor, account_id } = settlement;
  return `${direction} ${status} of ${external_payment_id}, ${currency} ${amount_minor} (minor units), account ${account_id ?? "unknown"}`;
}

function waitsFor(record: EventRecord): EventState["waits_for"] {
  if (isFinal(record) || !("work" in record) || record.work.kind === "frozen") return null;
  const { question } = record.work;
  switch (question.kind) {
    case "payin":
    case "account":
      return { what: question.kind, id: question.payment };
    case "debit":
      return { what: "debit", id: question.refund };
    case "category":
      return { what: "category", id: question.transaction };
  }
}

function signedBy({ event_id, secret }: EventRecord): string {
  if (secret !== null) return `index ${secret}`;
  return isAuditEvent(event_id) ? MADE_BY_OPERATOR : LISTED_BY_STRIPE;
}

export function summaryOf(record: EventRecord): EventSummary {
  const money = moneyOf(record);
  return {
    event_id: record.event_id,
    revision: record.revision,
    event_type: record.event_type,
    state: record.state,
    reason: reasonOf(record),
    error_code: lastErrorOf(record)?.code ?? null,
    account_id: money.account_id ?? null,
    payment_id: money.external_payment_id ?? null,
    source_payment_id: money.source_payment_id ?? null,
    amount_minor: money.amount_minor ?? null,
    // Without its amount it would count as none of that currency.
    currency: (money.amount_minor === undefined ? null : money.currency) ?? null,
    attempts: record.attempts,
    received_at: record.received_at,
    updated_at: record.updated_at,
    next_retry_at: failureAtLedger(record)?.next_retry_at ?? null,
  };
}

export function stateOf(
  record: EventRecord,
  alarmAt: number | null,
  payloadSha256: string | null,
): EventState {
  return {
    event_id: record.event_id,
    event_type: record.event_type,
    livemode: record.livemode,
    api_version: record.api_version,
    stripe_account: record.account,
    state: record.state,
    reason: reasonOf(record),
    idempotency_key: idempotencyKey(record.event_id),
    received_at: iso(record.received_at),
    updated_at: iso(record.updated_at),
    deliveries: record.deliveries,
    attempts: record.attempts,
    next_retry_at: isoOrNull(failureAtLedger(record)?.next_retry_at ?? null),
    alarm_at: isoOrNull(alarmAt),
    settlement: settlementOf(record),
    money: settlementOf(record) === null && "money" in record ? record.money : null,
    waits_for: waitsFor(record),
    snapshot: snapshotOf(record),
    last_error: lastErrorOf(record),
    attempt_log: record.log.map(([attempt, trigger, startedAt, duration_ms, outcome, ledger_status]) => ({
      attempt,
      trigger,
      started_at: iso(startedAt),
      duration_ms,
      outcome,
      ledger_status,
    })),
    conflicts: record.conflict && {
      count: record.conflict.count,
      last_at: iso(record.conflict.last_at),
      last_body_sha256: toHex(record.conflict.last_body_sha256),
    },
    operator_actions: record.actions.map((action) => ({ ...action, at: iso(action.at) })),
    evidence: {
      body_sha256: toHex(record.body_sha256),
      payload_sha256: payloadSha256,
      ledger_event_id: record.state === "forwarded" ? record.effect : null,
      signing_secret: signedBy(record),
    },
  };
}
