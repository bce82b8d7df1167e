/** Whether an event may end as it did, after all that could heal has healed. */
import type { EventRecord, FailedAtLedger } from "../../src/event/record.ts";
import type { HistoryEvent } from "../../scripts/proof/histories/history.ts";
import { FOREIGN_CURRENCY } from "../../scripts/proof/histories/random-history.ts";
import type { StripeObject } from "../../scripts/sandbox/events/stripe-objects.ts";
import { bookedMovements, type Evidence, eventsOf, movementOf } from "./evidence.ts";

/** null: it may. `obstacle`: why what failed at the ledger rightly has; null: no reason is known. */
export function complaintAbout(
  evidence: Evidence,
  event: HistoryEvent,
  record: EventRecord,
  obstacle: (record: FailedAtLedger) => string | null = (failed) => obstacleOf(evidence, event, failed),
): string | null {
  const { movement, heldFor } = event;
  const isForeign = event.body.data.object["currency"] === FOREIGN_CURRENCY;
  switch (record.state) {
    case "ignored":
      return lieOf(evidence, event, record.reason);
    case "resolved":
      return evidence.isClosed(event.id) ? null : "was resolved by nobody";
    case "forwarded":
      if (movement === null) return "is forwarded, but no money has moved";
      return isForeign ? "is forwarded, but no account holds its currency" : null;
    case "failed":
      break;
    default:
      return `ends as ${record.state}`;
  }
  if (record.cause === "unmappable") {
    return record.reason === heldFor ? null : `is unmappable: ${record.reason}`;
  }
  if (record.cause === "currency")
    return isForeign ? null : "is held for its currency, which the ledger holds";
  return obstacle(record) === null ? `failed without a reason: ${JSON.stringify(record.error)}` : null;
}

/** Why an event is wrongly ignored. null: it reports no movement, and what its reason says is true. */
function lieOf({ atStripe, store }: Evidence, event: HistoryEvent, reason: string): string | null {
  const { movement, body, mayBeOvertaken } = event;
  const { object } = body.data;
  const lie = `is ignored as ${reason}`;
  if (reason === "payout_overtaken") {
    const payout = { external_payment_id: String(object["id"]), direction: "payout" } as const;
    return mayBeOvertaken && store.findSettlement(payout)?.status === "reversed" ? null : lie;
  }
  if (movement !== null) return `${lie}, but it reports ${movement.name}`;
  const [, covering] = reason.split("covered_by:");
  if (covering !== undefined) {
    const about = new Set([object["id"], object["payment_intent"]]);
    const covers = ({ type, body: { data } }: HistoryEvent) =>
      type === covering && (about.has(data.object["id"]) || data.object["charge"] === object["id"]);
    return atStripe.events.some(covers) ? null : `${lie}, and there is none`;
  }
  if (reason !== "authorization_released" && reason !== "refund_not_moved") return null;
  const ended = ["failed", "canceled"].includes(String(object["status"]));
  const mayMoveYet = reason === "refund_not_moved" && !ended;
  const hasMoved = atStripe.stripe.some(({ transactions }) =>
    transactions.some(
      (one) => one.source === object["id"] && one.reporting_category !== "partial_capture_reversal",
    ),
  );
  return hasMoved && !mayMoveYet ? `${lie}, but its money has left` : null;
}

/** Why this is rightly not in the ledger; null: no reason is known. */
export function obstacleOf(
  evidence: Evidence,
  event: HistoryEvent,
  { error }: FailedAtLedger,
): string | null {
  const { movement } = event;
  const { object } = event.body.data;
  switch (error.ledger_code) {
    case "NOT_FOUND":
      return isOpen(evidence, movement?.account ?? null) ? null : "the account is not open";
    case "ACCOUNT_NOT_RESOLVED":
      return isPaid(evidence, object) ? null : "its payment is unknown";
    case "COUNTERPART_NOT_FOUND":
      return hasDebit(evidence, event) ? null : "what it gives back was not taken";
    case "INSUFFICIENT_FUNDS": {
      const { available } = evidence.store.balance(movement?.account ?? "", null);
      return available + (movement?.delta ?? 0n) < 0n ? "the money it takes has not arrived" : null;
    }
    case "MOVEMENT_RESOLVED": {
      const events = movement === null ? [] : eventsOf(evidence, movement);
      return events.some(({ id }) => evidence.isClosed(id)) ? "an operator has closed its movement" : null;
    }
    default:
      return null;
  }
}

function isOpen({ atStripe, store }: Evidence, account: string | null): boolean {
  return (
    account !== null && atStripe.accounts.get(account) !== null && store.findAccount(account) !== undefined
  );
}

function isPaid({ store }: Evidence, { payment_intent, charge }: StripeObject): boolean {
  const external_payment_id = String(payment_intent ?? charge);
  return store.findSettlement({ external_payment_id, direction: "payin" }) !== undefined;
}

/** With its effect proven. */
function hasDebit(evidence: Evidence, { movement }: HistoryEvent): boolean {
  const debit = movement?.debit ?? null;
  if (debit === null || !bookedMovements(evidence).has(debit)) return false;
  return [...evidence.store.settlements.values()].some(
    (one) => movementOf(evidence, one) === debit && one.latest_event_id !== undefined,
  );
}
