/**
 * The ledger against what happened at Stripe. What the balances really are is one thing, what the forwarded events
 * claim another: the two may differ only by what stands visibly before an operator.
 */
import type { Movement } from "../../scripts/proof/histories/history.ts";
import { bookedMovements, type Evidence, movementOf, recordedMovements } from "./evidence.ts";

export function checkLedger(evidence: Evidence): void {
  const booked = bookedMovements(evidence);
  checkChanges(evidence);
  checkClaims(evidence, booked);
  checkBalances(evidence, booked);
  for (const overlap of evidence.ledger.processes.overlaps) {
    evidence.world.violate("the ledger", `worked at once at ${overlap}`);
  }
}

/** Each movement once at most, of the right size, on the right account. */
function checkChanges(evidence: Evidence): void {
  const { world, ledger } = evidence;
  const booked = new Set<Movement>();
  for (const { settlement_id, account_id, currency, delta_minor } of ledger.store.journal) {
    const movement = movementOf(evidence, settlement_id);
    if (movement === null) {
      world.violate(settlement_id, "changes a balance, and nothing happened at Stripe");
      continue;
    }
    if (booked.has(movement)) world.violate(movement.name, "is booked twice");
    booked.add(movement);
    const { account, delta } = movement;
    if (account_id === account && currency === movement.currency && delta_minor === delta) continue;
    world.violate(movement.name, `is booked as ${account_id} ${delta_minor} ${currency}`);
  }
}

/** What is forwarded is booked; what is booked and not forwarded is visible. */
function checkClaims(evidence: Evidence, booked: ReadonlySet<Movement>): void {
  const { world, invariants, atStripe } = evidence;
  const recorded = recordedMovements(evidence);
  for (const movement of atStripe.movements) {
    const events = atStripe.events.filter((event) => event.movement === movement);
    const states = events.map(({ id }) => invariants.observed(id).last?.state);
    const isBooked = movement.delta === 0n ? recorded.has(movement) : booked.has(movement);
    if (isBooked) world.count("movements booked");
    if (states.includes("forwarded")) {
      if (!isBooked) world.violate(movement.name, "is forwarded, and not booked");
    } else if (isBooked && !states.some((state) => state === "failed" || state === "resolved")) {
      world.violate(movement.name, `is booked, and its events are ${states.join(", ")}`);
    }
    const wasSent = events.some(({ id }) => invariants.observed(id).payload !== null);
    if ((isBooked || recorded.has(movement)) && !wasSent) {
      world.violate(movement.name, "is in the ledger, and was never sent");
    }
  }
}

/** In sums, straight from what happened: this is what account holders see. */
function checkBalances({ world, ledger, atStripe }: Evidence, booked: ReadonlySet<Movement>): void {
  for (const account of atStripe.accounts.keys()) {
    const { available } = ledger.store.balance(account, null);
    const movements = atStripe.movements.filter(
      (movement) => movement.account === account && booked.has(movement),
    );
    const sum = movements.reduce((total, { delta }) => total + delta, 0n);
    if (available !== sum) world.violate(account, `holds ${available}, and ${sum} was booked`);
    const currencies = new Set(movements.map(({ currency }) => currency));
    if (currencies.size > 1) world.violate(account, `holds ${[...currencies].join(" and ")} in one balance`);
  }
}

/** Money that leaves by payouts changes no balance, but the ledger must know how each ended. */
export function checkPayouts({ world, invariants, ledger, atStripe }: Evidence): void {
  const ends = { "payout.paid": "confirmed", "payout.failed": "reversed", "payout.canceled": "failed" };
  for (const { id, type, body, mayBeOvertaken } of atStripe.events) {
    if (!(type in ends) || mayBeOvertaken || invariants.observed(id).last?.state !== "forwarded") continue;
    const external_payment_id = String(body.data.object["id"]);
    const settlement = ledger.store.findSettlement({ external_payment_id, direction: "payout" });
    const wanted = ends[type as keyof typeof ends];
    if (settlement?.status === wanted) continue;
    world.violate(external_payment_id, `is ${settlement?.status} in the ledger after ${type}`);
  }
}
