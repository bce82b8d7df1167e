/** The load generator, as the benchmark uses it. */
import { resolve } from "node:path";
import { PlainError } from "../../../lib/failure.ts";
import { startChild } from "../child.ts";
import type { Answer, Done, Job } from "./job.ts";

export interface Generator {
  run(job: Job): Promise<Done>;
  stop(): Promise<void>;
}

export function startGenerator(): Generator {
  const child = startChild(resolve(import.meta.dirname, "process.ts"));
  return {
    async run(job) {
      const answer = child.next() as Promise<Answer>;
      child.send(job);
      const result = await answer;
      if (!result.ok) throw new PlainError(`The load broke off: ${result.problem}`);
      return result.done;
    },
    stop: () => child.stop(),
  };
}
