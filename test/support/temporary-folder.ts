import { accessSync, constants, statfsSync } from "node:fs";
import { tmpdir } from "node:os";

/** Linux's file system in memory. */
const MEMORY = "/dev/shm";
/** What all tests store at once is a tenth of it. In a container the file system may be too small, 64 MB. */
const ENOUGH_BYTES = 2 ** 30;

/**
 * Where tests keep their temporary data. Every event is a database of its own, and most of a test's time would be
 * spent waiting for the disk to make a new one durable. A killed process loses nothing of it in memory either.
 */
export function temporaryFolder(): string {
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= ENOUGH_BYTES ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}
