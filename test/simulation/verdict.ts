/** What must hold when a history is over: every event where it belongs, and visible. */
import { isDeepStrictEqual } from "node:util";
import { type FailedAtLedger, isFinal, isInAttempt } from "../../src/event/record.ts";
import { summaryOf } from "../../src/event/view.ts";
import { thaw } from "../../src/settlement/settlement.ts";
import type { HistoryEvent, StripeHistory } from "../../scripts/proof/histories/history.ts";
import { MINUTE } from "../../scripts/lib/durations.ts";
import type { EventObject } from "./event-object.ts";
import { complaintAbout, obstacleOf } from "./event-verdict.ts";
import { type Evidence, eventsOf, recordedMovements } from "./evidence.ts";
import type { IndexModel } from "./index-model.ts";
import type { Invariants } from "./invariants.ts";
import { checkLedger, checkPayouts } from "./ledger-verdict.ts";
import type { LedgerModel } from "./ledger-model.ts";
import { START, type World } from "./world.ts";

export interface SimulationEvidence extends Evidence {
  readonly world: World;
  readonly invariants: Invariants;
  readonly ledger: LedgerModel;
  readonly index: IndexModel;
  readonly objectOf: (id: string) => EventObject;
}

/**
 * A day after the faults: whatever could heal has healed. Later, when also the horizon has passed: nothing
 * waits. Of the effects that could not be proven, none is repaired yet.
 */
export function checkHealed(evidence: SimulationEvidence, mayWait: boolean): void {
  const { world, invariants, atStripe } = evidence;
  for (const event of atStripe.events.filter(({ isListed }) => isListed)) {
    const record = invariants.observed(event.id).last;
    if (record === null) return world.violate(event.id, "was sent, and is not on record");
    if (isInAttempt(record) && world.time.now > record.attempt.lease_expires_at + MINUTE) {
      world.violate(event.id, `is still ${record.state}`);
    }
    if (record.state !== "failed" || record.cause !== "ledger") continue;
    const { outcome } = record.error;
    const isForGood = outcome === "rejected" || outcome === "unproven" || outcome === "movement_resolved";
    if (record.next_retry_at === null && !isForGood) continue;
    if (record.next_retry_at !== null && !mayWait) world.violate(event.id, "still waits for a retry");
    const obstacle = obstacleAt(evidence, event, record, { afterRepair: false });
    if (obstacle === null) world.violate(event.id, `has not healed: ${JSON.stringify(record.error)}`);
  }
  if (!mayWait) checkMoney(evidence);
}

export function checkEnd(evidence: SimulationEvidence): void {
  for (const event of evidence.atStripe.events) checkEvent(evidence, event);
  checkMoney(evidence);
  checkPayouts(evidence);
}

function checkMoney(evidence: SimulationEvidence): void {
  checkLedger(evidence);
  const { world, ledger, invariants } = evidence;
  for (const movement of recordedMovements(evidence)) {
    world.count("movements booked");
    const wasSent = eventsOf(evidence, movement).some(({ id }) => invariants.observed(id).payload !== null);
    if (!wasSent) world.violate(movement.name, "is in the ledger, and was never sent");
  }
  for (const overlap of ledger.processes.overlaps)
    world.violate("the ledger", `worked at once at ${overlap}`);
}

function checkEvent(evidence: SimulationEvidence, event: HistoryEvent): void {
  const { world, invariants, index, objectOf } = evidence;
  const { id, isListed } = event;
  const record = invariants.observed(id).last;
  if (!isListed) return record === null ? undefined : world.violate(id, "is on record, and a stranger's");
  if (record === null) return world.violate(id, "was sent, and is not on record");
  world.count(`end: ${record.state === "failed" ? `failed, ${record.cause}` : record.state}`);
  if (record.state === "ignored") world.count(`ignored: ${record.reason.replace(/:.*/, "")}`);
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
  const complaint = complaintAbout(evidence, event, record, (failed) =>
    obstacleAt(evidence, event, failed, { afterRepair: true }),
  );
  if (complaint !== null) world.violate(id, complaint);
}

/**
 * Why this is rightly not in the ledger; null if it is not. A fault excuses no longer once operators have
 * repaired the ledger and tried again.
 */
function obstacleAt(
  evidence: SimulationEvidence,
  event: HistoryEvent,
  record: FailedAtLedger,
  { afterRepair }: { readonly afterRepair: boolean },
): string | null {
  switch (record.error.ledger_code) {
    case "INVALID_STATUS_TRANSITION":
      return !afterRepair && event.mayBeOvertaken ? "a later event came first" : null;
    case "EFFECT_UNPROVEN":
      if (event.mayBeOvertaken) return "a later event came before its effect was proven";
      return !afterRepair && isEffectMissing(evidence, record) ? "the ledger does not show its effect" : null;
    case "SETTLEMENT_REJECTED":
      return !afterRepair && evidence.ledger.wronglyRejected.has(event.id) ? "refused by a fault" : null;
    default:
      return obstacleOf(evidence, event, record);
  }
}

/** No event, whether or not the balance was changed. Or repaired since, but the event was not retried yet. */
function isEffectMissing({ ledger }: SimulationEvidence, { work }: FailedAtLedger): boolean {
  if (work.kind !== "frozen") return false;
  const { external_payment_id, direction } = thaw(work.payload);
  if (ledger.repaired.has(external_payment_id)) return true;
  return ledger.store.findSettlement({ external_payment_id, direction })?.latest_event_id === undefined;
}

export function neverReceived({ atStripe, invariants }: SimulationEvidence): readonly HistoryEvent[] {
  return atStripe.events.filter(({ id, isListed }) => isListed && invariants.observed(id).last === null);
}

export function lastEventAt({ events }: StripeHistory): number {
  return Math.max(START, ...events.map(({ at }) => at));
}
