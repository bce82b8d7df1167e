/**
 * The ledger against what happened at Stripe. It may lack only what stands visibly before an operator,
 * or what an operator has written off.
 */
import { balancesAfter, type Movement } from "../../scripts/proof/histories/history.ts";
import { bookedMovements, type Evidence, eventsOf, movementOf, recordedMovements } from "./evidence.ts";

export function checkLedger(evidence: Evidence): void {
  const booked = bookedMovements(evidence);
  checkChanges(evidence);
  checkLacking(evidence, booked);
  checkBalances(evidence, booked);
}

/**
 * Each movement once at most, of the right size, on the right account, and money back after the money taken.
 */
function checkChanges(evidence: Evidence): void {
  const { store, violate } = evidence;
  const booked = new Set<Movement>();
  for (const { settlement_id, account_id, currency, delta_minor } of store.journal) {
    const movement = movementOf(evidence, store.settlements.get(settlement_id));
    if (movement === null) {
      violate(settlement_id, "changes a balance, and no money has moved at Stripe");
      continue;
    }
    if (booked.has(movement)) violate(movement.name, "is booked twice");
    booked.add(movement);
    const { account, delta, debit } = movement;
    if (debit !== null && !booked.has(debit)) violate(movement.name, `is given back before ${debit.name}`);
    if (account_id === account && currency === movement.currency && delta_minor === delta) continue;
    violate(movement.name, `is booked as ${account_id} ${delta_minor} ${currency}`);
  }
}

/** What is not booked is visible. What is forwarded is booked. */
function checkLacking(evidence: Evidence, booked: ReadonlySet<Movement>): void {
  const recorded = recordedMovements(evidence);
  for (const movement of evidence.atStripe.movements) {
    const states = eventsOf(evidence, movement).map(({ id }) => evidence.recordOf(id)?.state);
    const isBooked = movement.delta === 0n ? recorded.has(movement) : booked.has(movement);
    const isVisible = states.some((state) => state === "failed" || state === "resolved");
    const isForwarded = states.includes("forwarded");
    if (isForwarded && !isBooked) evidence.violate(movement.name, "is forwarded, and not booked");
    if (isForwarded || isVisible) continue;
    evidence.violate(
      movement.name,
      `is ${isBooked ? "" : "not "}booked, and its events are ${states.join(", ")}`,
    );
  }
}

/** In sums: this is what account holders see. */
function checkBalances({ violate, store, atStripe }: Evidence, booked: ReadonlySet<Movement>): void {
  const due = balancesAfter(booked);
  for (const account of atStripe.accounts.keys()) {
    const sums = due.get(account) ?? new Map<string, bigint>();
    const { available } = store.balance(account, null);
    const sum = [...sums.values()].reduce((total, one) => total + one, 0n);
    if (available !== sum) violate(account, `holds ${available}, and ${sum} was booked`);
    if (sums.size > 1) violate(account, `holds ${[...sums.keys()].join(" and ")} in one balance`);
  }
}

/** Money that leaves by payouts changes no balance, but the ledger must know how each ended. */
export function checkPayouts({ violate, recordOf, store, atStripe }: Evidence): void {
  const ends = { "payout.paid": "confirmed", "payout.failed": "reversed", "payout.canceled": "failed" };
  for (const { id, type, body, mayBeOvertaken } of atStripe.events) {
    if (!(type in ends) || mayBeOvertaken || recordOf(id)?.state !== "forwarded") continue;
    const external_payment_id = String(body.data.object["id"]);
    const settlement = store.findSettlement({ external_payment_id, direction: "payout" });
    const wanted = ends[type as keyof typeof ends];
    if (settlement?.status === wanted) continue;
    violate(external_payment_id, `is ${settlement?.status} in the ledger after ${type}`);
  }
}
