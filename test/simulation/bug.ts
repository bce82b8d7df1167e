/**
 * How a planted bug gets in: around the ports, the engine, the lane, the policy or the
 * mapping. Nothing in `src` knows of it.
 */
import type { EventEngine } from "../../src/event/engine.ts";
import type { Ports } from "../../src/event/ports.ts";
import type { Policy } from "../../src/event/machine-types.ts";
import type { LanePorts } from "../../src/ledger/lane.ts";
import type { Engine } from "./event-object.ts";
import type { LaneCode } from "./lane-object.ts";
import type { Instance } from "./simulated-object.ts";
import type { Remap } from "./prepare.ts";
import type { World } from "./world.ts";

export interface BugContext {
  readonly world: World;
  /** Of the event, or of the account. */
  readonly id: string;
  readonly instance: Instance;
}

export type LaneWrapper = (makeLane: (ports: LanePorts) => LaneCode, ports: LanePorts) => LaneCode;

export interface Bug {
  readonly name: string;
  /** What the code would do wrong. */
  readonly wrong: string;
  readonly ports?: (sound: Ports, context: BugContext) => Ports;
  readonly policy?: Partial<Policy>;
  /** Made once per instance, like the ports. */
  readonly engine?: (makeEngine: () => EventEngine, ports: Ports) => Engine;
  readonly lanePorts?: (sound: LanePorts, context: BugContext) => LanePorts;
  readonly lane?: LaneWrapper;
  readonly remap?: Remap;
  /** The connected accounts that are trusted. */
  readonly connectedAccounts?: readonly string[];
}

type Settle = Ports["ledger"]["settle"];

/** The port's turn at the ledger, done wrongly. */
export function settling(wrongly: (settle: Settle, sound: Ports) => Settle): NonNullable<Bug["ports"]> {
  return (sound) => ({ ...sound, ledger: { ...sound.ledger, settle: wrongly(sound.ledger.settle, sound) } });
}
