import { flag, oneOf, text, type Values } from "../../lib/command.ts";

export const PARTS = ["deliveries", "verification", "growth", "statistics"] as const;
export type Part = (typeof PARTS)[number];

export const HELP = `Measures clawsettle under workerd, against Workers that do the least possible, and prints one table.

  npm run bench                 everything, about six minutes
  npm run bench -- --quick      the same rows from fewer and shorter runs, under two minutes

  --only <part>        one part: ${PARTS.join(", ")}
  --report <file>      write the table there too, as Markdown
  --quick
  --help

Exit code: 0 when everything was measured, whatever it was; 1 when not, 2 wrong usage. What the rows mean: docs/benchmarks.md.`;

export const OPTIONS = { only: oneOf(PARTS, null), report: text(null), quick: flag };

export type BenchOptions = Values<typeof OPTIONS>;
