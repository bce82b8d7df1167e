/** Everything that a benchmark starts and writes, so that all of it is gone afterwards, whatever happens. */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Linux's file system in memory. What is measured is the software, not this machine's disk. */
const MEMORY = "/dev/shm";

export interface Place {
  readonly folder: string;
  /** False: there is no file system in memory here, and the disk is measured too. */
  readonly inMemory: boolean;
  /** Stops it when all is over. Returns what it was given. */
  keep<T extends { stop(): Promise<void> }>(started: T): T;
  clear(): Promise<void>;
}

export async function makePlace(): Promise<Place> {
  const inMemory = await stat(MEMORY).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const folder = await mkdtemp(join(inMemory ? MEMORY : tmpdir(), "clawsettle-bench-"));
  const started: { stop(): Promise<void> }[] = [];
  let isCleared = false;
  return {
    folder,
    inMemory,
    keep(one) {
      // It was being started when the benchmark was interrupted.
      if (isCleared) void one.stop();
      started.push(one);
      return one;
    },
    async clear() {
      isCleared = true;
      await Promise.allSettled(started.map((one) => one.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
