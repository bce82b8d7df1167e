import { setTimeout as sleep } from "node:timers/promises";
import { PlainError } from "./failure.ts";

/** Asks until there is an answer; gives up with a message that names what was awaited. */
export async function pollUntil<T>(
  awaited: string,
  options: { readonly timeoutMs: number; readonly everyMs: number },
  ask: () => Promise<T | null>,
): Promise<T> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() > deadline) {
      throw new PlainError(`Waited ${Math.round(options.timeoutMs / 1000)} s in vain for ${awaited}.`);
    }
    await sleep(options.everyMs);
  }
}
