/** One `workerd serve` in a process of its own, with a fresh folder for its data. */
import { spawn } from "node:child_process";
import { mkdir, open as openFile, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { HOST, freePort } from "../../../sandbox/stack/ports.ts";
import { PlainError } from "../../../lib/failure.ts";
import { pollUntil } from "../../../lib/poll.ts";
import { capnp, type WorkerConfig } from "./config.ts";
import { cpuSecondsOf, descriptorsOf } from "./process-facts.ts";

const READY = { timeoutMs: 20_000, everyMs: 25 };
/** An object stays awake for ten seconds after its last request. */
const OBJECTS_ASLEEP = { timeoutMs: 60_000, everyMs: 250 };
/** What a workerd without awake objects has open besides: its sockets, and the index's objects. */
const OTHER_DESCRIPTORS = 150;

const UNKNOWN = { open: 0, limit: Infinity };

/** Before workerd, since Node cannot set it: each live object holds three files open. */
const RAISE_LIMIT = 'ulimit -n "$(ulimit -Hn)"; exec "$@"';

export type Server = Awaited<ReturnType<typeof startServer>>;

interface ServerOptions {
  readonly name: string;
  /** Everything of it goes below this folder. */
  readonly folder: string;
  readonly script: string;
  readonly config: WorkerConfig;
}

export async function startServer({ name, folder, script, config }: ServerOptions) {
  const home = join(folder, name);
  const data = join(home, "data");
  await mkdir(data, { recursive: true });
  const address = `${HOST}:${await freePort()}`;
  await writeFile(join(home, "index.js"), script);
  await writeFile(join(home, "config.capnp"), capnp(config, address, data));

  // Warnings and errors; what the Worker logs goes to stdout, and nowhere.
  const errors = await openFile(join(home, "errors.log"), "w");
  const command = [workerdBinary(), "serve", join(home, "config.capnp")];
  const child = spawn("sh", ["-c", RAISE_LIMIT, "sh", ...command], {
    stdio: ["ignore", "ignore", errors.fd],
  });
  await errors.close();
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  const { pid } = child;
  if (pid === undefined) throw new PlainError("workerd could not be started");

  const origin = `http://${address}`;
  const server = {
    origin,
    /** CPU time since it began; null where the system does not say. */
    cpuSeconds: () => cpuSecondsOf(pid),
    /** Waits until so many more files can be opened: idle objects give theirs back. */
    async untilFree(needed: number): Promise<void> {
      await pollUntil(`${needed} free files in ${name}`, OBJECTS_ASLEEP, async () => {
        const { open, limit } = (await descriptorsOf(pid)) ?? UNKNOWN;
        return limit - open >= needed ? true : null;
      });
    },
    /** Waits until its objects have been put to sleep, which happens ten seconds after their last request. */
    async untilAsleep(): Promise<void> {
      await pollUntil(`the objects of ${name} to sleep`, OBJECTS_ASLEEP, async () => {
        const { open } = (await descriptorsOf(pid)) ?? UNKNOWN;
        return open <= OTHER_DESCRIPTORS ? true : null;
      });
    },
    async stop(): Promise<void> {
      // Its data is thrown away, so there is nothing that it should still write.
      child.kill("SIGKILL");
      await ended;
    },
  };
  try {
    await pollUntil(`${name} at ${origin}`, READY, async () => {
      if (child.exitCode !== null) {
        throw new PlainError(`workerd ended: ${await readFile(join(home, "errors.log"), "utf8")}`);
      }
      const answer = await fetch(origin).catch(() => null);
      await answer?.body?.cancel();
      return answer;
    });
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** The binary itself: the command of the package is a Node process around it. */
function workerdBinary(): string {
  const { default: path } = createRequire(import.meta.url)("workerd") as { default: string };
  return path;
}
