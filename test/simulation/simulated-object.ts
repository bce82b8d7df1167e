/**
 * One Durable Object as the platform runs it: it starts an instance when something comes in, and loses that
 * instance, with all that it was waiting for, when it crashes. `Code` is what runs inside.
 */
import { SECOND } from "../../scripts/lib/durations.ts";
import { Storage } from "./storage.ts";
import type { Task } from "./timeline.ts";
import type { World } from "./world.ts";

export interface Instance {
  alive: boolean;
  /** When it was lost; null while it lives. */
  lostAt: number | null;
  /** Calls out that it waits for. */
  waiting: number;
  /** Calls in that wait for it. */
  readonly callers: Set<() => void>;
  readonly clockSkewMs: number;
  lastUsedAt: number;
}

/** What a caller gets instead of an answer. */
export class ObjectReset extends Error {
  override name = "ObjectReset";
}

/** Thrown into an instance that is gone, so that nothing it does comes through. */
export class InstanceGone extends Error {
  override name = "InstanceGone";
}

export interface Started<Code> {
  readonly instance: Instance;
  readonly code: Code;
}

const IDLE_EVICTION_MS = 10 * SECOND;
const LONGEST_WAIT_MS = 20 * SECOND;

export abstract class SimulatedObject<Cells extends object, Code> {
  readonly id: string;
  readonly storage: Storage<Cells>;
  protected readonly world: World;
  /** In the counts and in the log. */
  readonly #kind: string;
  #running: Started<Code> | null = null;

  protected constructor(world: World, kind: string, id: string, empty: Cells) {
    this.world = world;
    this.#kind = kind;
    this.id = id;
    this.storage = new Storage(world, empty, {
      crashes: (where) => this.crashes(where),
      committed: (...commit) => this.committed(...commit),
    });
  }

  protected abstract start(instance: Instance): Code;
  protected committed(_before: Cells, _after: Cells, _written: ReadonlySet<keyof Cells>): void {}
  protected crashed(): void {}

  /** A request from outside. Its answer leaves only after the commits before it. */
  call<T>(what: string, act: (code: Code) => Promise<T>, leaves?: (answer: T) => void): Promise<T> {
    const { instance, code } = this.#current();
    instance.lastUsedAt = this.world.time.now;
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
      // Async, so that what it throws at once is handled like what it throws later.
      const run = async () => act(code);
      run().then(answer, (error: unknown) => {
        if (!instance.alive) return;
        this.world.violate(this.id, `${what} threw ${String(error)}`);
        lost();
      });
    });
  }

  /** Whether chance makes it crash here. */
  crashes(where: string): boolean {
    if (this.#running === null || !this.world.happens(this.world.plan.crash)) return false;
    this.#lose(this.#running.instance, where);
    return true;
  }

  /** Waits for something outside, on behalf of an instance, which may be gone when it comes. */
  hold<T>(instance: Instance, what: string, start: () => Promise<T>): Promise<T> {
    if (!instance.alive || this.crashes(`before ${what}`)) return new Promise(() => undefined);
    instance.waiting++;
    const during = this.#crashLater(instance, `during ${what}`);
    return new Promise((resolve, reject) => {
      const goOn = (act: () => void) => {
        if (during !== null) during.canceled = true;
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

  /** For what an instance does at once, such as a write. */
  act(instance: Instance, what: string): void {
    if (!instance.alive || this.crashes(`before ${what}`)) throw new InstanceGone();
  }

  get isAtRest(): boolean {
    const instance = this.#running?.instance;
    const busy = instance !== undefined && (instance.waiting > 0 || instance.callers.size > 0);
    return this.storage.isDurable && !busy;
  }

  #current(): Started<Code> {
    if (this.#running !== null && this.#isEvicted(this.#running.instance)) {
      this.#running.instance.alive = false;
      this.#running = null;
    }
    return (this.#running ??= this.#start());
  }

  #start(): Started<Code> {
    const { random, plan, time } = this.world;
    const instance: Instance = {
      alive: true,
      lostAt: null,
      waiting: 0,
      callers: new Set(),
      clockSkewMs: random.whole(-plan.clockSkewMs, plan.clockSkewMs),
      lastUsedAt: time.now,
    };
    this.world.count(`${this.#kind} instances`);
    return { instance, code: this.start(instance) };
  }

  /** At any moment while it waits. */
  #crashLater(instance: Instance, where: string): Task | null {
    const { plan, time, random } = this.world;
    if (!this.world.happens(plan.crash)) return null;
    return time.after(
      random.magnitude(1, LONGEST_WAIT_MS),
      () => instance.alive && this.#lose(instance, where),
    );
  }

  /** The platform drops an idle instance when it likes. */
  #isEvicted(instance: Instance): boolean {
    const idleMs = this.world.time.now - instance.lastUsedAt;
    return this.isAtRest && idleMs > IDLE_EVICTION_MS && this.world.random.chance(0.5);
  }

  #lose(instance: Instance, where: string): void {
    this.world.count("crashes");
    this.world.count(`crash ${this.#kind}: ${where}`);
    this.world.note(this.id, () => `CRASH ${where}`);
    instance.alive = false;
    instance.lostAt = this.world.time.now;
    this.#running = null;
    this.storage.crash();
    for (const lost of instance.callers) this.world.time.after(this.world.random.whole(1, 50), lost);
    this.crashed();
  }
}
