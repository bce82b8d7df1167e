/** The Durable Object of one ledger account's lane: the real lane over its mark. */
import { type LaneRequest } from "../../src/ledger/lane.ts";
import type { SettleOutcome } from "../../src/ledger/port.ts";
import { type Instance, SimulatedObject } from "./simulated-object.ts";
import type { World } from "./world.ts";

/** What a bug may put in the place of the real one. */
export interface LaneCode {
  settle(request: LaneRequest): Promise<SettleOutcome>;
}

export interface LaneCells {
  readonly mark: number | null;
}

export class LaneObject extends SimulatedObject<LaneCells, LaneCode> {
  readonly #start: (object: LaneObject, instance: Instance) => LaneCode;

  constructor(world: World, accountId: string, start: (object: LaneObject, instance: Instance) => LaneCode) {
    super(world, "lane", accountId, { mark: null });
    this.#start = start;
  }

  protected override start(instance: Instance): LaneCode {
    return this.#start(this, instance);
  }
}
