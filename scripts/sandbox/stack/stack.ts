import { rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { createDevVars, type DevVars } from "./dev-vars.ts";
import { ROOT } from "../../lib/paths.ts";
import { startLocalWorker, type LocalWorker, type LocalWorkerOptions } from "./local-worker.ts";
import { HOST } from "./ports.ts";

type StackOptions = {
  /** Without a port for it, the sandbox Stripe is not started, and reconciliation is off. */
  readonly ports: { readonly clawsettle: number; readonly ledger: number; readonly stripe?: number };
  /** The Workers keep their data below this folder, and log beside it. Started again with it, they go on. */
  readonly persistTo: string;
  /** Settings of clawsettle that differ from wrangler.toml's local ones. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Settings of the sandbox ledger. */
  readonly ledgerVars?: Readonly<Record<string, string>>;
  /** Fresh random ones if absent. */
  readonly secrets?: DevVars;
  /** Rebuild and reload when a source file changes. */
  readonly watch?: boolean;
  /** clawsettle's sweep, alerts and hourly reconciliation, as deployed. */
  readonly cron?: boolean;
  readonly onLogLine?: (line: string) => void;
};

export type Stack = Awaited<ReturnType<typeof startStack>>;

/** The sandboxes and clawsettle on the local runtime, bound to 127.0.0.1 and healthy. */
export async function startStack(options: StackOptions) {
  const secrets = options.secrets ?? createDevVars();
  const names = WORKERS.filter((name) => options.ports[name] !== undefined);
  // A restart adds to the logs, so that they hold a crash and what followed. A new stack begins new ones.
  await Promise.all(WORKERS.map((name) => rm(logFile(options, name), { force: true })));
  const ending = new Set<LocalWorker>();
  const died = Promise.withResolvers<string>();
  const guard = async (worker: LocalWorker): Promise<void> => {
    await worker.exited;
    if (ending.has(worker)) return;
    died.resolve(`${worker.name} ended unexpectedly. The end of its log:\n${await worker.logTail()}`);
  };
  const start = async (name: Name): Promise<LocalWorker> => {
    const worker = await startLocalWorker(specOf(name, options, secrets));
    void guard(worker);
    return worker;
  };
  const end = (worker: LocalWorker, how: "stop" | "kill9"): Promise<void> => {
    ending.add(worker);
    return worker[how]();
  };
  const workers = await allOrNone(
    names.map((name) => start(name)),
    (worker) => end(worker, "stop"),
  );
  let [clawsettle, ledger] = workers as [LocalWorker, LocalWorker, LocalWorker?];
  const [, , stripe] = workers;

  return {
    clawsettleUrl: clawsettle.url,
    ledgerUrl: ledger.url,
    stripeUrl: stripe?.url ?? null,
    secrets,
    /** Settles with a message when a Worker's process ends that nobody stopped. */
    died: died.promise,
    /** Kills clawsettle, and only it, like a power failure. */
    kill9: () => end(clawsettle, "kill9"),
    /** Starts clawsettle again after `kill9`, on the same port and data. */
    async restart(): Promise<void> {
      clawsettle = await start("clawsettle");
    },
    /** The same for the ledger: until it is started again, connections to it are refused. */
    killLedger: () => end(ledger, "kill9"),
    async restartLedger(): Promise<void> {
      ledger = await start("ledger");
    },
    async stop(): Promise<void> {
      const all = [clawsettle, ledger, ...(stripe === undefined ? [] : [stripe])];
      await Promise.all(all.map((worker) => end(worker, "stop")));
    },
    logTail: () => clawsettle.logTail(),
  };
}

/** Those that did start must not outlive the attempt. */
async function allOrNone<T>(
  starting: readonly Promise<T>[],
  stop: (started: T) => Promise<void>,
): Promise<T[]> {
  const starts = await Promise.allSettled(starting);
  const started = starts.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
  const failed = starts.find((one) => one.status === "rejected");
  if (failed === undefined) return started as T[];
  await Promise.all(started.map((one) => stop(one as T)));
  throw failed.reason;
}

const WORKERS = ["clawsettle", "ledger", "stripe"] as const;
type Name = (typeof WORKERS)[number];

function specOf(name: Name, options: StackOptions, secrets: DevVars): LocalWorkerOptions {
  const { ports, persistTo, watch = false, cron = false, onLogLine } = options;
  const { STRIPE_API_KEY = "", ...others } = secrets;
  const common = {
    port: ports[name] ?? 0,
    persistTo: resolve(persistTo, name),
    logFile: logFile(options, name),
    watch,
  };
  if (name !== "clawsettle") {
    const { LEDGER_ADMIN_KEY } = secrets;
    return {
      ...common,
      name: name === "ledger" ? "the sandbox ledger" : "the sandbox Stripe",
      config: resolve(ROOT, `scripts/sandbox/${name}/wrangler.toml`),
      vars: name === "ledger" ? (options.ledgerVars ?? {}) : {},
      cron: false,
      secrets: name === "ledger" ? { LEDGER_ADMIN_KEY } : { STRIPE_API_KEY },
    };
  }
  return {
    ...common,
    name,
    config: resolve(ROOT, "wrangler.toml"),
    vars: {
      LEDGER_BASE_URL: `http://${HOST}:${ports.ledger}`,
      ...(ports.stripe !== undefined && { STRIPE_API_BASE_URL: `http://${HOST}:${ports.stripe}` }),
      ...options.vars,
    },
    // Without its sandbox the key would go to Stripe itself.
    secrets: ports.stripe === undefined ? others : secrets,
    cron,
    ...(onLogLine !== undefined && { onLogLine }),
  };
}

function logFile(options: StackOptions, name: string): string {
  return resolve(dirname(resolve(options.persistTo)), `dev-${name}.log`);
}
