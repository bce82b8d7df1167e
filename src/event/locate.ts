/** The only place that makes a stub of an event's object, and that tries again when the platform loses one. */
import type { Guarded, StripeEventObject } from "./object.ts";
import { platformFlags } from "./platform-error.ts";

const TRIES = 3;
/** Doubled each time, and half of it random: a reset object is back within a moment. */
const BASE_DELAY_MS = 100;

export type EventStub = DurableObjectStub<StripeEventObject>;

/**
 * Calls the event's object, each time over a fresh stub: a stub that has failed stays broken.
 * Never throws; `ok: false` after three tries, or at once when trying again would only add load.
 * A call may have taken effect although its answer was lost, so `call` must be safe to repeat. Deliveries are.
 */
export async function callEvent<T>(
  env: Env,
  eventId: string,
  call: (stub: EventStub) => Promise<Guarded<T>>,
  onError: (error: unknown, willRetry: boolean) => void,
): Promise<Guarded<T>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call(env.STRIPE_EVENT.getByName(eventId));
    } catch (error) {
      const willRetry = attempt < TRIES && isWorthRetrying(error);
      onError(error, willRetry);
      if (!willRetry) return { ok: false };
      await scheduler.wait(BASE_DELAY_MS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2));
    }
  }
}

function isWorthRetrying(error: unknown): boolean {
  const { retryable, overloaded, reset } = platformFlags(error);
  return (retryable || reset) && !overloaded;
}
