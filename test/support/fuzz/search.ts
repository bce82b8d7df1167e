/** How the fuzz tests search: from a seed, so many inputs or so long, with an eye on the log. */
import * as fc from "fast-check";
import { afterAll, afterEach, beforeAll, inject, vi } from "vitest";
import { watchLog } from "./log.ts";

export interface FuzzSettings {
  readonly seed: number;
  /** Inputs per property and batch, if there is time for them. */
  readonly runs: number;
  /** How often, each time from the next seed. */
  readonly batches: number;
  /** Seconds per property. */
  readonly seconds: number;
}

declare module "vitest" {
  interface ProvidedContext {
    fuzz: FuzzSettings;
  }
}

/** However slow the machine is. */
const FEWEST_RUNS = 5;
/** Once something is found, the time to make it small. */
const SHRINK_MS = 20_000;

/** The runtime's own clock is real: alarms of a far year do not ring between an input and its checks. */
const FAR_YEAR = Date.UTC(2032, 1, 29);

/** Longer than a search and its shrinking can take. */
const FUZZ_TIMEOUT_MS = 1_000 * inject("fuzz").seconds + 3 * SHRINK_MS;

/** For a file of fuzz tests, before its own hooks. */
export function prepareFuzz(): void {
  vi.setConfig({ testTimeout: FUZZ_TIMEOUT_MS });
  beforeAll(() => void vi.useFakeTimers({ toFake: ["Date"], now: FAR_YEAR }));
  afterEach(() => void vi.restoreAllMocks());
  afterAll(() => void vi.useRealTimers());
}

/**
 * `holds` throws when an input breaks the property. A log line that tells of an error nobody expected breaks
 * every property. Returns how many inputs were tried. A failure names the command that finds it again.
 */
export async function fuzz<Input>(
  inputs: fc.Arbitrary<Input>,
  holds: (input: Input) => Promise<void>,
): Promise<number> {
  const { seed, runs, batches, seconds } = inject("fuzz");
  const log = watchLog();
  let done = 0;
  let deadline = performance.now() + seconds * 1_000;
  const property = fc.asyncProperty(inputs, async (input) => {
    // Not fast-check's own time limit: it leaves an input in the middle,
    // which then goes on behind the next test.
    if (done >= FEWEST_RUNS && performance.now() > deadline) return;
    done++;
    try {
      await holds(input);
      log.expectDecent();
    } catch (error) {
      deadline = Math.max(deadline, performance.now() + SHRINK_MS);
      throw readable(error);
    } finally {
      log.forget();
    }
  });
  try {
    // Small batches, each with a seed of its own: so what a long search has found is found again in a moment.
    for (let batch = 0; batch < batches && performance.now() < deadline; batch++) {
      await search(property, seed + batch, runs);
    }
    return done;
  } finally {
    log.stop();
  }
}

async function search<Inputs extends unknown[]>(
  property: fc.IAsyncProperty<Inputs>,
  seed: number,
  numRuns: number,
): Promise<void> {
  const found = await fc.check(property, { seed, numRuns });
  if (!found.failed) return;
  const report = fc.defaultReportMessage(found) ?? "";
  throw new Error(`Again: npm run fuzz -- --seed ${seed}\n\n${report}`, { cause: found.errorInstance });
}

const MOST_LETTERS = 2_000;

/** Hostile text on its way to the terminal: half a surrogate pair would break the runner's own connection. */
function readable(error: unknown): Error {
  const { message, actual, expected, stack } = error as Record<string, unknown>;
  const made = new Error(
    [message, show("actual", actual), show("expected", expected)].join("\n").toWellFormed(),
  );
  made.stack = String(stack).toWellFormed();
  return made;
}

function show(name: string, value: unknown): string {
  return `${name}: ${(JSON.stringify(value) ?? "undefined").slice(0, MOST_LETTERS)}`;
}
