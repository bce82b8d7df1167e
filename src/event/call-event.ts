/** The only place that makes a stub of an event's object. */
import { callObject, type RpcResult } from "../durable-object/rpc.ts";
import type { LogLine } from "../log.ts";
import type { StripeEventObject } from "./stripe-event-object.ts";

export type EventStub = DurableObjectStub<StripeEventObject>;

/** Never throws. `call` must be safe to repeat; deliveries are. `context` goes into the log. */
export function callEvent<T>(
  env: Env,
  eventId: string,
  call: (stub: EventStub) => Promise<RpcResult<T>>,
  context?: Omit<LogLine, "msg">,
): Promise<RpcResult<T>> {
  const stub = () => env.STRIPE_EVENT.getByName(eventId);
  return callObject({ object: "event", name: eventId, stub, call, context });
}
