/**
 * The reply to a delivery, made from the record alone: so a replay a month later gets the same words.
 *
 * Pure. The shapes are the wire contract's; `deduped` is the only field that
 * differs between replies to one event.
 */
import { idempotencyKey } from "../settlement/settlement.ts";
import type { Snapshot } from "./delivery-answer.ts";
import {
  CURRENCY_NOT_SETTLED,
  type EventRecord,
  type Failed,
  failureAtLedger,
  type LedgerError,
} from "./record.ts";

type Common = Pick<Snapshot, "ok" | "event_id" | "event_type">;

export interface LedgerIngestFailed {
  readonly kind: "ledger_ingest_failed";
  readonly event_id: string;
  readonly attempts: number;
  readonly ledger_status: number | null;
  readonly ledger_code: string | null;
  /** Epoch milliseconds: the time of the alarm. */
  readonly next_retry_at: number | null;
}

export type DeliveryReply =
  | { readonly kind: "ok"; readonly deduped: boolean; readonly snapshot: Snapshot }
  | LedgerIngestFailed
  | { readonly kind: "event_conflict"; readonly event_id: string; readonly state: EventRecord["state"] };

/** Null while there is nothing final to say: during an attempt, or after the ledger refused. */
export function snapshotOf(record: EventRecord): Snapshot | null {
  const common = { ok: true, event_id: record.event_id, event_type: record.event_type } as const;
  const idempotency_key = idempotencyKey(record.event_id);
  switch (record.state) {
    case "forwarded": {
      const { status: ledger_status, settlement_id } = record;
      return {
        ...common,
        state: "forwarded",
        idempotency_key,
        forwarded_to_ledger: true,
        ledger_status,
        settlement_id,
      };
    }
    case "ignored":
      return {
        ...common,
        state: "ignored",
        reason: record.reason,
        idempotency_key,
        forwarded_to_ledger: false,
      };
    case "resolved":
      return { ...common, state: "resolved", idempotency_key, forwarded_to_ledger: false };
    case "failed":
      return heldSnapshot(common, record);
    case "received":
    case "forwarding":
      return null;
  }
}

/** What Stripe is told of a record that is at rest. */
export function replyTo(record: EventRecord, deduped: boolean): DeliveryReply {
  const snapshot = snapshotOf(record);
  if (snapshot !== null) return { kind: "ok", deduped, snapshot };
  const failure = failureAtLedger(record);
  return {
    kind: "ledger_ingest_failed",
    event_id: record.event_id,
    attempts: record.attempts,
    ledger_status: failure?.error.ledger_status ?? null,
    ledger_code: failure?.error.ledger_code ?? null,
    next_retry_at: failure?.next_retry_at ?? null,
  };
}

export function ledgerErrorOf(record: EventRecord): LedgerError | null {
  return record.state === "resolved" ? record.error : (failureAtLedger(record)?.error ?? null);
}

/** Nothing was sent, and a redelivery could not heal it: so Stripe gets a 200. */
function heldSnapshot(common: Common, record: Failed): Snapshot | null {
  const held = { ...common, state: "failed", forwarded_to_ledger: false } as const;
  switch (record.cause) {
    case "unmappable":
      return { ...held, error_code: "EVENT_UNMAPPABLE", reason: record.reason };
    case "currency":
      return { ...held, error_code: "CURRENCY_NOT_SETTLED", reason: CURRENCY_NOT_SETTLED };
    case "ledger":
      return null;
  }
}

/** What is asked about again at a redelivery may come to the same end, perhaps after attempts that failed. */
export function endedSoBefore({ log }: EventRecord): boolean {
  const outcomes = log.map(([, , , , outcome]) => outcome);
  const last = outcomes.pop();
  return (last === "ignored" || last === "unmappable") && outcomes.includes(last);
}
