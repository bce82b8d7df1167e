/** Runs simulated histories and tells of the first that breaks a promise. See test/simulation/README.md. */
import { parseArgs } from "node:util";
import { SingleBar } from "cli-progress";
import type { Bug } from "../../test/simulation/bug.ts";
import { BUGS, bugNamed } from "../../test/simulation/bugs.ts";
import { runHistory } from "../../test/simulation/history.ts";
import { type Many, runMany } from "../../test/simulation/simulate-many.ts";
import { summarize, tell } from "../../test/simulation/describe-history.ts";
import { EXIT_FAILED, EXIT_OK, runMain, UsageError } from "../lib/failure.ts";
import { wholeNumber } from "../lib/numbers.ts";
import { paint } from "../lib/terminal.ts";

const DEFAULT_RUNS = 2_000;
const MAX_RUNS = 100_000_000;
const MAX_SEED = 2 ** 32 - 1;

const HELP = `Simulates histories of payments under faults, and checks the promise in each. One seed decides everything.

  npm run simulate                       ${DEFAULT_RUNS} histories, from seed 1 on
  npm run simulate -- --seed 123         exactly this one, told as far as it matters
  npm run simulate -- --bug no-joining   with a planted bug, which must be caught

  --seed <n>      one history; with --runs: the first of them
  --runs <n>      how many (${DEFAULT_RUNS})
  --bug <name>    plant a bug: ${BUGS.map(({ name }) => name).join(", ")}; or "all", one after the other
  --verbose       tell the whole history of a single seed; with --bug all: every way in which each was caught
  --help

Exit code: 0 when no promise was broken (with --bug: when every bug was caught), 1 otherwise, 2 wrong usage.`;

interface Options {
  readonly seed: number | null;
  readonly runs: number;
  readonly bugs: readonly Bug[];
  readonly verbose: boolean;
}

function optionsOf(argv: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seed: { type: "string" },
      runs: { type: "string" },
      bug: { type: "string" },
      verbose: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const seed = values.seed === undefined ? null : wholeNumber("--seed", values.seed, 0, MAX_SEED);
  const runs = values.runs === undefined ? null : wholeNumber("--runs", values.runs, 1, MAX_RUNS);
  return {
    seed,
    runs: runs ?? (seed === null ? DEFAULT_RUNS : 1),
    bugs: values.bug === undefined ? [] : bugsOf(values.bug),
    verbose: values.verbose,
  };
}

function bugsOf(name: string): readonly Bug[] {
  if (name === "all") return BUGS;
  const bug = bugNamed(name);
  if (bug === null) throw new UsageError(`There is no planted bug "${name}".`);
  return [bug];
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  if (options === null) {
    console.log(HELP);
    return EXIT_OK;
  }
  if (options.runs === 1) return tellOne(options);
  return options.bugs.length === 0 ? proveMany(options) : catchBugs(options);
}

async function tellOne({ seed, bugs, verbose }: Options): Promise<number> {
  const history = await runHistory(seed ?? 1, { tells: true, bug: bugs[0] ?? null });
  console.log(tell(history, { whole: verbose }));
  const isBroken = history.violations.length > 0;
  return isBroken === bugs.length > 0 ? EXIT_OK : EXIT_FAILED;
}

async function proveMany({ seed, runs }: Options): Promise<number> {
  const result = await withBar(runs, (onRun) => runMany({ from: seed ?? 1, runs, most: 1, onRun }));
  const [broken] = result.failed;
  if (broken !== undefined) {
    console.log(tell(await runHistory(broken.seed, { tells: true }), { whole: false }));
    console.log(`\nAgain: npm run simulate -- --seed ${broken.seed}`);
    return EXIT_FAILED;
  }
  console.log(`${summarize(result.counts)}\n`);
  console.log(`${paint("green", "No promise was broken")} in ${pace(result)}.`);
  return EXIT_OK;
}

async function catchBugs({ seed, runs, bugs, verbose }: Options): Promise<number> {
  let escaped = 0;
  for (const bug of bugs) {
    const result = await withBar(runs, (onRun) => runMany({ from: seed ?? 1, runs, bug, onRun }));
    const [first] = result.failed;
    if (first === undefined) escaped++;
    const verdict = first === undefined ? paint("red", "ESCAPED") : paint("green", "caught");
    const where = first === undefined ? "" : `, first by seed ${first.seed}: ${first.violations[0]}`;
    console.log(`${verdict} ${bug.name} in ${result.failed.length} of ${runs}${where}`);
    if (verbose) console.log(waysOf(result));
  }
  return escaped === 0 ? EXIT_OK : EXIT_FAILED;
}

/** By which check each was caught: a bug that only one check sees rests on that check alone. */
function waysOf({ failed }: Many): string {
  const ways = new Map<string, number>();
  for (const { violations } of failed) {
    const way = (violations[0] ?? "")
      .replace(/^.*?: /, "")
      .replaceAll(/\d+/g, "#")
      .slice(0, 80);
    ways.set(way, (ways.get(way) ?? 0) + 1);
  }
  const sorted = [...ways].sort(([, a], [, b]) => b - a);
  return sorted.map(([way, count]) => `  ${String(count).padStart(6)}  ${way}`).join("\n");
}

async function withBar<T>(total: number, run: (onRun: () => void) => Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return run(() => undefined);
  const bar = new SingleBar({
    format: "{bar} {value}/{total}  {eta_formatted} left",
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(total, 0);
  try {
    return await run(() => bar.increment());
  } finally {
    bar.stop();
  }
}

function pace({ runs, seconds }: Many): string {
  const perSecond = (runs / seconds).toFixed(0);
  return `${runs.toLocaleString("en")} histories (${seconds.toFixed(1)} s, ${perSecond} a second)`;
}

await runMain(main);
