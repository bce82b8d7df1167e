import { resolve } from "node:path";
import { flag, text, type Values, whole } from "../../lib/command.ts";
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

export const OPTIONS = {
  once: flag,
  port: whole(1, MAX_PORT, 8787),
  "ledger-port": whole(1, MAX_PORT, 8788),
  "stripe-port": whole(1, MAX_PORT, 8789),
  "persist-to": text(resolve(ROOT, ".wrangler", "state")),
  "vars-file": text(DEV_VARS_FILE),
};

export type StartOptions = Values<typeof OPTIONS>;
