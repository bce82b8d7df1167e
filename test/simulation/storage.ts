/**
 * The storage of one object, with its promises and no more: what one turn writes without an `await` commits
 * together, some time later; commits keep their order; whatever leaves the object waits at the gate for the
 * commits before it; a crash loses what is not committed.
 */
import type { World } from "./world.ts";

export interface StorageEvents<Cells> {
  /** True: the object has crashed just now. */
  readonly crashes: (where: string) => boolean;
  readonly committed: (before: Cells, after: Cells, written: ReadonlySet<keyof Cells>) => void;
}

interface Commit<Cells> {
  cells: Cells;
  readonly written: Set<keyof Cells>;
  readonly gated: (() => void)[];
}

export class Storage<Cells extends object> {
  /** As the running instance reads it. */
  cells: Cells;
  durable: Cells;
  readonly #world: World;
  readonly #events: StorageEvents<Cells>;
  /** Written, not yet committed, in order. The last one takes more writes while its turn lasts. */
  #commits: Commit<Cells>[] = [];
  #turnIsOpen = false;
  #lastCommitAt = 0;
  /** Grows with each crash: what was under way before it must not come through. */
  #life = 0;

  constructor(world: World, empty: Cells, events: StorageEvents<Cells>) {
    this.#world = world;
    this.#events = events;
    this.cells = empty;
    this.durable = empty;
  }

  write(change: Partial<Cells>): void {
    this.cells = { ...this.cells, ...change };
    const commit = (this.#turnIsOpen ? this.#commits.at(-1) : undefined) ?? this.#open();
    commit.cells = this.cells;
    for (const cell of Object.keys(change)) commit.written.add(cell as keyof Cells);
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

  #open(): Commit<Cells> {
    const commit: Commit<Cells> = { cells: this.cells, written: new Set(), gated: [] };
    this.#commits.push(commit);
    this.#turnIsOpen = true;
    const life = this.#life;
    queueMicrotask(() => {
      if (life !== this.#life) return;
      this.#turnIsOpen = false;
      this.#lastCommitAt = Math.max(this.#lastCommitAt, this.#world.time.now + this.#latency());
      this.#world.time.at(this.#lastCommitAt, () => life === this.#life && this.#commit(commit));
    });
    return commit;
  }

  #latency(): number {
    const { random, plan } = this.#world;
    return this.#world.happens(plan.slowCommit, "slow commit") ? random.whole(50, 3_000) : random.whole(0, 8);
  }

  #commit(commit: Commit<Cells>): void {
    if (this.#events.crashes("before a commit")) return;
    const before = this.durable;
    this.durable = commit.cells;
    this.#commits.shift();
    this.#events.committed(before, this.durable, commit.written);
    if (this.#events.crashes("after a commit")) return;
    for (const pass of commit.gated) pass();
  }
}
