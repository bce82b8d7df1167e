/**
 * Virtual time: tasks in order of their time, ties in the order they were made. Between two tasks every
 * microtask runs out, so that what the code under test does without waiting happens at one moment.
 */
export interface Task {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  canceled: boolean;
}

export class Timeline {
  now: number;
  steps = 0;
  readonly #heap: Task[] = [];
  #order = 0;

  constructor(startMs: number) {
    this.now = startMs;
  }

  /** In whole milliseconds. A time that has passed means: as soon as possible. */
  at(time: number, run: () => void): Task {
    const task = { at: Math.max(Math.round(time), this.now), order: this.#order++, run, canceled: false };
    this.#push(task);
    return task;
  }

  after(delayMs: number, run: () => void): Task {
    return this.at(this.now + delayMs, run);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve));
  }

  sleepUntil(time: number): Promise<void> {
    return this.sleep(time - this.now);
  }

  /** Runs what is due until then, or until `stop` says so after a task. */
  async runUntil(end: number, stop: () => boolean): Promise<void> {
    // What was begun outside of a task has yet to plan its first one.
    await microtasks();
    for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
      this.#pop();
      if (next.canceled) continue;
      this.now = next.at;
      this.steps++;
      next.run();
      await microtasks();
      if (stop()) return;
    }
    this.now = end;
  }

  #push(task: Task): void {
    const heap = this.#heap;
    let at = heap.push(task) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(task, heap[parent] as Task)) break;
      heap[at] = heap[parent] as Task;
      at = parent;
    }
    heap[at] = task;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Task;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Task, heap[child] as Task)) child++;
      if (!isBefore(heap[child] as Task, last)) break;
      heap[at] = heap[child] as Task;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Node takes up a tick only when no microtask is left. */
function microtasks(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
