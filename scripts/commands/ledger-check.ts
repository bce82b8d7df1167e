/** `npm run ledger:check`: asks a ledger whether it keeps what clawsettle needs. */
import { runCommand, type Values } from "../lib/command.ts";
import { EXIT_FAILED, EXIT_OK } from "../lib/failure.ts";
import { paint } from "../lib/terminal.ts";
import { checkLedger, type Report } from "./ledger-check/check-ledger.ts";
import { HELP, ledgerKey, OPTIONS } from "./ledger-check/options.ts";

async function run(values: Values<typeof OPTIONS>): Promise<number> {
  const report = await checkLedger(values["base-url"], await ledgerKey(values));
  console.log(values.json ? JSON.stringify(report, null, 2) : table(report));
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

await runCommand({ help: HELP, options: OPTIONS }, run);
