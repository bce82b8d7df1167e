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

/** By the event that carried them, and not by the ids that our mapping made. */
export function movementsByEvent({ events }: StripeHistory): ReadonlyMap<string, Movement | null> {
  return new Map(events.map(({ id, movement }) => [id, movement]));
}

/** The movements of which the ledger holds a settlement. */
export function recordedMovements({ atStripe, ledger }: Evidence): ReadonlySet<Movement> {
  const movements = movementsByEvent(atStripe);
  const settlements = [...ledger.database.settlements.values()];
  return new Set(
    settlements.flatMap(({ metadata }) => movements.get(String(metadata["stripe_event_id"])) ?? []),
  );
}

/** The movements that have changed a balance. */
export function bookedMovements({ atStripe, ledger }: Evidence): ReadonlySet<Movement> {
  const movements = movementsByEvent(atStripe);
  return new Set(ledger.database.changes.flatMap(({ stripeEventId }) => movements.get(stripeEventId) ?? []));
}
