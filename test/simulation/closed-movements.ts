/** What operators were told is closed: from then on nothing of such a movement may be sent. */
import type { HistoryEvent, Movement } from "../../scripts/proof/histories/history.ts";
import type { World } from "./world.ts";

export class ClosedMovements {
  readonly #world: World;
  readonly #movements: ReadonlyMap<string, Movement | null>;
  readonly #closed = new Set<Movement>();
  /** Events whose last turn began after their movement was closed. */
  readonly #late = new Set<string>();

  constructor(world: World, events: readonly HistoryEvent[]) {
    this.#world = world;
    this.#movements = new Map(events.map(({ id, movement }) => [id, movement]));
  }

  /** With this event. */
  close(id: string): void {
    const movement = this.#movements.get(id) ?? null;
    if (movement !== null) this.#closed.add(movement);
  }

  turnLeaves(id: string): void {
    const movement = this.#movements.get(id) ?? null;
    if (movement !== null && this.#closed.has(movement)) this.#late.add(id);
    else this.#late.delete(id);
  }

  ingestLeaves(id: string): void {
    if (this.#late.has(id)) this.#world.violate(id, "is sent, though its movement was closed");
  }
}
