/** Drills on the real stack under load, with a verdict over every event. See docs/proof.md. */
import { randomInt } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { runCommand, type Values } from "../lib/command.ts";
import { EXIT_FAILED, EXIT_OK, UsageError } from "../lib/failure.ts";
import { paint } from "../lib/terminal.ts";
import { auditDrill } from "./drill/audit.ts";
import { crashDrill } from "./drill/crash.ts";
import { crashNumbers, outageNumbers, reconcileNumbers } from "./drill/numbers.ts";
import { HELP, OPTIONS } from "./drill/options.ts";
import { ledgerDrill } from "./drill/ledger-kills.ts";
import { accountDrill } from "./drill/one-account.ts";
import { outageDrill } from "./drill/outage.ts";
import { reconcileDrill } from "./drill/reconcile.ts";
import {
  accountReport,
  auditReport,
  crashReport,
  ledgerReport,
  outageReport,
  reconcileReport,
  verdictText,
} from "./drill/report.ts";
import type { Disagreement } from "./drill/verdict/disagreement.ts";

const MAX_FRESH_SEED = 1_000_000;

interface Outcome {
  readonly numbers: object;
  /** Without the verdict. */
  readonly markdown: string;
  readonly found: readonly Disagreement[];
  /** False: something else than a disagreement fails the drill. */
  readonly healed?: boolean;
}

type Options = Values<typeof OPTIONS> & { readonly seed: number };

/** In the order in which they run. */
const DRILLS = { crash, outage, reconcile, audit, ledger, account };

async function drill(values: Values<typeof OPTIONS>, names: readonly string[]): Promise<number> {
  const unknown = names.find((name) => !(name in DRILLS));
  if (unknown !== undefined) throw new UsageError(`There is no drill "${unknown}".`);
  const { payments, lost, altered, report: file } = values;
  if (lost + altered > payments)
    throw new UsageError("--lost and --altered are no more than the --payments.");
  const options = { ...values, seed: values.seed ?? randomInt(MAX_FRESH_SEED) };
  const reports = [];
  for (const [name, run] of Object.entries(DRILLS)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const { numbers, markdown, found, healed = true } = await run(options);
    const report = `${markdown}\n\n${verdictText(found)}`;
    const passed = healed && found.length === 0;
    reports.push({ report, numbers: { passed, drill: name, ...numbers, found } });
    console.log(`\n${report}\n`);
    // After each, so that a drill that breaks off does not take the report of the one before with it.
    const text = file?.endsWith(".json")
      ? JSON.stringify(
          reports.map((one) => one.numbers),
          null,
          2,
        )
      : reports.map((one) => one.report).join("\n\n");
    if (file !== null) await writeFile(file, `${text}\n`);
  }
  return reports.every(({ numbers }) => numbers.passed) ? EXIT_OK : EXIT_FAILED;
}

async function crash({ kills, events, seed }: Options): Promise<Outcome> {
  const result = await crashDrill({ kills, events, seed }, say);
  const numbers = crashNumbers(result);
  return { numbers, markdown: crashReport(numbers), found: result.disagreements };
}

async function outage({ kinds, seconds, rate, seed }: Options): Promise<Outcome> {
  const result = await outageDrill({ kinds, seconds, rate, seed }, say);
  const numbers = outageNumbers(result);
  const healed = numbers.outages.every(({ came_to_rest, stampede }) => came_to_rest && !stampede);
  return { numbers, markdown: outageReport(numbers), found: result.disagreements, healed };
}

async function reconcile({
  payments,
  lost,
  altered,
  "run-kills": kills,
  calm,
  seed,
}: Options): Promise<Outcome> {
  const result = await reconcileDrill({ payments, lost, altered, kills, faults: !calm, seed }, say);
  const numbers = reconcileNumbers(result);
  return { numbers, markdown: reconcileReport(numbers, seed), found: result.disagreements };
}

async function audit({ seed, ...values }: Options): Promise<Outcome> {
  const { payments, lost, altered, never, invented, effectless, twice, misread } = values;
  const wrong = { lost, never, altered, invented, effectless, twice, misread };
  const { disagreements: found, ...numbers } = await auditDrill({ payments, ...wrong, seed }, say);
  return { numbers, markdown: auditReport(numbers), found };
}

async function ledger({ seed, accounts, ...values }: Options): Promise<Outcome> {
  const [payments, kills] = [values["to-accounts"], values["ledger-kills"]];
  const { disagreements: found, ...numbers } = await ledgerDrill({ payments, accounts, kills, seed }, say);
  return { numbers, markdown: ledgerReport(numbers), found };
}

async function account({ seed, "one-account": events }: Options): Promise<Outcome> {
  const { disagreements: found, ...numbers } = await accountDrill({ events, seed }, say);
  return { numbers, markdown: accountReport(numbers), found };
}

function say(line: string): void {
  console.log(paint("dim", line));
}

await runCommand({ help: HELP, options: OPTIONS, allowPositionals: true }, drill);
