/**
 * What must hold when a history is over: every event where it belongs and visible, and the ledger's books equal to
 * what the story says, movement by movement.
 */
import { isDeepStrictEqual } from "node:util";
import { type EventRecord, type FailedAtLedger, isFinal, isInAttempt } from "../../src/event/record.ts";
import { summaryOf } from "../../src/event/view.ts";
import { checkBooks, type Court, knownMovements } from "./books.ts";
import type { Story, ToldEvent } from "../../scripts/proof/histories/history.ts";
import { MINUTE } from "../../scripts/lib/durations.ts";
import { START } from "./world.ts";

/**
 * A day after the storm: whatever could heal has healed. Later, when also the horizon has passed: nothing waits.
 */
export function checkHealed(court: Court, mayWait: boolean): void {
  for (const event of court.story.events) {
    const record = court.watch.shown(event.id).last;
    if (record === null) return court.world.violate(event.id, "was told, and is not on record");
    if (isInAttempt(record) && court.world.time.now > record.attempt.lease_expires_at + MINUTE) {
      court.world.violate(event.id, `is still ${record.state}`);
    }
    if (record.state !== "failed" || record.cause !== "ledger") continue;
    if (record.next_retry_at === null && record.error.outcome !== "rejected") continue;
    if (record.next_retry_at !== null && !mayWait) court.world.violate(event.id, "still waits for a retry");
    const obstacle = obstacleOf(court, event, record, true);
    if (obstacle === null) court.world.violate(event.id, `has not healed: ${JSON.stringify(record.error)}`);
  }
}

export function checkEnd(court: Court): void {
  for (const event of court.story.events) checkEvent(court, event);
  checkBooks(court);
}

function checkEvent(court: Court, event: ToldEvent): void {
  const { world, watch, index, objectOf } = court;
  const { id } = event;
  const shown = watch.shown(id);
  const record = shown.last;
  if (record === null) return world.violate(id, "was told, and is not on record");
  world.count(`end: ${record.state}`);
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
  const complaint = complaintAbout(court, event, record);
  if (complaint !== null) world.violate(id, complaint);
}

function complaintAbout(court: Court, event: ToldEvent, record: EventRecord): string | null {
  const { expected } = event;
  if (record.state === "ignored") return expected === "ignored" ? null : `ignored, but it is ${expected}`;
  if (expected === "ignored") return `is ${record.state}, but it moves no money`;
  if (record.state === "resolved") {
    return court.watch.shown(event.id).operatorActs.has("resolve") ? null : "was resolved by nobody";
  }
  if (record.state === "failed" && record.cause === "unmappable") {
    return expected === "unmappable" ? null : `is unmappable: ${record.reason}`;
  }
  if (expected === "unmappable") return `is ${record.state}, but nobody can map it`;
  if (record.state === "forwarded") return null;
  if (record.state !== "failed") return `ends as ${record.state}`;
  return obstacleOf(court, event, record, false) === null
    ? `failed without a reason: ${JSON.stringify(record.error)}`
    : null;
}

/** Why this is rightly not in the ledger; null if it is not. A fault excuses no longer once operators have tried again. */
function obstacleOf(
  court: Court,
  event: ToldEvent,
  record: FailedAtLedger,
  faultsExcuse: boolean,
): string | null {
  const { movement } = event;
  const account = movement?.account ?? null;
  switch (record.error.ledger_code) {
    case "NOT_FOUND":
      return isOpen(court, event) ? null : "the account is not open";
    case "ACCOUNT_NOT_RESOLVED":
      return movement?.payment && !knownMovements(court).has(movement.payment)
        ? "its payment is unknown"
        : null;
    case "INSUFFICIENT_FUNDS":
      return court.story.movements.some(
        (other) =>
          other.account === account &&
          other.currency === movement?.currency &&
          other.delta > 0n &&
          !knownMovements(court).has(other),
      )
        ? "the money it takes has not arrived"
        : null;
    case "INVALID_STATUS_TRANSITION":
      return event.mayBeOvertaken ? "a later event came first" : null;
    case "SETTLEMENT_REJECTED":
      return faultsExcuse && wasWronglyRejected(court, event) ? "refused by a fault" : null;
    default:
      return null;
  }
}

function wasWronglyRejected({ ledger }: Court, { id }: ToldEvent): boolean {
  return ledger.wronglyRejected.has(`stripe:event:${id}`) || ledger.wronglyRejected.has(`lookup of ${id}`);
}

function isOpen({ story, ledger }: Court, event: ToldEvent): boolean {
  const { account_id } = (event.body.data.object["metadata"] ?? {}) as { account_id?: string };
  const id = account_id ?? event.movement?.account;
  return id !== undefined && id !== null && story.accounts.get(id) !== null && ledger.store.accounts.has(id);
}

export function untold({ story, watch }: Court): readonly ToldEvent[] {
  return story.events.filter(({ id }) => watch.shown(id).last === null);
}

export function lastToldAt({ events }: Story): number {
  return Math.max(START, ...events.map(({ at }) => at));
}
