/** What stands in the ledger: its settlements and its balances. */
import type { Movement, ToldEvent } from "../../histories/history.ts";
import type { Settlement } from "../../../sandbox/ledger/contract.ts";
import type { Evidence } from "../evidence.ts";
import type { Complain } from "./complaint.ts";

/** Each movement stands in the ledger once, and nothing else stands there. */
export function judgeSettlements(
  { events, movements, views, settlements }: Evidence,
  complain: Complain,
): void {
  const byEvent = new Map(events.map((event) => [event.id, event]));
  const byMovement = new Map<Movement, Settlement[]>();
  for (const settlement of settlements) {
    const event = byEvent.get(String(settlement.metadata["stripe_event_id"]));
    if (event === undefined || event.expected !== "money") {
      complain(settlement.id, "stands in the ledger, and nothing happened at Stripe");
    } else if (event.movement === null) {
      judgeAmountAsTold(event, settlement, complain);
    } else {
      byMovement.set(event.movement, [...(byMovement.get(event.movement) ?? []), settlement]);
      if (event.movement.delta === 0n) judgeAmountAsTold(event, settlement, complain);
    }
  }
  for (const movement of movements) {
    if (movement.account === null) continue;
    const [settlement, ...more] = byMovement.get(movement) ?? [];
    if (settlement === undefined) complain(movement.name, "is not in the ledger");
    else judgeMovement(movement, settlement, complain);
    if (more.length > 0) complain(movement.name, `stands in the ledger ${more.length + 1} times`);
  }
  const ids = new Set(settlements.map(({ id }) => id));
  for (const { event_id, snapshot, state } of views.values()) {
    if (state !== "forwarded" || ids.has(String(snapshot?.["settlement_id"]))) continue;
    complain(
      event_id,
      `is forwarded as ${String(snapshot?.["settlement_id"])}, which the ledger does not know`,
    );
  }
}

function judgeMovement(movement: Movement, settlement: Settlement, complain: Complain): void {
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
      complain(movement.name, `has ${field} ${String(booked)} in the ledger, not ${value}`);
  }
}

/** What the ledger only records moves no balance that would give a wrong amount away. */
function judgeAmountAsTold(event: ToldEvent, { amount_minor }: Settlement, complain: Complain): void {
  const told = String(event.body.data.object["amount"]);
  if (amount_minor !== told) complain(event.id, `is recorded as ${amount_minor}, and Stripe told ${told}`);
}

/** The sums that account holders see, straight from what happened. */
export function judgeBalances({ movements, balances }: Evidence, complain: Complain): void {
  const truth = new Map([...balances.keys()].map((account) => [account, new Map<string, bigint>()]));
  for (const { account, currency, delta } of movements) {
    if (account === null || delta === 0n) continue;
    const sums = truth.get(account);
    if (sums === undefined) complain(account, "has moved money, and nobody looked at its balance");
    else sums.set(currency, (sums.get(currency) ?? 0n) + delta);
  }
  for (const [account, sums] of truth) {
    const booked = balances.get(account) ?? {};
    for (const currency of new Set([...sums.keys(), ...Object.keys(booked)])) {
      const [has, should] = [booked[currency] ?? "0", String(sums.get(currency) ?? 0n)];
      if (has !== should)
        complain(account, `has ${has} ${currency} in the ledger, and ${should} by what happened`);
    }
  }
}
