import { fork, type ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bareEnv } from "../../lib/bare-env.ts";
import { messageOf, PlainError } from "../../lib/failure.ts";
import { httpClient } from "../../lib/http.ts";
import { pollUntil } from "../../lib/poll.ts";
import { HOST, isFree } from "./ports.ts";
import type { WorkerSpec } from "./worker-process.ts";

const READY = { timeoutMs: 60_000, everyMs: 50 };
const STOP = { timeoutMs: 5_000, everyMs: 50 };
const LOG_TAIL_LINES = 25;

/** Nothing here may ask, report or look anything up on the network. */
const QUIET_ENV = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: "false",
};

export type LocalWorkerOptions = WorkerSpec & {
  readonly name: string;
  readonly logFile: string;
  /** Called with each line the Worker logs. */
  readonly onLogLine?: (line: string) => void;
};

export type LocalWorker = {
  readonly name: string;
  readonly url: URL;
  /** Settles when the process ends, wanted or not. */
  readonly exited: Promise<void>;
  /** Power failure: the whole process group at once, without a chance to write anything. */
  kill9(): Promise<void>;
  stop(): Promise<void>;
  logTail(): Promise<string>;
};

/** Starts one Worker and gives it back when its `/health` answers 200. */
export async function startLocalWorker(options: LocalWorkerOptions): Promise<LocalWorker> {
  const { name, logFile, onLogLine, ...spec } = options;
  await mkdir(dirname(logFile), { recursive: true });
  const child = fork(resolve(import.meta.dirname, "worker-process.ts"), {
    // A group of its own: workerd and esbuild are its grandchildren and must go with it.
    detached: true,
    execArgv: ["--no-warnings"],
    env: { ...bareEnv(), ...QUIET_ENV },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const { pid } = child;
  if (pid === undefined) throw new PlainError(`${name} could not be started.`);

  const exited = new Promise<void>((done) => child.once("exit", () => done()));
  writeLog(child, logFile, onLogLine);
  child.send(spec);

  const worker: LocalWorker = {
    name,
    url: new URL(`http://${HOST}:${spec.port}`),
    exited,
    kill9: () => end(child, pid, exited, spec.port, "SIGKILL"),
    stop: () => end(child, pid, exited, spec.port, "SIGTERM"),
    logTail: () => tail(logFile),
  };
  try {
    await untilHealthy(child, worker.url);
  } catch (error) {
    // The reason is what matters; that a stranger holds the port is perhaps the reason itself.
    await worker.kill9().catch(() => null);
    throw new PlainError(
      `${name} did not start (${messageOf(error)}). The end of ${logFile}:\n${await tail(logFile)}`,
    );
  }
  return worker;
}

async function untilHealthy(child: ChildProcess, url: URL): Promise<void> {
  let isReady = false;
  child.once("message", () => (isReady = true));
  const http = httpClient({ connections: 1 });
  try {
    // wrangler waits for ever when another process took the port after it was found free.
    await pollUntil(`${url.origin}/health (is its port in use?)`, READY, async () => {
      if (hasEnded(child)) throw new PlainError("its process ended");
      // Before, whoever answers there is somebody else.
      if (!isReady) return null;
      const answer = await http.send({ method: "GET", url: new URL("/health", url) }).catch(() => null);
      // The Worker runs and says itself what it lacks: waiting would not help.
      if (answer?.status === 503) throw new PlainError(`/health: ${JSON.stringify(answer.body)}`);
      return answer?.status === 200 ? answer : null;
    });
  } finally {
    await http.close();
  }
}

async function end(
  child: ChildProcess,
  pid: number,
  exited: Promise<void>,
  port: number,
  signal: "SIGTERM" | "SIGKILL",
): Promise<void> {
  if (!hasEnded(child)) {
    signalGroup(pid, signal);
    await Promise.race([exited, sleep(STOP.timeoutMs, undefined, { ref: false })]);
  }
  // The leader may be gone before its grandchildren are.
  signalGroup(pid, "SIGKILL");
  await exited;
  await pollUntil(`port ${port} to be free again`, STOP, async () => ((await isFree(port)) ? true : null));
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: nobody is left in the group.
  }
}

function writeLog(child: ChildProcess, logFile: string, onLogLine?: (line: string) => void): void {
  const log = createWriteStream(logFile, { flags: "a" });
  let rest = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8");
    stream?.on("data", (text: string) => {
      log.write(text);
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLogLine?.(line);
    });
  }
  child.once("close", () => log.end());
}

async function tail(logFile: string): Promise<string> {
  const text = await readFile(logFile, "utf8").catch(() => "");
  return text.trimEnd().split("\n").slice(-LOG_TAIL_LINES).join("\n");
}
