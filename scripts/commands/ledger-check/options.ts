import { parseArgs } from "node:util";
import { readDevVars } from "../../sandbox/stack/dev-vars.ts";
import { UsageError } from "../../lib/failure.ts";
import { baseUrl, isLoopbackHost } from "../../lib/loopback.ts";
import { DEFAULT_LEDGER_URL } from "../../lib/paths.ts";

export const HELP = `Asks a ledger whether it keeps what clawsettle needs.

  npm run ledger:check -- --base-url https://ledger.example --allow-remote

  --base-url <url>           the ledger (${DEFAULT_LEDGER_URL}); plain http only on this machine
  --env local|staging|prod   where the ledger's key is found (local): the environment, and for local .dev.vars too
  --allow-remote             permit a ledger that is not on this machine
  --json                     print the report as JSON
  --help

It opens accounts of its own, with names that nobody else uses, and leaves small sums of money on them: in a ledger that
counts real money, ask its owners first. LEDGER_ADMIN_KEY is the ledger's key.
Exit code: 0 everything holds, 1 something does not, 2 wrong usage.`;

export type CheckOptions = {
  readonly ledgerUrl: URL;
  readonly adminKey: string;
  readonly json: boolean;
};

/** Null when only help is wanted. */
export async function checkOptions(argv: readonly string[]): Promise<CheckOptions | null> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      "base-url": { type: "string", default: DEFAULT_LEDGER_URL },
      env: { type: "string", default: "local" },
      "allow-remote": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const ledgerUrl = baseUrl("--base-url", values["base-url"]);
  if (!isLoopbackHost(ledgerUrl.hostname)) {
    if (!values["allow-remote"])
      throw new UsageError(`${ledgerUrl.origin} is not this machine. If you mean it, add --allow-remote.`);
    if (ledgerUrl.protocol !== "https:")
      throw new UsageError(`${ledgerUrl.origin} is not encrypted: use https.`);
  }
  if (!["local", "staging", "prod"].includes(values.env))
    throw new UsageError(`--env takes local, staging or prod, not "${values.env}".`);
  const file = values.env === "local" ? ((await readDevVars()) ?? {}) : {};
  const adminKey = process.env["LEDGER_ADMIN_KEY"]?.trim() || file["LEDGER_ADMIN_KEY"];
  if (!adminKey) throw new UsageError("Set LEDGER_ADMIN_KEY in the environment.");
  return { ledgerUrl, adminKey, json: values.json };
}
