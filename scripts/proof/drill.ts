/** Drills on the real stack: crashes and outages under load, with a verdict over every event. See docs/proof.md. */
import { randomInt } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { crashDrill } from "./drill/crash.ts";
import { crashNumbers, outageNumbers } from "./drill/numbers.ts";
import { drillOptions, HELP } from "./drill/options.ts";
import { outageDrill } from "./drill/outage.ts";
import { reconcileDrill } from "./drill/reconcile/drill.ts";
import { reconcileNumbers, reconcileReport } from "./drill/reconcile/report.ts";
import { crashReport, outageReport } from "./drill/report.ts";
import { EXIT_FAILED, EXIT_OK, runMain } from "../lib/failure.ts";
import { paint } from "../lib/terminal.ts";

const MAX_FRESH_SEED = 1_000_000;

interface Report {
  readonly markdown: string;
  readonly numbers: object;
  readonly passed: boolean;
}

async function main(): Promise<number> {
  const options = drillOptions(process.argv.slice(2), randomInt(MAX_FRESH_SEED));
  if (options === null) {
    console.log(HELP);
    return EXIT_OK;
  }
  const reports: Report[] = [];
  const tell = async (report: Report): Promise<void> => {
    reports.push(report);
    console.log(`\n${report.markdown}\n`);
    // After each, so that a drill that breaks off does not take the report of the one before with it.
    if (options.report !== null) await writeFile(options.report, written(reports, options.report));
  };
  if (options.crash !== null) {
    const result = await crashDrill(options.crash, say);
    const { disagreements } = result;
    const numbers = { drill: "crash", ...crashNumbers(result), found: disagreements };
    await tell({
      markdown: crashReport(numbers, disagreements),
      numbers,
      passed: disagreements.length === 0,
    });
  }
  if (options.outage !== null) {
    const result = await outageDrill(options.outage, say);
    const { disagreements } = result;
    const numbers = { drill: "outage", ...outageNumbers(result), found: disagreements };
    const healed = numbers.outages.every(({ came_to_rest, stampede }) => came_to_rest && !stampede);
    const passed = healed && disagreements.length === 0;
    await tell({ markdown: outageReport(numbers, disagreements), numbers, passed });
  }
  if (options.reconcile !== null) {
    const result = await reconcileDrill(options.reconcile, say);
    const { disagreements } = result;
    const numbers = { drill: "reconcile", ...reconcileNumbers(result), found: disagreements };
    await tell({
      markdown: reconcileReport(result),
      numbers,
      passed: disagreements.length === 0,
    });
  }
  return reports.every(({ passed }) => passed) ? EXIT_OK : EXIT_FAILED;
}

function say(line: string): void {
  console.log(paint("dim", line));
}

function written(reports: readonly Report[], file: string): string {
  if (!file.endsWith(".json")) return `${reports.map(({ markdown }) => markdown).join("\n\n")}\n`;
  return `${JSON.stringify(
    reports.map(({ passed, numbers }) => ({ passed, ...numbers })),
    null,
    2,
  )}\n`;
}

await runMain(main);
