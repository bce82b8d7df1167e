/** The Durable Object of one event: the engine over its record, and the one alarm. */
import type { EventEngine } from "../../src/event/engine.ts";
import { wakeAt } from "../../src/event/machine.ts";
import type { EventRecord } from "../../src/event/record.ts";
import { AlarmModel, type Loss } from "./alarm.ts";
import { type Instance, SimulatedObject } from "./simulated-object.ts";
import { POLICY, type World } from "./world.ts";

/** What a bug may put in the place of the real one. */
export type Engine = Pick<
  EventEngine,
  "deliver" | "inspect" | "retry" | "assign" | "resolve" | "poke" | "alarm"
>;

export interface EventCells {
  readonly record: EventRecord | null;
  readonly alarm: number | null;
}

export interface EventObjectSetup {
  readonly start: (object: EventObject, instance: Instance) => Engine;
  readonly committed: (object: EventObject, before: EventCells, after: EventCells) => void;
  /** Whether the watchdog would notice that its alarm is lost. */
  readonly isSwept: (id: string) => boolean;
}

export class EventObject extends SimulatedObject<EventCells, Engine> {
  readonly alarm: AlarmModel;
  readonly #setup: EventObjectSetup;

  constructor(world: World, id: string, setup: EventObjectSetup) {
    super(world, "event", id, { record: null, alarm: null });
    this.#setup = setup;
    this.alarm = new AlarmModel(world, this, () => this.#loss());
  }

  override get isAtRest(): boolean {
    return super.isAtRest && !this.alarm.isFiring;
  }

  protected override start(instance: Instance): Engine {
    return this.#setup.start(this, instance);
  }

  protected override committed(
    before: EventCells,
    after: EventCells,
    written: ReadonlySet<keyof EventCells>,
  ): void {
    if (written.has("alarm")) this.alarm.set(after.alarm);
    this.#setup.committed(this, before, after);
  }

  protected override crashed(): void {
    this.alarm.crash();
  }

  #loss(): Loss | null {
    const { record } = this.storage.durable;
    if (record?.state === "failed" && wakeAt(record, POLICY) === null) return "for_good";
    return this.#setup.isSwept(this.id) ? "for_days" : null;
  }
}
