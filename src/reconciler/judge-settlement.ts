/** What a settlement in the ledger is found to be, without reading Stripe's money. Pure. */
import type { ListedSettlement } from "../ledger/port.ts";
import { isEffectful } from "../ledger/settle.ts";
import type { Difference, Kind } from "./findings.ts";
import type { Window } from "./window.ts";

/** By when it was settled; else by when Stripe made the object; else by when it came to the ledger. */
function timeOf({ settled_at, provider_created_at, created_at }: ListedSettlement): number {
  return Date.parse(settled_at ?? provider_created_at ?? created_at);
}

/**
 * Whose money it says that it is. What names an account that is not listed must have
 * an event here, as the platform's own.
 */
export function isInWindow(
  settlement: ListedSettlement,
  { from, to, stripe_account }: Window & { readonly stripe_account: string | null },
  connectedAccounts: ReadonlySet<string>,
): boolean {
  const at = timeOf(settlement);
  const named = settlement.stripe_account;
  const owner = named !== null && connectedAccounts.has(named) ? named : null;
  return owner === stripe_account && at >= from && at < to;
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
