/** What must hold from one durable record of an event to the next. */
import { type EventRecord, isFinal, isInAttempt } from "../../src/event/record.ts";
import { payloadOf } from "../../src/event/view.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../scripts/lib/durations.ts";
import type { Observed } from "./invariants.ts";
import { POLICY, type World } from "./world.ts";

/** A `Retry-After` may ask for this much, and half a delay is added to it. */
const LONGEST_RETRY_MS = DAY + HOUR;
/** Before an effect counts as missing for good. By the clocks of several instances, so a second less. */
const UNPROVEN_FOR_MS = MINUTE - SECOND;
const UNPROVEN_READS = 3;

/** An operator's to move, and nobody else's. */
export function isGivenUp(record: EventRecord): boolean {
  return record.state === "failed" && record.cause === "ledger" && record.next_retry_at === null;
}

export function checkStep(
  before: EventRecord,
  after: EventRecord,
  { unproven }: Pick<Observed, "unproven">,
  world: World,
): void {
  const { event_id: id } = after;
  // What is ignored is asked about again when Stripe sends it again, where its reason is an answer.
  const asksAgain = before.state === "ignored" && isInAttempt(after);
  if (isFinal(before) && before.state !== after.state && !asksAgain) {
    world.violate(id, `goes from ${before.state} to ${after.state}`);
  }
  if (isGivenUp(before) && isInAttempt(after) && after.attempt.trigger !== "operator") {
    world.violate(id, `is tried again by ${after.attempt.trigger} after it failed for good`);
  }
  const uncounted = after.state === "failed" && after.cause === "ledger" && after.error.outcome === "busy";
  if (after.revision < before.revision || after.attempts < before.attempts - (uncounted ? 1 : 0)) {
    world.violate(id, "counts backwards");
  }
  if (after.state !== before.state && after.revision === before.revision) {
    world.violate(id, `goes to ${after.state} without a new revision`);
  }
  const payload = payloadOf(before);
  const isDropped =
    after.state === "resolved" || (after.state === "ignored" && after.reason === "payout_overtaken");
  if (payload !== null && !isDropped && payloadOf(after) !== payload) {
    world.violate(id, "keeps other bytes than before");
  }
  if (after.state !== "failed" || after.cause !== "ledger" || before.state === "failed") return;
  const { next_retry_at, received_at, updated_at, error, actions } = after;
  const lastRetry = actions.findLast(({ action }) => action !== "resolve");
  const horizon = Math.max(received_at, lastRetry?.at ?? 0) + POLICY.retryHorizonMs;
  const latest = {
    unproven: updated_at + UNPROVEN_FOR_MS,
    // It has not had its attempt, so the horizon does not end it.
    busy: updated_at + POLICY.retryMaxMs,
  };
  const limit = latest[error.outcome as keyof typeof latest] ?? horizon;
  if (next_retry_at !== null && next_retry_at > Math.min(updated_at + LONGEST_RETRY_MS, limit)) {
    world.violate(id, `waits ${next_retry_at - updated_at} ms for the next attempt`);
  }
  const gaveNoTime = error.ledger_status !== 429;
  if (next_retry_at !== null && gaveNoTime && next_retry_at > updated_at + POLICY.retryMaxMs) {
    world.violate(id, `waits ${next_retry_at - updated_at} ms for the next attempt`);
  }
  if (next_retry_at !== null || error.outcome === "rejected" || error.outcome === "movement_resolved") return;
  if (error.outcome === "unproven") {
    const forMs = world.time.now - unproven.since;
    if (unproven.count < UNPROVEN_READS || forMs < UNPROVEN_FOR_MS) {
      world.violate(id, `takes an effect for missing after ${unproven.count} answers in ${forMs} ms`);
    }
  } else if (updated_at < horizon) {
    world.violate(id, "gives up before the horizon");
  }
}
