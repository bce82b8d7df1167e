import { rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { createDevVars, type DevVars } from "../lib/dev-vars.ts";
import { ROOT } from "../lib/paths.ts";
import { startLocalWorker, type LocalWorker } from "./local-worker.ts";
import { HOST } from "./ports.ts";

export type StackOptions = {
  readonly ports: { readonly clawsettle: number; readonly ledger: number };
  /** Both Workers keep their data below this folder, and log beside it. Started again with it, they go on. */
  readonly persistTo: string;
  /** Settings of clawsettle that differ from wrangler.toml's local ones. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Fresh random ones if absent. */
  readonly secrets?: DevVars;
  /** Rebuild and reload when a source file changes. */
  readonly watch?: boolean;
  readonly onLogLine?: (line: string) => void;
};

export type Stack = {
  readonly clawsettleUrl: URL;
  readonly ledgerUrl: URL;
  readonly secrets: DevVars;
  readonly pids: { readonly clawsettle: number; readonly ledger: number };
  /** Settles with a message when a Worker's process ends that nobody stopped. */
  readonly died: Promise<string>;
  /** Kills clawsettle, and only it, like a power failure. */
  kill9(): Promise<void>;
  /** Starts clawsettle again after `kill9`, on the same port and data; the vars are merged over the first ones. */
  restart(vars?: Readonly<Record<string, string>>): Promise<void>;
  /** The same for the ledger: until it is started again, connections to it are refused. */
  killLedger(): Promise<void>;
  restartLedger(): Promise<void>;
  stop(): Promise<void>;
  logTail(): Promise<string>;
};

/** Sandbox ledger and clawsettle on the local runtime, bound to 127.0.0.1 and healthy. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const secrets = options.secrets ?? createDevVars();
  // A restart adds to the logs, so that they hold a crash and what followed. A new stack begins new ones.
  await Promise.all(["clawsettle", "ledger"].map((name) => rm(logFile(options, name), { force: true })));
  const starts = await Promise.allSettled([startClawsettle(options, secrets), startLedger(options, secrets)]);
  const [clawsettleStart, ledgerStart] = starts;
  if (clawsettleStart.status === "rejected" || ledgerStart.status === "rejected") {
    // One that did start must not outlive the attempt.
    await Promise.all(starts.map((start) => (start.status === "fulfilled" ? start.value.stop() : null)));
    throw starts.find((start) => start.status === "rejected")?.reason;
  }
  let ledger = ledgerStart.value;
  let clawsettle = clawsettleStart.value;

  const ending = new Set<LocalWorker>();
  const died = Promise.withResolvers<string>();
  const guard = async (worker: LocalWorker): Promise<void> => {
    await worker.exited;
    if (ending.has(worker)) return;
    died.resolve(`${worker.name} ended unexpectedly. The end of its log:\n${await worker.logTail()}`);
  };
  void guard(ledger);
  void guard(clawsettle);

  return {
    clawsettleUrl: clawsettle.url,
    ledgerUrl: ledger.url,
    secrets,
    get pids() {
      return { clawsettle: clawsettle.pid, ledger: ledger.pid };
    },
    died: died.promise,
    kill9() {
      ending.add(clawsettle);
      return clawsettle.kill9();
    },
    async restart(vars = {}) {
      clawsettle = await startClawsettle({ ...options, vars: { ...options.vars, ...vars } }, secrets);
      void guard(clawsettle);
    },
    killLedger() {
      ending.add(ledger);
      return ledger.kill9();
    },
    async restartLedger() {
      ledger = await startLedger(options, secrets);
      void guard(ledger);
    },
    async stop() {
      ending.add(clawsettle).add(ledger);
      await Promise.all([clawsettle.stop(), ledger.stop()]);
    },
    logTail: () => clawsettle.logTail(),
  };
}

function startClawsettle(options: StackOptions, secrets: DevVars): Promise<LocalWorker> {
  return startLocalWorker({
    name: "clawsettle",
    config: resolve(ROOT, "wrangler.toml"),
    port: options.ports.clawsettle,
    persistTo: resolve(options.persistTo, "clawsettle"),
    logFile: logFile(options, "clawsettle"),
    vars: { LEDGER_BASE_URL: `http://${HOST}:${options.ports.ledger}`, ...options.vars },
    secrets,
    watch: options.watch ?? false,
    ...(options.onLogLine === undefined ? {} : { onLogLine: options.onLogLine }),
  });
}

function startLedger(options: StackOptions, secrets: DevVars): Promise<LocalWorker> {
  return startLocalWorker({
    name: "the sandbox ledger",
    config: resolve(ROOT, "scripts/sandbox-ledger/wrangler.toml"),
    port: options.ports.ledger,
    persistTo: resolve(options.persistTo, "ledger"),
    logFile: logFile(options, "ledger"),
    vars: {},
    secrets: { LEDGER_ADMIN_KEY: secrets.LEDGER_ADMIN_KEY },
    watch: options.watch ?? false,
  });
}

function logFile(options: StackOptions, name: string): string {
  return resolve(dirname(resolve(options.persistTo)), `dev-${name}.log`);
}
