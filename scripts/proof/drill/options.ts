import { parseArgs } from "node:util";
import { UsageError } from "../../lib/failure.ts";
import { wholeNumber } from "../../lib/numbers.ts";
import type { CrashOptions } from "./crash.ts";
import { type Outage, OUTAGES, type OutageOptions } from "./outage.ts";
import type { ReconcileOptions } from "./reconcile/drill.ts";

const DEFAULT_KILLS = 20;
const DEFAULT_EVENTS = 2_000;
const DEFAULT_SECONDS = 60;
const DEFAULT_RATE = 10;
const DEFAULT_PAYMENTS = 5_000;
const DEFAULT_LOST = 200;
const DEFAULT_ALTERED = 10;
const DEFAULT_RUN_KILLS = 5;
const MAX_SEED = 2 ** 32 - 1;

export const HELP = `Proves on the real stack, on disk, that nothing is lost and nothing happens twice.

  npm run drill [-- crash | outage | reconcile] [options]       all, one after the other, unless one is named

crash: clawsettle is killed with kill -9 again and again, under load, while the ledger fails in every way.
  --kills <n>          how often (${DEFAULT_KILLS})
  --events <n>         how many events, at least (${DEFAULT_EVENTS})

outage: the ledger is away under load, and comes back.
  --kinds <a,b>        how it is away, one after the other: ${OUTAGES.join(", ")} (all)
  --seconds <n>        for how long (${DEFAULT_SECONDS})
  --rate <n>           new events a second (${DEFAULT_RATE})

reconcile: deliveries are lost and settlements altered; a reconciliation finds them, while it is killed with kill -9.
  --payments <n>       at Stripe (${DEFAULT_PAYMENTS})
  --lost <n>           of them never delivered (${DEFAULT_LOST})
  --altered <n>        of them changed at the ledger (${DEFAULT_ALTERED})
  --run-kills <n>      how often clawsettle is killed during the run (${DEFAULT_RUN_KILLS})
  --calm               Stripe answers well; without it one page in five is a 429 or a 500

  --seed <n>           decides the story and the faults; a new one each time unless given
  --report <file>      also written there: as JSON if it ends in .json, else as Markdown
  --help

Exit code: 0 when all agreed, 1 when not, 2 wrong usage.`;

const DRILLS: readonly string[] = ["crash", "outage", "reconcile"];

export interface DrillOptions {
  readonly crash: CrashOptions | null;
  readonly outage: OutageOptions | null;
  readonly reconcile: ReconcileOptions | null;
  readonly report: string | null;
}

/** Null when only help is wanted. */
export function drillOptions(argv: readonly string[], freshSeed: number): DrillOptions | null {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      kills: { type: "string", default: String(DEFAULT_KILLS) },
      events: { type: "string", default: String(DEFAULT_EVENTS) },
      kinds: { type: "string", default: OUTAGES.join(",") },
      seconds: { type: "string", default: String(DEFAULT_SECONDS) },
      rate: { type: "string", default: String(DEFAULT_RATE) },
      payments: { type: "string", default: String(DEFAULT_PAYMENTS) },
      lost: { type: "string", default: String(DEFAULT_LOST) },
      altered: { type: "string", default: String(DEFAULT_ALTERED) },
      "run-kills": { type: "string", default: String(DEFAULT_RUN_KILLS) },
      calm: { type: "boolean", default: false },
      seed: { type: "string", default: String(freshSeed) },
      report: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const drills = positionals.length === 0 ? DRILLS : positionals;
  const unknown = drills.find((name) => !DRILLS.includes(name));
  if (unknown !== undefined) throw new UsageError(`There is no drill "${unknown}".`);
  const seed = wholeNumber("--seed", values.seed, 0, MAX_SEED);
  const crash = {
    kills: wholeNumber("--kills", values.kills, 1, 1_000),
    events: wholeNumber("--events", values.events, 1, 100_000),
    seed,
  };
  const outage = {
    kinds: values.kinds.split(",").map(outageNamed),
    seconds: wholeNumber("--seconds", values.seconds, 1, 3_600),
    rate: wholeNumber("--rate", values.rate, 1, 200),
    seed,
  };
  const events = wholeNumber("--payments", values.payments, 10, 100_000);
  const lost = wholeNumber("--lost", values.lost, 0, events);
  const reconcile = {
    events,
    lost,
    altered: wholeNumber("--altered", values.altered, 0, events - lost),
    kills: wholeNumber("--run-kills", values["run-kills"], 0, 100),
    faults: !values.calm,
    seed,
  };
  return {
    reconcile: drills.includes("reconcile") ? reconcile : null,
    crash: drills.includes("crash") ? crash : null,
    outage: drills.includes("outage") ? outage : null,
    report: values.report ?? null,
  };
}

function outageNamed(name: string): Outage {
  const outage = OUTAGES.find((known) => known === name.trim());
  if (outage === undefined) throw new UsageError(`--kinds takes ${OUTAGES.join(", ")}, not "${name}".`);
  return outage;
}
