/**
 * One Worker on the local runtime, in a process of its own, so that it can be killed alone.
 *
 * This uses wrangler's `startWorker` and not its command line, because that takes bindings as an object:
 * secrets stay out of the process list, and optional ones (SETTLE_READ_KEY) arrive, which `.dev.vars` alone
 * would not give to a Worker that names its required secrets. It also opens no inspector port.
 */
import { unstable_readConfig, unstable_startWorker } from "wrangler";

type StartedWorker = Awaited<ReturnType<typeof unstable_startWorker>>;

const NO_ENV_FILE = ".env.none";
const FIRST_CRON_RUN_MS = 1_000;
const MINUTE_MS = 60_000;

export type WorkerSpec = {
  readonly config: string;
  readonly port: number;
  readonly persistTo: string;
  /** These win over secrets of the same name. */
  readonly vars: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly watch: boolean;
  /** Runs what the configuration schedules. The local runtime never does so by itself. */
  readonly cron: boolean;
};

async function main(spec: WorkerSpec): Promise<void> {
  const worker = await unstable_startWorker({
    config: spec.config,
    // Keeps wrangler from reading `.dev.vars` by itself: the parent decides what a Worker gets.
    envFiles: [NO_ENV_FILE],
    bindings: { ...bindings("secret_text", spec.secrets), ...bindings("plain_text", spec.vars) },
    dev: {
      server: { hostname: "127.0.0.1", port: spec.port, secure: false },
      inspector: false,
      persist: spec.persistTo,
      watch: spec.watch,
      logLevel: "log",
    },
  });
  await worker.ready;
  if (spec.cron) startCron(spec.config, worker);
  // The bundle is built and the port is open.
  process.send?.({ ready: true });
}

/** Once soon after the start, then in the configured interval, until the process ends. */
function startCron(config: string, worker: StartedWorker): void {
  for (const cron of unstable_readConfig({ config }).triggers.crons ?? []) {
    const minutes = /^\*\/(\d+) \* \* \* \*$/.exec(cron)?.[1];
    if (minutes === undefined) throw new Error(`no interval of minutes: ${cron}`);
    // `worker.scheduled()` does not find the Worker behind wrangler's proxy. This
    // is the runtime's own address for it.
    const url = `http://localhost/cdn-cgi/local/scheduled?cron=${encodeURIComponent(cron)}`;
    const run = () =>
      worker.fetch(url).catch((error: unknown) => console.error("the cron did not run", error));
    setTimeout(run, FIRST_CRON_RUN_MS);
    setInterval(run, Number(minutes) * MINUTE_MS);
  }
}

function bindings<T extends "plain_text" | "secret_text">(type: T, values: Readonly<Record<string, string>>) {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { type, value }]));
}

// A parent that dies without a word closes this channel. Without it nobody would ever stop us.
process.once("disconnect", () => process.exit(0));
process.once("message", (spec) => {
  main(spec as WorkerSpec).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
