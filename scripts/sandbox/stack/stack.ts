import { rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { createDevVars, type DevVars } from "./dev-vars.ts";
import { ROOT } from "../../lib/paths.ts";
import { startLocalWorker, type LocalWorker } from "./local-worker.ts";
import { HOST } from "./ports.ts";

export type StackOptions = {
  /** Without a port for it, the sandbox Stripe is not started, and reconciliation is off. */
  readonly ports: { readonly clawsettle: number; readonly ledger: number; readonly stripe?: number };
  /** The Workers keep their data below this folder, and log beside it. Started again with it, they go on. */
  readonly persistTo: string;
  /** Settings of clawsettle that differ from wrangler.toml's local ones. */
  readonly vars?: Readonly<Record<string, string>>;
  /** `as-is` if absent: see the sandbox ledger. */
  readonly ledgerMode?: "as-is" | "atomic";
  /** Fresh random ones if absent. */
  readonly secrets?: DevVars;
  /** Rebuild and reload when a source file changes. */
  readonly watch?: boolean;
  /** clawsettle's sweep, alerts and hourly reconciliation, as deployed. */
  readonly cron?: boolean;
  readonly onLogLine?: (line: string) => void;
};

export type Stack = {
  readonly clawsettleUrl: URL;
  readonly ledgerUrl: URL;
  readonly stripeUrl: URL | null;
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

/** The sandboxes and clawsettle on the local runtime, bound to 127.0.0.1 and healthy. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const secrets = options.secrets ?? createDevVars();
  // A restart adds to the logs, so that they hold a crash and what followed. A new stack begins new ones.
  await Promise.all(NAMES.map((name) => rm(logFile(options, name), { force: true })));
  const [firstClawsettle, firstLedger, stripe] = await allOrNone([
    startClawsettle(options, secrets),
    startLedger(options, secrets),
    startStripe(options, secrets),
  ]);
  let clawsettle = firstClawsettle;
  let ledger = firstLedger;

  const ending = new Set<LocalWorker>();
  const died = Promise.withResolvers<string>();
  const guard = async (worker: LocalWorker): Promise<void> => {
    await worker.exited;
    if (ending.has(worker)) return;
    died.resolve(`${worker.name} ended unexpectedly. The end of its log:\n${await worker.logTail()}`);
  };
  void guard(ledger);
  void guard(clawsettle);
  if (stripe !== null) void guard(stripe);

  return {
    clawsettleUrl: clawsettle.url,
    ledgerUrl: ledger.url,
    stripeUrl: stripe?.url ?? null,
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
      const all = [clawsettle, ledger, ...(stripe === null ? [] : [stripe])];
      for (const worker of all) ending.add(worker);
      await Promise.all(all.map((worker) => worker.stop()));
    },
    logTail: () => clawsettle.logTail(),
  };
}

const NAMES = ["clawsettle", "ledger", "stripe"] as const;

/** Those that did start must not outlive the attempt. */
async function allOrNone<T extends readonly (LocalWorker | null)[]>(starting: {
  [K in keyof T]: Promise<T[K]>;
}): Promise<T> {
  const starts = await Promise.allSettled(starting);
  const failed = starts.find((start) => start.status === "rejected");
  if (failed === undefined) return (await Promise.all(starting)) as unknown as T;
  await Promise.all(starts.map((start) => (start.status === "fulfilled" ? start.value?.stop() : null)));
  throw failed.reason;
}

function startClawsettle(options: StackOptions, secrets: DevVars): Promise<LocalWorker> {
  const { ledger, stripe } = options.ports;
  const { STRIPE_API_KEY = "", ...others } = secrets;
  return startLocalWorker({
    name: "clawsettle",
    config: resolve(ROOT, "wrangler.toml"),
    port: options.ports.clawsettle,
    persistTo: resolve(options.persistTo, "clawsettle"),
    logFile: logFile(options, "clawsettle"),
    vars: {
      LEDGER_BASE_URL: `http://${HOST}:${ledger}`,
      ...(stripe !== undefined && { STRIPE_API_BASE_URL: `http://${HOST}:${stripe}` }),
      ...options.vars,
    },
    // Without its sandbox the key would go to Stripe itself.
    secrets: stripe === undefined ? others : { ...others, STRIPE_API_KEY },
    watch: options.watch ?? false,
    cron: options.cron ?? false,
    ...(options.onLogLine === undefined ? {} : { onLogLine: options.onLogLine }),
  });
}

function startLedger(options: StackOptions, secrets: DevVars): Promise<LocalWorker> {
  return startLocalWorker({
    name: "the sandbox ledger",
    config: resolve(ROOT, "scripts/sandbox/ledger/wrangler.toml"),
    port: options.ports.ledger,
    persistTo: resolve(options.persistTo, "ledger"),
    logFile: logFile(options, "ledger"),
    vars: { LEDGER_MODE: options.ledgerMode ?? "as-is" },
    secrets: { LEDGER_ADMIN_KEY: secrets.LEDGER_ADMIN_KEY },
    watch: options.watch ?? false,
    cron: false,
  });
}

async function startStripe(options: StackOptions, secrets: DevVars): Promise<LocalWorker | null> {
  const port = options.ports.stripe;
  if (port === undefined) return null;
  return startLocalWorker({
    name: "the sandbox Stripe",
    config: resolve(ROOT, "scripts/sandbox/stripe/wrangler.toml"),
    port,
    persistTo: resolve(options.persistTo, "stripe"),
    logFile: logFile(options, "stripe"),
    vars: {},
    secrets: { STRIPE_API_KEY: secrets["STRIPE_API_KEY"] ?? "" },
    watch: options.watch ?? false,
    cron: false,
  });
}

function logFile(options: StackOptions, name: string): string {
  return resolve(dirname(resolve(options.persistTo)), `dev-${name}.log`);
}
