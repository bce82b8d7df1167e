/** What stands in the ledger: its settlements and its balances. */
import { balancesAfter, type HistoryEvent, type Movement, settledOf } from "../../histories/history.ts";
import type { Settlement } from "../../../sandbox/ledger/contract.ts";
import type { Evidence } from "../evidence.ts";
import type { Disagree } from "./disagreement.ts";

/** Each movement stands in the ledger once, and nothing else stands there. */
export function checkSettlements(
  { events, movements, views, settlements }: Evidence,
  disagree: Disagree,
): void {
  const byEvent = new Map(events.map((event) => [event.id, event]));
  const byMovement = new Map<Movement, Settlement[]>();
  for (const settlement of settlements) {
    const event = byEvent.get(String(settlement.metadata["stripe_event_id"]));
    if (event === undefined || event.movement === null || event.heldFor !== null) {
      disagree(settlement.id, "stands in the ledger, and nothing happened at Stripe");
    } else {
      byMovement.set(event.movement, [...(byMovement.get(event.movement) ?? []), settlement]);
      if (event.movement.delta === 0n) checkAmountAsSent(event, settlement, disagree);
    }
  }
  for (const movement of settledOf({ events, movements })) {
    const [settlement, ...more] = byMovement.get(movement) ?? [];
    if (settlement === undefined) disagree(movement.name, "is not in the ledger");
    else checkMovement(movement, settlement, disagree);
    if (more.length > 0) disagree(movement.name, `stands in the ledger ${more.length + 1} times`);
  }
  const ids = new Set(settlements.map(({ id }) => id));
  for (const { event_id, snapshot } of views.values()) {
    if (snapshot?.state !== "forwarded" || ids.has(snapshot.settlement_id)) continue;
    disagree(event_id, `is forwarded as ${snapshot.settlement_id}, which the ledger does not know`);
  }
}

function checkMovement(movement: Movement, settlement: Settlement, disagree: Disagree): void {
  const { account, currency, delta } = movement;
  const amount = delta < 0n ? -delta : delta;
  const truth = {
    account_id: account,
    currency,
    ...(delta !== 0n && {
      direction: delta > 0n ? "payin" : "refund",
      status: "confirmed",
      amount_minor: String(amount),
    }),
  };
  for (const [field, value] of Object.entries(truth)) {
    const booked = settlement[field as keyof Settlement];
    if (booked !== value)
      disagree(movement.name, `has ${field} ${String(booked)} in the ledger, not ${value}`);
  }
}

/** What the ledger only records moves no balance that would give a wrong amount away. */
function checkAmountAsSent(event: HistoryEvent, { amount_minor }: Settlement, disagree: Disagree): void {
  const sent = String(event.body.data.object["amount"]);
  if (amount_minor !== sent) disagree(event.id, `is recorded as ${amount_minor}, and Stripe sent ${sent}`);
}

/** The sums that account holders see, straight from what happened. */
export function checkBalances({ events, movements, balances }: Evidence, disagree: Disagree): void {
  const truth = balancesAfter(settledOf({ events, movements }));
  for (const account of truth.keys()) {
    if (!balances.has(account)) disagree(account, "has moved money, and its balance was not read");
  }
  for (const [account, booked] of balances) {
    const sums = truth.get(account) ?? new Map<string, bigint>();
    for (const currency of new Set([...sums.keys(), ...Object.keys(booked)])) {
      const [has, should] = [booked[currency] ?? "0", String(sums.get(currency) ?? 0n)];
      if (has !== should)
        disagree(account, `has ${has} ${currency} in the ledger, and ${should} by what happened`);
    }
  }
}
