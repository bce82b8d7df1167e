/**
 * The states of an event, and the one function that moves between them.
 *
 *   (new) ──▶ received ──▶ forwarding ──accepted──▶ forwarded   (final)
 *     │          ▲            ▲     │ rejected / unavailable / unknown
 *     │          │ questions  │     ▼
 *     │          └────────────┴── failed ──operator──▶ resolved   (final)
 *     └──▶ ignored (until a delivery of it means money)
 *
 * Pure: no I/O, no clock, no randomness. Each verb has its file in `transitions/`.
 *
 * States one can wake in after a crash, and the right act for each:
 * - received, forwarding: the attempt's outcome is unknown. The next attempt sends the same key and bytes.
 * - failed with a retry: due → attempt; not due → the index row may be missing: publish, then wait.
 * - failed for good, or final: the index row may be missing: publish, then wait for an operator or the purge.
 */
import { keptUntil } from "./kept-until.ts";
import { type EventRecord, failureAtLedger } from "./record.ts";
import type { Context, Input, Policy, Step } from "./machine-types.ts";
import { onAnswer } from "./transitions/answer.ts";
import { onOutcome } from "./transitions/outcome.ts";
import { onDelivery } from "./transitions/delivery.ts";
import {
  onOperatorAssign,
  onOperatorReopen,
  onOperatorResolve,
  onOperatorRetry,
} from "./transitions/operator.ts";
import { onAlarm, onPoke } from "./transitions/alarm-and-poke.ts";

export function transition(record: EventRecord | null, input: Input, context: Context): Step {
  switch (input.kind) {
    case "delivery":
      return onDelivery(record, input.delivery, context);
    case "alarm":
      return onAlarm(record, context);
    case "poke":
      return onPoke(record, context);
    case "answer":
      return onAnswer(record, input.attempt, input.answer, context);
    case "outcome":
      return onOutcome(record, input.attempt, input.outcome, context);
    case "operator_retry":
      return onOperatorRetry(record, input.retry, context);
    case "operator_assign":
      return onOperatorAssign(record, input.assignment, context);
    case "operator_resolve":
      return onOperatorResolve(record, input.actor, input.note, context);
    case "operator_reopen":
      return onOperatorReopen(record, input.actor, input.note, context);
  }
}

/** When the record wants to be woken next; null: only an operator moves it. */
export function wakeAt(record: EventRecord, policy: Policy): number | null {
  switch (record.state) {
    case "received":
    case "forwarding":
      return record.attempt.lease_expires_at;
    case "failed":
      return failureAtLedger(record)?.next_retry_at ?? null;
    case "forwarded":
    case "resolved":
    case "ignored":
      return keptUntil(record, policy);
  }
}
