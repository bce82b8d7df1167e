/** What the end-to-end tests share: a started stack with data of its own, and scripts run as a user runs them. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { freePort } from "../../scripts/dev/ports.ts";
import { startStack, type Stack } from "../../scripts/dev/stack.ts";
import { clawsettleClient, type Clawsettle } from "../../scripts/lib/clawsettle.ts";
import { createDevVars, SECRET_NAMES } from "../../scripts/lib/dev-vars.ts";
import { httpClient } from "../../scripts/lib/http.ts";
import { ledgerClient, type Ledger } from "../../scripts/lib/ledger.ts";
import { ROOT } from "../../scripts/lib/paths.ts";
import { sandboxClient, type Sandbox } from "../../scripts/lib/sandbox.ts";

export type TestStack = {
  readonly stack: Stack;
  readonly clawsettle: Clawsettle;
  readonly ledger: Ledger;
  readonly sandbox: Sandbox;
  /** The secrets as a script takes them from its environment. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
};

/** A stack on free ports with an empty data folder and random secrets. `stop` leaves nothing behind. */
export async function startTestStack(vars: Readonly<Record<string, string>> = {}): Promise<TestStack> {
  const folder = await tempFolder();
  const secrets = createDevVars();
  const ports = { clawsettle: await freePort(), ledger: await freePort() };
  const stack = await startStack({ ports, persistTo: join(folder, "state"), vars, secrets });
  const http = httpClient({ connections: 64 });
  const ledgerAccess = { http, baseUrl: stack.ledgerUrl, adminKey: secrets.LEDGER_ADMIN_KEY };
  return {
    stack,
    clawsettle: clawsettleClient({
      http,
      baseUrl: stack.clawsettleUrl,
      signingSecret: secrets.STRIPE_WEBHOOK_SIGNING_SECRET,
      adminKey: secrets.SETTLE_ADMIN_KEY,
    }),
    ledger: ledgerClient(ledgerAccess),
    sandbox: sandboxClient(ledgerAccess),
    env: Object.fromEntries(SECRET_NAMES.map((name) => [name, secrets[name]])),
    async stop() {
      await http.close();
      await stack.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function tempFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "clawsettle-e2e-"));
}

export type Run = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs a script to its end, from the repository's root. */
export function run(
  script: string,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly node?: string } = {},
): Promise<Run> {
  return new Promise((resolve) => {
    const child = execFile(
      options.node ?? process.execPath,
      [script, ...args],
      { cwd: ROOT, env: { ...process.env, ...options.env }, maxBuffer: 16 * 1024 * 1024 },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

/** The `node` of this machine, which operators use and which may be too old; null when there is only the pinned one. */
export function machineNode(): string | null {
  const folders = (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => !folder.includes("node_modules"));
  return folders.map((folder) => join(folder, "node")).find((file) => existsSync(file)) ?? null;
}
