/** Everything that a benchmark starts and writes, so that all of it is gone afterwards, whatever happens. */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Linux's file system in memory. What is measured is the software, not this machine's disk. */
const MEMORY = "/dev/shm";

export type Place = Awaited<ReturnType<typeof makePlace>>;

export async function makePlace() {
  const inMemory = await stat(MEMORY).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const folder = await mkdtemp(join(inMemory ? MEMORY : tmpdir(), "clawsettle-bench-"));
  const started: { stop(): Promise<void> }[] = [];
  let isCleared = false;
  return {
    folder,
    /** False: there is no file system in memory here, and the disk is measured too. */
    inMemory,
    /** Stops it when all is over. Returns what it was given. */
    keep<T extends { stop(): Promise<void> }>(one: T): T {
      // It was being started when the benchmark was interrupted.
      if (isCleared) void one.stop();
      started.push(one);
      return one;
    },
    async clear(): Promise<void> {
      isCleared = true;
      await Promise.allSettled(started.map((one) => one.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
