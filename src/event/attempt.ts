/** One attempt between its steps: what it must find out first, then the turn at the ledger. */
import { LANE_WAIT_MAX_MS } from "../ledger/lane.ts";
import { ask } from "./ask.ts";
import { idempotencyKey, thaw } from "../settlement/settlement.ts";
import type { Input } from "./machine-types.ts";
import type { Ports } from "./ports.ts";
import { type EventRecord, failureAtLedger, isFinal } from "./record.ts";

export interface AttemptPorts extends Pick<Ports, "ledger" | "stripe" | "now" | "log"> {
  /**
   * The end of a lease that belongs to the turn itself: one that begins before it is over when the lease is.
   */
  readonly leaseTailMs: number;
  /** One step of the machine; the record after it. */
  readonly step: (input: Extract<Input, { kind: "answer" | "outcome" }>) => EventRecord;
}

export async function runAttempt(
  begun: EventRecord,
  requestId: string | null,
  { ledger, stripe, now, log, leaseTailMs, step }: AttemptPorts,
): Promise<EventRecord> {
  const attempt = begun.attempts;
  const startedAt = now();
  let record = begun;
  while (record.state === "received" && record.attempts === attempt) {
    const answer = await ask(record.work.question, { ledger, stripe });
    record = step({ kind: "answer", attempt, answer });
  }
  if (record.state === "forwarding") {
    const { payload, unproven } = record.work;
    const outcome = await ledger.settle(thaw(payload), {
      payload,
      idempotency_key: idempotencyKey(record.event_id),
      read_back: unproven !== undefined,
      wait_ms: Math.min(LANE_WAIT_MAX_MS, Math.max(0, record.attempt.lease_expires_at - leaseTailMs - now())),
    });
    record = step({ kind: "outcome", attempt, outcome });
  }
  log(isFinal(record) ? "info" : "warn", {
    ...lineOf(record),
    duration_ms: now() - startedAt,
    request_id: requestId,
  });
  return record;
}

function lineOf(record: EventRecord) {
  const failure = failureAtLedger(record);
  if (failure?.error.outcome === "busy") {
    const { event_id, busy, next_retry_at } = failure;
    return { msg: "lane_busy", event_id, times: busy, next_retry_at };
  }
  const [attempt, trigger, , , outcome, ledger_status] = record.log.at(-1) ?? [];
  return {
    msg: "attempt",
    event_id: record.event_id,
    event_type: record.event_type,
    state: record.state,
    attempt: attempt ?? null,
    trigger: trigger ?? null,
    outcome: outcome ?? null,
    ledger_status: ledger_status ?? null,
    next_retry_at: failure?.next_retry_at ?? null,
  };
}
