/** `npm run bench`: the production bundle under workerd, against Workers that do the least possible. */
import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { runCommand } from "../../lib/command.ts";
import { EXIT_OK, PlainError } from "../../lib/failure.ts";
import { shownPath } from "../../lib/paths.ts";
import { paint } from "../../lib/terminal.ts";
import { type Bench, prepare, startOther } from "./bench.ts";
import { CONCURRENCY, FULL, QUICK } from "./effort.ts";
import { measure } from "./measure.ts";
import { type BenchOptions, HELP, OPTIONS, type Part, PARTS } from "./options.ts";
import { makePlace, type Place } from "./place.ts";
import { table } from "./report.ts";
import type { Row } from "./row.ts";
import { deliveryRows } from "./rows/events.ts";
import { growthRows } from "./rows/growth.ts";
import { forge } from "./rows/loads.ts";
import { statisticsRows } from "./rows/statistics.ts";
import { verificationRows } from "./rows/verification.ts";
import { summarize } from "./summarize.ts";

const ROWS: Readonly<Record<Part, (bench: Bench) => Promise<Row[]>>> = {
  deliveries: deliveryRows,
  verification: verificationRows,
  growth: growthRows,
  statistics: statisticsRows,
};
const CEILING_REQUESTS = 4_000;
const CEILING_RUNS = 3;

async function benchmark(options: BenchOptions): Promise<number> {
  const place = await makePlace();
  const interrupted = interruption();
  try {
    return await Promise.race([run(options, place), interrupted]);
  } finally {
    await place.clear();
  }
}

async function run(options: BenchOptions, place: Place): Promise<number> {
  const startedAt = performance.now();
  const say = (what: string) => console.error(paint("dim", `${elapsed(startedAt)} ${what}`));
  const bench = await prepare(place, options.quick ? QUICK : FULL, say);
  const ceiling = await ceilingOf(bench);
  const rows: Row[] = [];
  for (const part of options.only === null ? PARTS : [options.only]) rows.push(...(await ROWS[part](bench)));

  const report = [
    table(rows),
    "",
    `Each pair is clawsettle / the other side. Load: ${CONCURRENCY} requests at once; the generator's own ceiling is`,
    `${ceiling.toLocaleString("en")} requests/s. ${place.inMemory ? "Data in memory" : "Data on disk: the disk was measured too"}. ` +
      `${availableParallelism()} processors, ${elapsed(startedAt)} in all.`,
  ].join("\n");
  console.log(`\n${report}`);
  if (options.report !== null) {
    await writeFile(options.report, `${report}\n`);
    say(`written to ${shownPath(resolve(options.report))}`);
  }
  return EXIT_OK;
}

/** What the generator gets out of a Worker that does nothing: near it, a ratio is the generator's own. */
async function ceilingOf(bench: Bench): Promise<number> {
  bench.say("the generator's ceiling");
  const empty = await startOther(bench, "empty", "ceiling");
  const once = () => measure(bench, empty, forge(CEILING_REQUESTS));
  await once();
  const runs = [];
  for (let i = 0; i < CEILING_RUNS; i++) runs.push(await once());
  return Math.round(summarize(runs).perSecond);
}

function interruption(): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => reject(new PlainError("Interrupted.")));
  }
  return promise;
}

function elapsed(startedAt: number): string {
  return `${Math.round((performance.now() - startedAt) / 1000)} s`.padStart(5);
}

await runCommand({ help: HELP, options: OPTIONS }, benchmark);
// What an interruption cut off may still be waiting for something.
process.exit();
