/** What a settlement in the ledger is found to be, without reading Stripe's money. Pure. */
import type { ListedSettlement } from "../ledger/port.ts";
import { isEffectful } from "../ledger/settle.ts";
import type { Difference, Kind } from "./findings.ts";
import type { Window } from "./window.ts";

/** By when it was settled; else by when Stripe made the object; else by when it came to the ledger. */
function timeOf({ settled_at, provider_created_at, created_at }: ListedSettlement): number {
  return Date.parse(settled_at ?? provider_created_at ?? created_at);
}

/** Those of connected accounts belong to other balances, which the run does not walk. */
export function isInWindow(settlement: ListedSettlement, { from, to }: Window): boolean {
  const at = timeOf(settlement);
  return settlement.stripe_account === null && at >= from && at < to;
}

/** `isBacked`: a balance transaction or an event is there. */
export function judgeSettlement(settlement: ListedSettlement, isBacked: boolean): Difference[] {
  if (!isEffectful(settlement)) return [];
  return [
    ...(isBacked ? [] : [difference(settlement, "orphan")]),
    ...(settlement.latest_event_id === null ? [difference(settlement, "without_effect")] : []),
  ];
}

function difference(settlement: ListedSettlement, kind: Kind): Difference {
  const { id, external_payment_id, direction, status, currency, amount_minor } = settlement;
  return {
    event_id: null,
    event_type: null,
    created_at: new Date(timeOf(settlement)).toISOString(),
    kind,
    field: "",
    ours: null,
    theirs: null,
    reason: null,
    payment_id: external_payment_id,
    direction,
    status,
    currency,
    amount_minor,
    transaction_id: settlement.stripe_balance_transaction,
    settlement_id: id,
  };
}
