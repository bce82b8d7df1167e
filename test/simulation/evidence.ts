/** What a verdict on a history is made of, and what the ledger did of what happened at Stripe. */
import type { EventRecord } from "../../src/event/record.ts";
import type { HistoryEvent, Movement, StripeHistory } from "../../scripts/proof/histories/history.ts";
import type { Settlement } from "../../scripts/sandbox/ledger/contract.ts";
import type { MemoryStore } from "../../scripts/sandbox/ledger/memory-store.ts";

export interface Evidence {
  readonly atStripe: StripeHistory;
  /** The ledger's. */
  readonly store: MemoryStore;
  /** The last that was durable, before a purge too. */
  readonly recordOf: (id: string) => EventRecord | null;
  /** Whether an operator has asked to close it. */
  readonly isClosed: (id: string) => boolean;
  readonly violate: (who: string, what: string) => void;
}

/** The movements of which the ledger holds a settlement. */
export function recordedMovements(evidence: Evidence): ReadonlySet<Movement> {
  return new Set([...evidence.store.settlements.values()].flatMap((one) => movementOf(evidence, one) ?? []));
}

/** The movements that have changed a balance. */
export function bookedMovements(evidence: Evidence): ReadonlySet<Movement> {
  const { journal, settlements } = evidence.store;
  return new Set(
    journal.flatMap((entry) => movementOf(evidence, settlements.get(entry.settlement_id)) ?? []),
  );
}

/** Of a settlement, by the event that it names, and not by the ids that our mapping made. */
export function movementOf({ atStripe }: Evidence, settlement: Settlement | undefined): Movement | null {
  const eventId = settlement?.metadata["stripe_event_id"];
  return atStripe.events.find(({ id }) => id === eventId)?.movement ?? null;
}

export function eventsOf({ atStripe }: Evidence, movement: Movement): readonly HistoryEvent[] {
  return atStripe.events.filter((event) => event.movement === movement);
}
