/** Runs simulated histories and prints the first that breaks a promise. See test/simulation/README.md. */
import { playInAnyOrder } from "../../test/simulation/any-order.ts";
import type { Bug } from "../../test/simulation/bug.ts";
import { BUGS, bugNamed } from "../../test/simulation/bugs.ts";
import { runHistory } from "../../test/simulation/run-history.ts";
import { type Many, runMany } from "../../test/simulation/simulate-many.ts";
import { describeHistory, summarize } from "../../test/simulation/describe-history.ts";
import { flag, option, runCommand, type Values, whole } from "../lib/command.ts";
import { EXIT_FAILED, EXIT_OK, UsageError } from "../lib/failure.ts";
import { paint, withProgressBar } from "../lib/terminal.ts";

const DEFAULT_RUNS = 2_000;
const MAX_RUNS = 100_000_000;
const MAX_SEED = 2 ** 32 - 1;

const HELP = `Simulates histories of payments under faults, and checks the promise in each. One seed decides everything.

  npm run simulate                       ${DEFAULT_RUNS} histories, from seed 1 on
  npm run simulate -- --seed 123         exactly this one, printed as far as it matters
  npm run simulate -- --bug no-joining   with a planted bug, which must be caught

  --seed <n>      one history; with --runs: the first of them
  --runs <n>      how many (${DEFAULT_RUNS})
  --bug <name>    plant a bug: ${BUGS.map(({ name }) => name).join(", ")}; or "all", one after the other
  --in-any-order  without faults: the events of each history in any order, some of them twice; fast
  --verbose       print the whole history of a single seed; with --bug all: every way in which each was caught
  --help

Exit code: 0 when no promise was broken (with --bug: when every bug was caught), 1 otherwise, 2 wrong usage.`;

const OPTIONS = {
  seed: whole(0, MAX_SEED, null),
  runs: whole(1, MAX_RUNS, null),
  "in-any-order": flag,
  bug: option((_, name) => bugsOf(name), []),
  verbose: flag,
};

type Options = Values<typeof OPTIONS> & { readonly seed: number; readonly runs: number };

function bugsOf(name: string): readonly Bug[] {
  if (name === "all") return BUGS;
  const bug = bugNamed(name);
  if (bug === null) throw new UsageError(`There is no planted bug "${name}".`);
  return [bug];
}

async function simulate(values: Values<typeof OPTIONS>): Promise<number> {
  const { seed, runs, bug } = values;
  const options = { ...values, seed: seed ?? 1, runs: runs ?? (seed === null ? DEFAULT_RUNS : 1) };
  if (values["in-any-order"] && bug.length > 0) throw new UsageError("--bug goes without --in-any-order.");
  if (values["in-any-order"]) return proveInAnyOrder(options);
  if (options.runs === 1) return runOne(options);
  return bug.length === 0 ? proveMany(options) : catchBugs(options);
}

async function runOne({ seed, bug: bugs, verbose }: Options): Promise<number> {
  const history = await runHistory(seed, { keepsLog: true, bug: bugs[0] ?? null });
  console.log(describeHistory(history, { whole: verbose }));
  const isBroken = history.violations.length > 0;
  return isBroken === bugs.length > 0 ? EXIT_OK : EXIT_FAILED;
}

async function proveMany({ seed, runs }: Options): Promise<number> {
  const result = await withProgressBar(runs, (onRun) => runMany({ from: seed, runs, most: 1, onRun }));
  const [broken] = result.failed;
  if (broken !== undefined) {
    console.log(describeHistory(await runHistory(broken.seed, { keepsLog: true }), { whole: false }));
    console.log(`\nAgain: npm run simulate -- --seed ${broken.seed}`);
    return EXIT_FAILED;
  }
  console.log(`${summarize(result.counts)}\n`);
  console.log(`${paint("green", "No promise was broken")} in ${pace(result)}.`);
  return EXIT_OK;
}

async function proveInAnyOrder({ seed, runs }: Options): Promise<number> {
  const search = { from: seed, runs, most: 1, inAnyOrder: true };
  const result = await withProgressBar(runs, (onRun) => runMany({ ...search, onRun }));
  const [broken] = result.failed;
  if (broken !== undefined) {
    const { atStripe, violations } = await playInAnyOrder(broken.seed);
    console.log(describeHistory({ ...broken, violations, atStripe, log: null }, { whole: false }));
    return EXIT_FAILED;
  }
  console.log(`${summarize(result.counts)}\n`);
  console.log(`${paint("green", "No promise was broken")} in ${pace(result)}.`);
  return EXIT_OK;
}

async function catchBugs({ seed, runs, bug: bugs, verbose }: Options): Promise<number> {
  let escaped = 0;
  for (const bug of bugs) {
    const result = await withProgressBar(runs, (onRun) => runMany({ from: seed, runs, bug, onRun }));
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

function pace({ runs, seconds }: Many): string {
  const perSecond = (runs / seconds).toFixed(0);
  return `${runs.toLocaleString("en")} histories (${seconds.toFixed(1)} s, ${perSecond} a second)`;
}

await runCommand({ help: HELP, options: OPTIONS }, simulate);
