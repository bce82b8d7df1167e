/**
 * The storage of one object, with its promises and no more: what one turn writes without an `await` commits together,
 * some time later; commits keep their order; whatever leaves the object waits at the gate for the commits before it;
 * a crash loses what is not committed.
 */
import type { EventRecord } from "../../src/event/record.ts";
import type { World } from "./world.ts";

export interface Cells {
  readonly record: EventRecord | null;
  readonly alarm: number | null;
}

export interface StorageEvents {
  /** True: the object has crashed just now. */
  readonly crashes: (where: string) => boolean;
  readonly committed: (before: Cells, after: Cells, alarmWritten: boolean) => void;
}

interface Commit {
  cells: Cells;
  alarmWritten: boolean;
  readonly gated: (() => void)[];
}

const EMPTY: Cells = { record: null, alarm: null };

export class Storage {
  /** As the running instance reads it. */
  cells: Cells = EMPTY;
  durable: Cells = EMPTY;
  readonly #world: World;
  readonly #events: StorageEvents;
  /** Written, not yet committed, in order. The last one takes more writes while its turn lasts. */
  #commits: Commit[] = [];
  #turnIsOpen = false;
  #lastCommitAt = 0;
  /** Grows with each crash: what was under way before it must not come through. */
  #life = 0;

  constructor(world: World, events: StorageEvents) {
    this.#world = world;
    this.#events = events;
  }

  write(change: Partial<Cells>): void {
    this.cells = { ...this.cells, ...change };
    const commit = this.#turnIsOpen ? this.#commits.at(-1) : undefined;
    if (commit === undefined) return this.#open("alarm" in change);
    commit.cells = this.cells;
    commit.alarmWritten ||= "alarm" in change;
  }

  /** Resolves once everything written so far is durable. Never, if a crash is quicker. */
  gate(): Promise<void> {
    const last = this.#commits.at(-1);
    return last === undefined ? Promise.resolve() : new Promise((resolve) => void last.gated.push(resolve));
  }

  get isDurable(): boolean {
    return this.#commits.length === 0;
  }

  crash(): void {
    this.#life++;
    this.#commits = [];
    this.#turnIsOpen = false;
    this.cells = this.durable;
  }

  #open(alarmWritten: boolean): void {
    const commit: Commit = { cells: this.cells, alarmWritten, gated: [] };
    this.#commits.push(commit);
    this.#turnIsOpen = true;
    const life = this.#life;
    queueMicrotask(() => {
      if (life !== this.#life) return;
      this.#turnIsOpen = false;
      this.#lastCommitAt = Math.max(this.#lastCommitAt, this.#world.time.now + this.#latency());
      this.#world.time.at(this.#lastCommitAt, () => life === this.#life && this.#commit(commit));
    });
  }

  #latency(): number {
    const { random, weather } = this.#world;
    return this.#world.strikes(weather.slowCommit, "slow commit")
      ? random.whole(50, 3_000)
      : random.whole(0, 8);
  }

  #commit(commit: Commit): void {
    if (this.#events.crashes("before a commit")) return;
    const before = this.durable;
    this.durable = commit.cells;
    this.#commits.shift();
    this.#events.committed(before, this.durable, commit.alarmWritten);
    if (this.#events.crashes("after a commit")) return;
    for (const pass of commit.gated) pass();
  }
}
