/** Where the scripts find things unless an option says otherwise. */
import { relative, resolve } from "node:path";

/** The repository, wherever a script is started from. */
export const ROOT = resolve(import.meta.dirname, "..", "..");

/** Local secrets, in the place where wrangler looks for them too. Never committed. */
export const DEV_VARS_FILE = resolve(ROOT, ".dev.vars");

/** The local stack, as `npm start` starts it. */
export const DEFAULT_CLAWSETTLE_URL = "http://127.0.0.1:8787";
export const DEFAULT_LEDGER_URL = "http://127.0.0.1:8788";
export const DEFAULT_STRIPE_URL = "http://127.0.0.1:8789";

/** A path as a reader would type it: relative when it lies below the current folder. */
export function shownPath(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith("..") ? file : path;
}
