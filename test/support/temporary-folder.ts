import { accessSync, constants, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Linux's file system in memory. */
const MEMORY = "/dev/shm";
/** What all tests store at once is a tenth of it. In a container the file system may be too small, 64 MB. */
const ENOUGH_BYTES = 2 ** 30;

/** A new one for all temporary data of this process and its children. It is gone when the process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(place(), "clawsettle-test-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * In memory where there is enough. Every event is a database of its own, and most of a test's time would be
 * spent waiting for the disk to make a new one durable. A killed process loses nothing of it in memory
 * either.
 */
function place(): string {
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= ENOUGH_BYTES ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}
