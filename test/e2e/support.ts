/**
 * What the end-to-end tests share: a started stack with data of its own, and scripts run as a user runs them.
 */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import {
  startTempStack,
  type TempStack,
  type TempStackOptions,
} from "../../scripts/sandbox/stack/temp-stack.ts";
import { SECRET_NAMES } from "../../scripts/sandbox/stack/dev-vars.ts";

export { tempFolder } from "../../scripts/sandbox/stack/temp-stack.ts";

export type TestStack = TempStack & {
  /** The secrets as a script takes them from its environment. */
  readonly env: Readonly<Record<string, string>>;
};

/** A stack on free ports with an empty data folder and random secrets. `stop` leaves nothing behind. */
export async function startTestStack(
  vars: Readonly<Record<string, string>> = {},
  options: Pick<TempStackOptions, "withStripe" | "cron"> = {},
): Promise<TestStack> {
  const started = await startTempStack({ vars, ...options });
  const { secrets } = started.stack;
  const names = [...SECRET_NAMES, ...(options.withStripe ? ["STRIPE_API_KEY"] : [])];
  return { ...started, env: Object.fromEntries(names.map((name) => [name, secrets[name] ?? ""])) };
}

/**
 * The `node` of this machine, which operators use and which may be too old;
 * null when there is only the pinned one.
 */
export function machineNode(): string | null {
  const folders = (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => !folder.includes("node_modules"));
  return folders.map((folder) => join(folder, "node")).find((file) => existsSync(file)) ?? null;
}
