/**
 * One Durable Object as the platform runs it: it boots an instance when something comes in, forgets it with all that
 * it was waiting for when it crashes, and rings the one alarm.
 */
import type { EventEngine } from "../../src/event/engine.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { type Cells, Storage } from "./storage.ts";
import type { World } from "./world.ts";

/** What a bug may put in the place of the real one. */
export type Engine = Pick<EventEngine, "deliver" | "inspect" | "retry" | "resolve" | "poke" | "alarm">;

export interface Instance {
  alive: boolean;
  engine: Engine;
  /** Calls out that it waits for. */
  waiting: number;
  /** Calls in that wait for it. */
  readonly callers: Set<() => void>;
  readonly clockSkewMs: number;
  lastUsedAt: number;
}

/** What a caller hears instead of an answer. */
export class ObjectReset extends Error {
  override name = "ObjectReset";
}

/** Thrown into an instance that is gone, so that nothing it does comes through. */
export class InstanceGone extends Error {
  override name = "InstanceGone";
}

export interface ObjectEvents {
  readonly committed: (object: EventObject, before: Cells, after: Cells) => void;
  /** An alarm that the watchdog would notice the loss of. */
  readonly isWatched: (id: string) => boolean;
}

const IDLE_EVICTION_MS = 10_000;

export class EventObject {
  readonly id: string;
  readonly storage: Storage;
  readonly alarmClock: AlarmClock;
  readonly #world: World;
  readonly #boot: (object: EventObject, instance: Instance) => Engine;
  #instance: Instance | null = null;

  constructor(
    id: string,
    world: World,
    events: ObjectEvents,
    boot: (object: EventObject, instance: Instance) => Engine,
  ) {
    this.id = id;
    this.#world = world;
    this.#boot = boot;
    this.storage = new Storage(world, {
      crashes: (where) => this.crashes(where),
      committed: (before, after, alarmWritten) => {
        if (alarmWritten) this.alarmClock.set(after.alarm);
        events.committed(this, before, after);
      },
    });
    this.alarmClock = new AlarmClock(world, this, () => events.isWatched(id));
  }

  /** A request from outside. Its answer leaves only after the commits before it. */
  call<T>(what: string, act: (engine: Engine) => Promise<T>, leaves?: (answer: T) => void): Promise<T> {
    const instance = this.#running();
    instance.lastUsedAt = this.#world.time.now;
    return new Promise((resolve, reject) => {
      const lost = () => void reject(new ObjectReset());
      instance.callers.add(lost);
      const answer = async (value: T) => {
        await this.storage.gate();
        if (!instance.alive || this.crashes(`before the answer to ${what}`)) return;
        instance.callers.delete(lost);
        leaves?.(value);
        resolve(value);
      };
      // Async, so that what it throws at once is heard like what it throws later.
      const run = async () => act(instance.engine);
      run().then(answer, (error: unknown) => {
        if (!instance.alive) return;
        this.#world.violate(this.id, `${what} threw ${String(error)}`);
        lost();
      });
    });
  }

  /** Whether chance makes it crash here. */
  crashes(where: string): boolean {
    if (this.#instance === null || !this.#world.strikes(this.#world.weather.crash)) return false;
    this.#world.count("crashes");
    this.#world.count(`crash ${where}`);
    this.#world.say(this.id, () => `CRASH ${where}`);
    this.#forget(this.#instance);
    return true;
  }

  /** Waits for something outside, on behalf of an instance, which may be gone when it comes. */
  hold<T>(instance: Instance, what: string, start: () => Promise<T>): Promise<T> {
    if (!instance.alive || this.crashes(`before ${what}`)) return new Promise(() => undefined);
    instance.waiting++;
    return new Promise((resolve, reject) => {
      const goOn = (act: () => void) => {
        if (!instance.alive || this.crashes(`after ${what}`)) return;
        instance.waiting--;
        act();
      };
      start().then(
        (value) => goOn(() => resolve(value)),
        (error: unknown) => goOn(() => reject(error)),
      );
    });
  }

  get isAtRest(): boolean {
    const instance = this.#instance;
    const busy = instance !== null && (instance.waiting > 0 || instance.callers.size > 0);
    return this.storage.isDurable && !busy && !this.alarmClock.isRinging;
  }

  #running(): Instance {
    if (this.#instance !== null && this.#isEvicted(this.#instance)) {
      this.#instance.alive = false;
      this.#instance = null;
    }
    return (this.#instance ??= this.#start());
  }

  #start(): Instance {
    const { random, weather, time } = this.#world;
    const instance: Instance = {
      alive: true,
      engine: null as unknown as Engine,
      waiting: 0,
      callers: new Set(),
      clockSkewMs: random.whole(-weather.clockSkewMs, weather.clockSkewMs),
      lastUsedAt: time.now,
    };
    instance.engine = this.#boot(this, instance);
    this.#world.count("instances");
    return instance;
  }

  /** The platform drops an idle instance when it likes. */
  #isEvicted(instance: Instance): boolean {
    const idleMs = this.#world.time.now - instance.lastUsedAt;
    return this.isAtRest && idleMs > IDLE_EVICTION_MS && this.#world.random.chance(0.5);
  }

  #forget(instance: Instance): void {
    instance.alive = false;
    this.#instance = null;
    this.storage.crash();
    for (const lost of instance.callers) this.#world.time.after(this.#world.random.whole(1, 50), lost);
    this.alarmClock.crash();
  }
}
