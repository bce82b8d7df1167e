/** Runs of load, and comparisons of two or more sides in turn. */
import type { Bench } from "./bench.ts";
import type { Job } from "./load/job.ts";
import type { Round, Run } from "./summarize.ts";
import type { Server } from "./workerd/server.ts";

export type Load = Omit<Job, "origin"> & {
  /** How many events it settles or wakes, each with its object and its account's. */
  readonly opens?: number;
  /** How many one request stands for, where it is more than one. */
  readonly operationsPerRequest?: number;
};

/** Three open files for each of two objects, and some to spare. */
const DESCRIPTORS_PER_EVENT = 6;
const SPARE_DESCRIPTORS = 500;

/** One run of load against a server. */
export async function measure({ generator }: Bench, server: Server, load: Load): Promise<Run> {
  const { opens = 0, operationsPerRequest = 1, ...job } = load;
  if (opens > 0) await server.untilFree(DESCRIPTORS_PER_EVENT * opens + SPARE_DESCRIPTORS);
  const before = await server.cpuSeconds();
  const { seconds, latenciesMs } = await generator.run({ ...job, origin: server.origin });
  const after = await server.cpuSeconds();
  return {
    seconds,
    latenciesMs: operationsPerRequest === 1 ? latenciesMs : [],
    operations: latenciesMs.length * operationsPerRequest,
    cpuSeconds: before === null || after === null ? null : after - before,
  };
}

/** Each side's runs under a load that may be another in each round, and for each side. */
export function compare<Name extends string>(
  bench: Bench,
  rounds: number,
  servers: Readonly<Record<Name, Server>>,
  loadOf: (round: number, name: Name) => Load,
): Promise<Record<Name, Run[]>> {
  const sides = (Object.entries(servers) as [Name, Server][]).map(
    ([name, server]) => [name, (round: number) => measure(bench, server, loadOf(round, name))] as const,
  );
  return inTurn(rounds, Object.fromEntries(sides) as Record<Name, (round: number) => Promise<Run>>);
}

/**
 * Round after round. The order turns, so that what one side leaves behind (a full cache, a hot processor) is
 * not always the same other side's.
 */
export async function inTurn<Name extends string>(
  rounds: number,
  sides: Readonly<Record<Name, (round: number) => Promise<Run>>>,
): Promise<Record<Name, Run[]>> {
  const names = Object.keys(sides) as Name[];
  const runs = Object.fromEntries(names.map((name) => [name, [] as Run[]])) as Record<Name, Run[]>;
  for (let round = 0; round < rounds; round++) {
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      runs[name].push(await sides[name](round));
    }
  }
  return runs;
}

/** The runs of two sides, paired by round. */
export function pairs(product: readonly Run[], other: readonly Run[]): Round[] {
  return product.flatMap((run, round) => {
    const partner = other[round];
    return partner === undefined ? [] : [{ product: run, other: partner }];
  });
}
