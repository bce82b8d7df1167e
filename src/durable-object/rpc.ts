/** What a Durable Object answers over RPC, and how a caller tries again when an answer is lost. */
import { errorName } from "../error-name.ts";
import { log, type LogLine } from "../log.ts";
import type { Result } from "../result.ts";

const DEFAULT_TRIES = 3;
/** Doubled each time, half of it random: an object that was reset is back within a moment. */
const BASE_DELAY_MS = 100;

/** `object_failed`: our own code threw, and the log says how. `unreachable`: no try got an answer. */
export type RpcFailure = "object_failed" | "unreachable";
export type RpcResult<T> = Result<T, RpcFailure>;

/**
 * The object's side: every method returns a plain union, because an error that crosses RPC is logged as
 * uncaught, with its stack, on both sides.
 */
export async function answerRpc<T>(
  whose: Omit<LogLine, "msg">,
  act: () => T | Promise<T>,
): Promise<RpcResult<T>> {
  try {
    return { ok: true, value: await act() };
  } catch (error) {
    const { retryable, overloaded, reset } = platformFlags(error);
    // The platform's own: the caller must see it, since a fresh stub may reach a healthy object.
    if (retryable || overloaded || reset) throw error;
    log("error", { msg: "object_failed", ...whose, error: errorName(error) });
    return { ok: false, failure: "object_failed" };
  }
}

export interface ObjectCall<Stub, T> {
  /** Which object, for the log. */
  readonly object: "event" | "event_index" | "reconciler" | "account_lane" | "stored_settings";
  readonly name: string;
  /** Called for each try: a stub that has failed stays broken. */
  readonly stub: () => Stub;
  /** Must be safe to repeat: it may have taken effect although its answer was lost. */
  readonly call: (stub: Stub) => Promise<RpcResult<T>>;
  readonly tries?: number;
  /** More for the log, such as the request's id. */
  readonly context?: Omit<LogLine, "msg"> | undefined;
}

/** Never throws. Fails after the last try, or at once when trying again would only add load. */
export async function callObject<Stub, T>(target: ObjectCall<Stub, T>): Promise<RpcResult<T>> {
  const { object, name, stub, call, context, tries = DEFAULT_TRIES } = target;
  for (let attempt = 1; ; attempt++) {
    try {
      return await call(stub());
    } catch (error) {
      const flags = platformFlags(error);
      const will_retry = attempt < tries && (flags.retryable || flags.reset) && !flags.overloaded;
      const incident = { msg: "object_unreachable", object, name, ...context };
      log("warn", { ...incident, ...flags, error: errorName(error), will_retry });
      if (!will_retry) return { ok: false, failure: "unreachable" };
      await scheduler.wait(BASE_DELAY_MS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2));
    }
  }
}

/** The timer is cleared, because a pending one keeps an event's object in memory, and on the bill. */
export async function withTimeout<T>(
  timeoutMs: number,
  answer: Promise<RpcResult<T>>,
): Promise<RpcResult<T>> {
  const late = Promise.withResolvers<RpcResult<T>>();
  const timer = setTimeout(() => late.resolve({ ok: false, failure: "unreachable" }), timeoutMs);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

interface PlatformFlags {
  readonly retryable: boolean;
  readonly overloaded: boolean;
  /** A deploy resets objects with this flag, which comes without `retryable` (undocumented, but so it is). */
  readonly reset: boolean;
}

function platformFlags(error: unknown): PlatformFlags {
  const { retryable, overloaded, durableObjectReset } = (error ?? {}) as Record<string, unknown>;
  return {
    retryable: retryable === true,
    overloaded: overloaded === true,
    reset: durableObjectReset === true,
  };
}
