/**
 * The Durable Object of one ledger account's lane: the real lane over its
 * mark, and the movements closed there.
 */
import { type LaneRequest } from "../../src/ledger/lane.ts";
import type { ClosedMovement, SettleOutcome } from "../../src/ledger/port.ts";
import { type Instance, SimulatedObject } from "./simulated-object.ts";
import type { World } from "./world.ts";

/** What a bug may put in the place of the real one. */
export interface LaneCode {
  settle(request: LaneRequest): Promise<SettleOutcome>;
}

export interface LaneCells {
  readonly mark: number | null;
  /** By movement that an operator has closed: the events with which that was done. */
  readonly resolved: ReadonlyMap<string, readonly string[]>;
}

export class LaneObject extends SimulatedObject<LaneCells, LaneCode> {
  readonly #start: (object: LaneObject, instance: Instance) => LaneCode;

  constructor(world: World, name: string, start: (object: LaneObject, instance: Instance) => LaneCode) {
    super(world, "lane", name, { mark: null, resolved: new Map() });
    this.#start = start;
  }

  settle(request: LaneRequest): Promise<SettleOutcome> {
    return this.call("a turn", (lane) => lane.settle(request));
  }

  isResolved(movement: string): Promise<boolean> {
    return this.call("a look at a movement", async () => this.isClosed(movement));
  }

  setResolved({ name, eventId }: ClosedMovement, isResolved: boolean): Promise<boolean> {
    return this.call("closing a movement", async () => {
      const { resolved } = this.storage.cells;
      const others = (resolved.get(name) ?? []).filter((id) => id !== eventId);
      const events = isResolved ? [...others, eventId] : others;
      this.storage.write({ resolved: new Map([...resolved, [name, events]]) });
      return true;
    });
  }

  /** As the running instance reads it. */
  isClosed(movement: string): boolean {
    return (this.storage.cells.resolved.get(movement) ?? []).length > 0;
  }

  protected override start(instance: Instance): LaneCode {
    return this.#start(this, instance);
  }
}
