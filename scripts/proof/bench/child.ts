/** A Node process beside this one, which speaks with it over a channel. */
import { fork } from "node:child_process";
import { PlainError } from "../../lib/failure.ts";

export interface Child {
  /** The next message from it. Rejects when it ends instead. */
  next(): Promise<unknown>;
  send(message: object): void;
  stop(): Promise<void>;
}

export function startChild(file: string): Child {
  const child = fork(file, { execArgv: ["--no-warnings"], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  return {
    next: () =>
      Promise.race([
        new Promise((resolve) => child.once("message", resolve)),
        ended.then(() => {
          throw new PlainError(`${file} ended`);
        }),
      ]),
    send: (message) => void child.send(message),
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
