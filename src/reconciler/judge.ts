/** What one listed event means, given what clawsettle and the ledger say about it. Pure. */
import { LISTED_BY_STRIPE } from "../event/view.ts";
import { type Mapping, movesMoney } from "../settlement/mapping.ts";
import type { KnownSettlement } from "../settlement/settlement.ts";
import { againstLedger, againstStripe, isStatusInOrder, moneyOf } from "./compare.ts";
import type { Act, Evidence, Inspection, KnownEvent, Listed, Lookup } from "./evidence.ts";
import type { Amount, Difference, Finding, Kind, Side } from "./findings.ts";
import { type Bounds, isBookedOtherwise, isExpired } from "./window.ts";

/** What to do about it; null: nothing. A dry run does not ask this. */
export function actFor(
  { created, mapping }: Listed,
  inspection: Inspection,
  bounds: Bounds,
  now: number,
): Act | null {
  switch (inspection.kind) {
    case "unreachable":
      return null;
    case "unknown":
      return isExpired(created, bounds) ? null : "deliver";
    case "known":
      if (isOverdue(inspection.event, now)) return "poke";
      if (meansMoneyNow(inspection.event, mapping) && !isBookedOtherwise(created, bounds)) return "redeliver";
      return isInAttempt(inspection.event) ? "wait" : null;
  }
}

/**
 * Ignored or unmappable to an earlier version of the mapping. What an attempt
 * found out since is no matter of versions.
 */
function meansMoneyNow(event: KnownEvent, mapping: Mapping): boolean {
  if (!movesMoney(mapping) || event.attempts > 0) return false;
  return event.state === "ignored" || isUnmappable(event);
}

function isUnmappable({ state, last_error }: KnownEvent): boolean {
  return state === "failed" && last_error?.code === "EVENT_UNMAPPABLE";
}

/** Nothing was sent, for what the attempt found out says so: the event alone could not tell. */
function wasAskedFor({ state, attempts }: KnownEvent): boolean {
  return state === "ignored" && attempts > 0;
}

function isInAttempt({ state }: KnownEvent): boolean {
  return state === "received" || state === "forwarding";
}

/** A retry that is due, or an attempt whose lease is over: something should have moved it by now. */
function isOverdue(event: KnownEvent, now: number): boolean {
  const { state, next_retry_at, alarm_at } = event;
  if (state === "failed") return next_retry_at !== null && Date.parse(next_retry_at) <= now;
  return isInAttempt(event) && (alarm_at === null || Date.parse(alarm_at) <= now);
}

export function judge(evidence: Evidence): Finding {
  const { listed, inspection, bounds } = evidence;
  const money = moneyOf(listed.mapping);
  const stripe = money === null ? [] : [amount("stripe", money)];
  if (inspection.kind === "unreachable")
    return { differences: [difference(listed, "unreachable")], amounts: stripe };
  if (inspection.kind === "unknown") {
    const kind = isExpired(listed.created, bounds) ? "expired" : "missing";
    const reason = evidence.act === "deliver" ? "not_delivered" : null;
    return { differences: [difference(listed, kind, { reason })], amounts: stripe };
  }
  const { event } = inspection;
  const ours = event.state === "forwarded" && event.settlement !== null ? event.settlement : null;
  return {
    differences: [
      ...effectOfAct(evidence, event),
      ...byState(listed, event),
      ...contradictions(listed, event, money),
      ...(ours === null ? [] : inLedger(evidence, ours)),
    ],
    amounts: [
      ...(wasAskedFor(event) ? [] : stripe),
      ...(ours === null ? [] : [amount("clawsettle", ours)]),
      ...(ours === null ? [] : ledgerAmount(evidence, ours)),
    ],
  };
}

/** A webhook that arrives at the same time may be the one that delivers: the record shows which it was. */
function effectOfAct({ listed, act }: Evidence, { state, evidence }: KnownEvent): Difference[] {
  if (act === "deliver" && evidence.signing_secret === LISTED_BY_STRIPE)
    return [difference(listed, "backfilled")];
  return (act === "poke" || act === "redeliver") && state === "forwarded"
    ? [difference(listed, "healed")]
    : [];
}

function byState(listed: Listed, event: KnownEvent): Difference[] {
  const of = (kind: Kind) => [difference(listed, kind, { reason: event.reason })];
  switch (event.state) {
    case "forwarded":
      return [];
    case "ignored":
    case "resolved":
      return of(event.state);
    case "received":
    case "forwarding":
      return of("open");
    case "failed":
      if (isUnmappable(event)) return of("unmappable");
      return of(event.next_retry_at === null ? "failed" : "open");
  }
}

/**
 * Two amounts that differ, or money on one side alone. What could not be mapped,
 * then or now, says nothing about money.
 */
function contradictions(listed: Listed, event: KnownEvent, money: KnownSettlement | null): Difference[] {
  const { state, settlement } = event;
  if (settlement !== null && money !== null) {
    return againstStripe(settlement, money).map((found) => difference(listed, "conflicting", found));
  }
  const mapped = listed.mapping.kind;
  if (state === "ignored" && money !== null && !wasAskedFor(event)) {
    const found = { field: "mapping", ours: "ignored", theirs: "settlement" };
    return [difference(listed, "conflicting", found)];
  }
  if (state === "forwarded" && money === null) {
    return [difference(listed, "conflicting", { field: "mapping", ours: "settlement", theirs: mapped })];
  }
  return [];
}

function inLedger({ listed, ledger }: Evidence, ours: KnownSettlement): Difference[] {
  switch (ledger?.kind) {
    case "found":
      return againstLedger(ours, ledger.settlement).map((found) => difference(listed, "mismatched", found));
    case "absent":
      return [difference(listed, "not_in_ledger")];
    default:
      return [difference(listed, "unverified", { reason: refusalOf(ledger) })];
  }
}

function refusalOf(ledger: Lookup | null): string | null {
  return ledger !== null && "ledger_status" in ledger ? `ledger_${ledger.ledger_status ?? "silent"}` : null;
}

/**
 * What the ledger holds, counted beside the event that it stems from. A status that has rightly moved on
 * counts as the event's own: else a payout that was paid and came back would be money without an event. Any
 * other counts as it is.
 */
function ledgerAmount({ ledger }: Evidence, ours: KnownSettlement): Amount[] {
  if (ledger?.kind !== "found") return [];
  const { amount_minor, currency, status } = ledger.settlement;
  const { direction } = ours;
  const counted = isStatusInOrder(ours, status) ? ours.status : status;
  return [{ side: "ledger", currency, direction, status: counted, amount_minor }];
}

function amount(side: Side, { currency, direction, status, amount_minor }: KnownSettlement): Amount {
  return { side, currency, direction, status, amount_minor };
}

export function difference(
  { event_id, event_type, created, mapping }: Listed,
  kind: Kind,
  more: Partial<Pick<Difference, "field" | "ours" | "theirs" | "reason">> = {},
): Difference {
  const money = moneyOf(mapping);
  return {
    event_id,
    event_type,
    created_at: new Date(created).toISOString(),
    kind,
    field: "",
    ours: null,
    theirs: null,
    reason: null,
    payment_id: money?.external_payment_id ?? null,
    direction: money?.direction ?? null,
    status: money?.status ?? null,
    currency: money?.currency ?? null,
    amount_minor: money?.amount_minor ?? null,
    transaction_id: null,
    settlement_id: null,
    ...more,
  };
}
