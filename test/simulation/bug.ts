/** How a planted bug gets in: around the ports, the engine, the policy or the mapper. Nothing in `src` knows of it. */
import type { EventEngine } from "../../src/event/engine.ts";
import type { Ports } from "../../src/event/ports.ts";
import type { Policy } from "../../src/event/machine-types.ts";
import type { Engine, Instance } from "./object.ts";
import type { MapFunction } from "./worker.ts";
import type { World } from "./world.ts";

export interface Scene {
  readonly world: World;
  /** The event's id. */
  readonly id: string;
  readonly instance: Instance;
}

export interface Bug {
  readonly name: string;
  /** What the code would do wrong. */
  readonly wrong: string;
  readonly ports?: (sound: Ports, scene: Scene) => Ports;
  readonly policy?: Partial<Policy>;
  /** Made once per instance, like the ports. */
  readonly engine?: (makeEngine: () => EventEngine, ports: Ports) => Engine;
  readonly map?: MapFunction;
}
