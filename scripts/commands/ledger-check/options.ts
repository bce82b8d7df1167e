import { isLoopback } from "../../../src/loopback.ts";
import { baseUrl, flag, oneOf, type Values } from "../../lib/command.ts";
import { UsageError } from "../../lib/failure.ts";
import { DEFAULT_LEDGER_URL, DEV_VARS_FILE } from "../../lib/paths.ts";
import { secretOf } from "../../sandbox/stack/dev-vars.ts";

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

export const OPTIONS = {
  "base-url": baseUrl(new URL(DEFAULT_LEDGER_URL)),
  env: oneOf(["local", "staging", "prod"], "local" as const),
  "allow-remote": flag,
  json: flag,
};

/** What no option can check alone: the address may get the key. Returns the key. */
export async function ledgerKey(values: Values<typeof OPTIONS>): Promise<string> {
  const url = values["base-url"];
  if (!isLoopback(url.hostname)) {
    if (!values["allow-remote"])
      throw new UsageError(`${url.origin} is not this machine. If you mean it, add --allow-remote.`);
    if (url.protocol !== "https:") throw new UsageError(`${url.origin} is not encrypted: use https.`);
  }
  const key = await secretOf("LEDGER_ADMIN_KEY", values.env === "local" ? DEV_VARS_FILE : null);
  if (key === null) throw new UsageError("Set LEDGER_ADMIN_KEY in the environment.");
  return key;
}
