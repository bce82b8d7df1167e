/** What must hold when a history is over: every event where it belongs, and visible. */
import { isDeepStrictEqual } from "node:util";
import { type EventRecord, type FailedAtLedger, isFinal, isInAttempt } from "../../src/event/record.ts";
import { summaryOf } from "../../src/event/view.ts";
import { thaw } from "../../src/settlement/settlement.ts";
import type { HistoryEvent, StripeHistory } from "../../scripts/proof/histories/history.ts";
import { FOREIGN_CURRENCY } from "../../scripts/proof/histories/stripe-history.ts";
import { MINUTE } from "../../scripts/lib/durations.ts";
import { bookedMovements, type Evidence, recordedMovements } from "./evidence.ts";
import { checkLedger, checkPayouts } from "./ledger-verdict.ts";
import { START } from "./world.ts";

/**
 * A day after the faults: whatever could heal has healed. Later, when also the horizon has passed: nothing waits. Of
 * the effects that could not be proven, none is repaired yet.
 */
export function checkHealed(evidence: Evidence, mayWait: boolean): void {
  const { world, invariants, atStripe } = evidence;
  for (const event of atStripe.events) {
    const record = invariants.observed(event.id).last;
    if (record === null) return world.violate(event.id, "was sent, and is not on record");
    if (isInAttempt(record) && world.time.now > record.attempt.lease_expires_at + MINUTE) {
      world.violate(event.id, `is still ${record.state}`);
    }
    if (record.state !== "failed" || record.cause !== "ledger") continue;
    const { outcome } = record.error;
    if (record.next_retry_at === null && outcome !== "rejected" && outcome !== "unproven") continue;
    if (record.next_retry_at !== null && !mayWait) world.violate(event.id, "still waits for a retry");
    const obstacle = obstacleOf(evidence, event, record, { afterRepair: false });
    if (obstacle === null) world.violate(event.id, `has not healed: ${JSON.stringify(record.error)}`);
  }
  if (!mayWait) checkLedger(evidence);
}

export function checkEnd(evidence: Evidence): void {
  for (const event of evidence.atStripe.events) checkEvent(evidence, event);
  checkLedger(evidence);
  checkPayouts(evidence);
}

function checkEvent(evidence: Evidence, event: HistoryEvent): void {
  const { world, invariants, index, objectOf } = evidence;
  const { id } = event;
  const record = invariants.observed(id).last;
  if (record === null) return world.violate(id, "was sent, and is not on record");
  world.count(`end: ${record.state === "failed" ? `failed, ${record.cause}` : record.state}`);
  if (!isDeepStrictEqual(index.rows.get(id), summaryOf(record))) {
    const row = index.rows.get(id);
    world.violate(
      id,
      `is ${record.state} r${record.revision}, and listed as ${row?.state} r${row?.revision}`,
    );
  }
  const { storage, isAtRest } = objectOf(id);
  if (!isAtRest) world.violate(id, "does not rest");
  const isPurged = storage.durable.record === null;
  if (isFinal(record) !== isPurged)
    world.violate(id, `is ${record.state} and ${isPurged ? "" : "not "}purged`);
  if (isPurged && storage.durable.alarm !== null) world.violate(id, "is purged, and its alarm stands");
  const complaint = complaintAbout(evidence, event, record);
  if (complaint !== null) world.violate(id, complaint);
}

function complaintAbout(evidence: Evidence, event: HistoryEvent, record: EventRecord): string | null {
  const { expected } = event;
  if (record.state === "ignored") return expected === "ignored" ? null : `ignored, but it is ${expected}`;
  if (expected === "ignored") return `is ${record.state}, but it moves no money`;
  if (record.state === "resolved") {
    const isResolved = evidence.invariants.observed(event.id).operatorActs.has("resolve");
    return isResolved ? null : "was resolved by nobody";
  }
  if (record.state === "failed" && record.cause === "unmappable") {
    return expected === "unmappable" ? null : `is unmappable: ${record.reason}`;
  }
  if (expected === "unmappable") return `is ${record.state}, but nobody can map it`;
  const isForeign = event.body.data.object["currency"] === FOREIGN_CURRENCY;
  if (record.state === "failed" && record.cause === "currency") {
    return isForeign ? null : "is held for its currency, which the ledger holds";
  }
  if (isForeign) return `is ${record.state}, but no account holds its currency`;
  if (record.state === "forwarded") return null;
  if (record.state !== "failed") return `ends as ${record.state}`;
  return obstacleOf(evidence, event, record, { afterRepair: true }) === null
    ? `failed without a reason: ${JSON.stringify(record.error)}`
    : null;
}

/**
 * Why this is rightly not in the ledger; null if it is not. A fault excuses no longer once operators have repaired the
 * ledger and tried again.
 */
function obstacleOf(
  evidence: Evidence,
  event: HistoryEvent,
  record: FailedAtLedger,
  { afterRepair }: { readonly afterRepair: boolean },
): string | null {
  const { movement } = event;
  switch (record.error.ledger_code) {
    case "NOT_FOUND":
      return isOpen(evidence, event) ? null : "the account is not open";
    case "ACCOUNT_NOT_RESOLVED":
      return movement?.payment && !recordedMovements(evidence).has(movement.payment)
        ? "its payment is unknown"
        : null;
    case "INSUFFICIENT_FUNDS":
      return isMoneyMissing(evidence, event) ? "the money it takes has not arrived" : null;
    case "INVALID_STATUS_TRANSITION":
      return event.mayBeOvertaken ? "a later event came first" : null;
    case "EFFECT_UNPROVEN":
      if (event.mayBeOvertaken) return "a later event came before its effect was proven";
      return !afterRepair && isEffectMissing(evidence, record) ? "the ledger does not show its effect" : null;
    case "SETTLEMENT_REJECTED":
      return !afterRepair && evidence.ledger.wronglyRejected.has(event.id) ? "refused by a fault" : null;
    default:
      return null;
  }
}

function isMoneyMissing(evidence: Evidence, { movement }: HistoryEvent): boolean {
  const booked = bookedMovements(evidence);
  return evidence.atStripe.movements.some(
    (other) => other.account === movement?.account && other.delta > 0n && !booked.has(other),
  );
}

/** No event, whether or not the balance was changed. Or repaired since, but the event was not retried yet. */
function isEffectMissing({ ledger }: Evidence, { work }: FailedAtLedger): boolean {
  if (work.kind !== "frozen") return false;
  const { external_payment_id, direction } = thaw(work.payload);
  if (ledger.repaired.has(external_payment_id)) return true;
  return ledger.store.findSettlement({ external_payment_id, direction })?.latest_event_id === undefined;
}

function isOpen({ atStripe, ledger }: Evidence, event: HistoryEvent): boolean {
  const { account_id } = (event.body.data.object["metadata"] ?? {}) as { account_id?: string };
  const id = account_id ?? event.movement?.account;
  if (id === undefined || id === null) return false;
  return atStripe.accounts.get(id) !== null && ledger.store.findAccount(id) !== undefined;
}

export function neverReceived({ atStripe, invariants }: Evidence): readonly HistoryEvent[] {
  return atStripe.events.filter(({ id }) => invariants.observed(id).last === null);
}

export function lastEventAt({ events }: StripeHistory): number {
  return Math.max(START, ...events.map(({ at }) => at));
}
