/** The only place that makes a stub of an event's object. */
import { callAgain, type Guarded } from "../durable-object/rpc.ts";
import type { StripeEventObject } from "./stripe-event-object.ts";

export type EventStub = DurableObjectStub<StripeEventObject>;

/** Calls the event's object, again when the platform loses it: so `call` must be safe to repeat. Deliveries are. */
export function callEvent<T>(
  env: Env,
  eventId: string,
  call: (stub: EventStub) => Promise<Guarded<T>>,
  onError: (error: unknown, willRetry: boolean) => void,
): Promise<Guarded<T>> {
  return callAgain(() => call(env.STRIPE_EVENT.getByName(eventId)), onError);
}
