/** The log while hostile input comes: which lines may stand there, and what may stand in none. */
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { OLD_SECRET, SECRET } from "../worker.ts";

/**
 * Stands where only a stranger's private text would stand: no log line, and no answer to Stripe, may have it.
 */
export const CANARY = "jenny.rosen+canary@example.com";

export const SECRETS = [
  SECRET,
  OLD_SECRET,
  env.LEDGER_ADMIN_KEY,
  env.SETTLE_ADMIN_KEY,
  "test-settle-read-key",
];

/** Lines that only a bug writes, as long as the platform is sound. */
const BUGS = new Set([
  "uncaught",
  "object_failed",
  "object_unreachable",
  "alarm_failed",
  "watchers_not_told",
  "publish_failed",
]);

export interface WatchedLog {
  expectDecent(): void;
  forget(): void;
  stop(): void;
}

/** Nothing is written to the console meanwhile. */
export function watchLog(): WatchedLog {
  const lines: unknown[] = [];
  const spies = (["log", "info", "warn", "error"] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation((...line) => void lines.push(...line)),
  );
  return {
    expectDecent() {
      for (const line of lines) {
        // Whatever is not one of our lines is the platform's, about an error that nobody caught.
        const { msg } = JSON.parse(String(line)) as { msg: string };
        if (BUGS.has(msg)) throw new Error(String(line));
        for (const text of [CANARY, ...SECRETS]) expect(line).not.toContain(text);
      }
    },
    forget: () => void lines.splice(0),
    stop: () => {
      for (const spy of spies) spy.mockRestore();
    },
  };
}
