/** The load generator and the ledger, each in a process of its own, so that they disturb little. */
import { fork } from "node:child_process";
import { resolve } from "node:path";
import { PlainError } from "../../lib/failure.ts";
import { HOST } from "../../sandbox/stack/ports.ts";
import type { Answer, Done, Job } from "./load/job.ts";

export function startGenerator() {
  const { next, send, stop } = startChild("load/process.ts");
  return {
    async run(job: Job): Promise<Done> {
      const answer = next() as Promise<Answer>;
      send(job);
      const result = await answer;
      if (!result.ok) throw new PlainError(`The load broke off: ${result.problem}`);
      return result.done;
    },
    stop,
  };
}

export async function startBenchLedger() {
  const { next, stop } = startChild("ledger-process.ts");
  const { port } = (await next()) as { port: number };
  return { origin: `http://${HOST}:${port}`, stop };
}

function startChild(name: string) {
  const file = resolve(import.meta.dirname, name);
  const child = fork(file, { execArgv: ["--no-warnings"], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  return {
    /** The next message from it. Rejects when it ends instead. */
    next: (): Promise<unknown> =>
      Promise.race([
        new Promise((received) => child.once("message", received)),
        ended.then(() => {
          throw new PlainError(`${file} ended`);
        }),
      ]),
    send: (message: object) => void child.send(message),
    async stop(): Promise<void> {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
