import { EXIT_FAILED, EXIT_OK, runMain } from "../lib/failure.ts";
import { paint } from "../lib/terminal.ts";
import { checkLedger, type Report } from "./ledger-check/check-ledger.ts";
import { checkOptions, HELP } from "./ledger-check/options.ts";

async function main(): Promise<number> {
  const options = await checkOptions(process.argv.slice(2));
  if (options === null) {
    console.log(HELP);
    return EXIT_OK;
  }
  const report = await checkLedger(options.ledgerUrl, options.adminKey);
  console.log(options.json ? JSON.stringify(report, null, 2) : table(report));
  return report.ok ? EXIT_OK : EXIT_FAILED;
}

function table({ ledger, rows, ok }: Report): string {
  const width = Math.max(...rows.map(({ check }) => check.length));
  const lines = rows.flatMap((row) => {
    const verdict = row.ok ? paint("green", "ok  ") : paint("red", "FAIL");
    const line = `${verdict}  ${row.check.padEnd(width)}  ${paint("dim", row.found)}`;
    return row.ok
      ? [line]
      : [line, `      safe with: ${row.safe_with ?? "nothing. Do not settle to this ledger"}`];
  });
  const failed = rows.filter((row) => !row.ok).length;
  const sum = ok ? "Everything holds." : `${failed} of ${rows.length} do not hold; docs/ledger.md says more.`;
  return [`${ledger}`, ...lines, sum].join("\n");
}

await runMain(main);
