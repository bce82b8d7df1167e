/** What Linux shows of a process. Elsewhere there is nothing to read, and the CPU columns stay empty. */
import { readdir, readFile } from "node:fs/promises";

const NANOS_PER_SECOND = 1e9;

/**
 * CPU time of all its threads since it began, in seconds. From `schedstat`, in nanoseconds, and not from
 * `stat`, which counts in hundredths of a second.
 */
export async function cpuSecondsOf(pid: number): Promise<number | null> {
  try {
    const threads = await readdir(`/proc/${pid}/task`);
    const times = await Promise.all(
      threads.map(async (thread) => {
        const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8");
        return Number(text.split(" ")[0]);
      }),
    );
    return times.reduce((sum, time) => sum + time, 0) / NANOS_PER_SECOND;
  } catch {
    return null;
  }
}

interface Descriptors {
  readonly open: number;
  readonly limit: number;
}

/** Its open files, and how many it may have; null where the system does not say. */
export async function descriptorsOf(pid: number): Promise<Descriptors | null> {
  try {
    const open = (await readdir(`/proc/${pid}/fd`)).length;
    const [, limit] = /^Max open files\s+(\d+)/m.exec(await readFile(`/proc/${pid}/limits`, "utf8")) ?? [];
    return { open, limit: limit === undefined ? Infinity : Number(limit) };
  } catch {
    return null;
  }
}
