import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { UsageError } from "../../lib/failure.ts";
import { type Effort, FULL, QUICK } from "./effort.ts";

export const PARTS = ["deliveries", "verification", "growth"] as const;
export type Part = (typeof PARTS)[number];

export const HELP = `Measures clawsettle under workerd, against Workers that do the least possible, and prints one table.

  npm run bench                 everything, about six minutes
  npm run bench -- --quick      the same rows from fewer and shorter runs, under two minutes

  --only <part>        one part: ${PARTS.join(", ")}
  --report <file>      write the table there too, as Markdown
  --quick
  --help

Exit code: 0 when everything was measured, whatever it was; 1 when not, 2 wrong usage. What the rows mean: docs/benchmarks.md.`;

export interface BenchOptions {
  readonly effort: Effort;
  readonly parts: readonly Part[];
  readonly reportFile: string | null;
}

/** Null when only help is wanted. */
export function benchOptions(argv: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      report: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  return {
    effort: values.quick ? QUICK : FULL,
    parts: values.only === undefined ? PARTS : [partOf(values.only)],
    reportFile: values.report === undefined ? null : resolve(values.report),
  };
}

function partOf(name: string): Part {
  const part = PARTS.find((one) => one === name);
  if (part === undefined) throw new UsageError(`--only takes ${PARTS.join(", ")}, not "${name}".`);
  return part;
}
