/**
 * The platform's clock, randomness and digests, taken over while a history runs: builders and code under test
 * that reach for the real ones get the history's. The real digest would answer from a thread pool, in its own
 * time.
 */
import { createHash } from "node:crypto";
import { Random } from "../../scripts/lib/random.ts";

/** Gives back the function that restores everything. */
export function takeOver(clock: { readonly now: number }, seed: number): () => void {
  // A stream of its own: how many ids a builder draws must not change the faults.
  const random = new Random(~seed);
  const restore = [
    replace(Date, "now", () => clock.now),
    replace(Math, "random", () => random.next()),
    replace(crypto, "getRandomValues", (array: Uint8Array) => {
      for (let i = 0; i < array.length; i++) array[i] = random.whole(0, 255);
      return array;
    }),
    replace(crypto.subtle, "digest", async (_algorithm: string, data: Uint8Array) => {
      const digest = createHash("sha256").update(data).digest();
      return digest.buffer.slice(digest.byteOffset, digest.byteOffset + digest.byteLength);
    }),
  ];
  return () => {
    for (const undo of restore) undo();
  };
}

function replace(owner: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  return () => {
    if (before === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, before);
  };
}
