import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { UsageError } from "../../lib/failure.ts";
import { wholeNumber } from "../../lib/numbers.ts";
import { DEV_VARS_FILE, ROOT } from "../../lib/paths.ts";

const MAX_PORT = 65_535;

export const HELP = `Starts a sandbox ledger, a sandbox Stripe and clawsettle on this machine, plays the main job, and stays up until Ctrl-C.

  npm start -- [options]

  --once               play the main job and stop; exit code 0 or 1
  --port <n>           clawsettle's port (8787)
  --ledger-port <n>    the sandbox ledger's port (8788)
  --stripe-port <n>    the sandbox Stripe's port (8789)
  --persist-to <dir>   where all keep their data (.wrangler/state); logs are written beside it
  --vars-file <file>   local secrets (.dev.vars); made with random ones if there is none
  --help`;

export type StartOptions = {
  readonly once: boolean;
  readonly ports: { readonly clawsettle: number; readonly ledger: number; readonly stripe: number };
  readonly persistTo: string;
  readonly varsFile: string;
};

/** Null when only help is wanted. */
export function startOptions(argv: readonly string[]): StartOptions | null {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      once: { type: "boolean", default: false },
      port: { type: "string", default: "8787" },
      "ledger-port": { type: "string", default: "8788" },
      "stripe-port": { type: "string", default: "8789" },
      "persist-to": { type: "string" },
      "vars-file": { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const ports = {
    clawsettle: wholeNumber("--port", values.port, 1, MAX_PORT),
    ledger: wholeNumber("--ledger-port", values["ledger-port"], 1, MAX_PORT),
    stripe: wholeNumber("--stripe-port", values["stripe-port"], 1, MAX_PORT),
  };
  if (new Set(Object.values(ports)).size < 3) {
    throw new UsageError("--port, --ledger-port and --stripe-port must differ.");
  }
  return {
    once: values.once,
    ports,
    persistTo: resolve(values["persist-to"] ?? resolve(ROOT, ".wrangler", "state")),
    varsFile: resolve(values["vars-file"] ?? DEV_VARS_FILE),
  };
}
