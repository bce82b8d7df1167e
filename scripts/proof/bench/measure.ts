/** Runs of load, and comparisons of two or more sides in turn. */
import type { Generator } from "./children.ts";
import type { Job } from "./load/job.ts";
import type { Round, Run } from "./summarize.ts";
import type { Server } from "./workerd/server.ts";

/** One run of a job against a server. `operations`: how many one request stands for, where it is more than one. */
export async function measure(
  generator: Generator,
  server: Server,
  job: Omit<Job, "origin">,
  operationsPerRequest = 1,
): Promise<Run> {
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

/**
 * Each side's runs, round after round. The order turns, so that what one side leaves behind (a full cache, a hot
 * processor) is not always the same other side's.
 */
export async function inTurn<Name extends string>(
  rounds: number,
  sides: Readonly<Record<Name, (round: number) => Promise<Run>>>,
): Promise<Record<Name, Run[]>> {
  const names = Object.keys(sides) as Name[];
  const runs = Object.fromEntries(names.map((name) => [name, [] as Run[]])) as Record<Name, Run[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of turned(names, round)) runs[name].push(await sides[name](round));
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

function turned<T>(names: readonly T[], by: number): T[] {
  const at = by % names.length;
  return [...names.slice(at), ...names.slice(0, at)];
}
