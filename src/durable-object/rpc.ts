/** What a Durable Object answers over RPC, and how one that may have been lost is asked again. */
import { log, type LogLine } from "../log.ts";
import { errorName, platformFlags } from "./platform-error.ts";

const TRIES = 3;
/** Doubled each time, and half of it random: a reset object is back within a moment. */
const BASE_DELAY_MS = 100;

/** `ok: false`: our own code failed, and the log says how. Trying again at once would fail again. */
export type Guarded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false };

/**
 * The object's side: every method returns a plain union, because an error that crosses RPC is logged as uncaught,
 * with its stack, on both sides.
 */
export async function guarded<T>(
  whose: Omit<LogLine, "msg">,
  act: () => T | Promise<T>,
): Promise<Guarded<T>> {
  try {
    return { ok: true, value: await act() };
  } catch (error) {
    const { retryable, overloaded, reset } = platformFlags(error);
    // The platform's own: the caller must hear of it, since a fresh stub may reach a sound object.
    if (retryable || overloaded || reset) throw error;
    log("error", { msg: "object_failed", ...whose, error: errorName(error) });
    return { ok: false };
  }
}

/**
 * The caller's side. `call` must take a fresh stub each time, since one that has failed stays broken, and must be safe
 * to repeat: it may have taken effect although its answer was lost.
 * Never throws; `ok: false` after three tries, or at once when trying again would only add load.
 */
export async function callAgain<T>(
  call: () => Promise<Guarded<T>>,
  onError: (error: unknown, willRetry: boolean) => void,
): Promise<Guarded<T>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const willRetry = attempt < TRIES && isWorthRetrying(error);
      onError(error, willRetry);
      if (!willRetry) return { ok: false };
      await scheduler.wait(BASE_DELAY_MS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2));
    }
  }
}

/** The timer is cleared, because a pending one keeps an event's object in memory, and on the bill. */
export async function withinTime<T>(timeoutMs: number, answer: Promise<Guarded<T>>): Promise<Guarded<T>> {
  const late = Promise.withResolvers<Guarded<T>>();
  const timer = setTimeout(() => late.resolve({ ok: false }), timeoutMs);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function isWorthRetrying(error: unknown): boolean {
  const { retryable, overloaded, reset } = platformFlags(error);
  return (retryable || reset) && !overloaded;
}
