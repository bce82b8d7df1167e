/** All that a verdict is made of, and what the ledger did of what happened at Stripe. */
import type { Movement, StripeHistory } from "../../scripts/proof/histories/history.ts";
import type { EventObject } from "./event-object.ts";
import type { IndexModel } from "./index-model.ts";
import type { Invariants } from "./invariants.ts";
import type { LedgerModel } from "./ledger-model.ts";
import type { World } from "./world.ts";

export interface Evidence {
  readonly world: World;
  readonly invariants: Invariants;
  readonly ledger: LedgerModel;
  readonly index: IndexModel;
  readonly atStripe: StripeHistory;
  readonly objectOf: (id: string) => EventObject;
}

/** The movements of which the ledger holds a settlement. */
export function recordedMovements(evidence: Evidence): ReadonlySet<Movement> {
  const ids = [...evidence.ledger.store.settlements.keys()];
  return new Set(ids.flatMap((id) => movementOf(evidence, id) ?? []));
}

/** The movements that have changed a balance. */
export function bookedMovements(evidence: Evidence): ReadonlySet<Movement> {
  const { journal } = evidence.ledger.store;
  return new Set(journal.flatMap(({ settlement_id }) => movementOf(evidence, settlement_id) ?? []));
}

/** Of a settlement, by the event that it names, and not by the ids that our mapping made. */
export function movementOf({ atStripe, ledger }: Evidence, settlementId: string): Movement | null {
  const eventId = ledger.store.settlements.get(settlementId)?.metadata["stripe_event_id"];
  return atStripe.events.find(({ id }) => id === eventId)?.movement ?? null;
}
