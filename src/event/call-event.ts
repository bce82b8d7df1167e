/** The only place that makes a stub of an event's object. */
import { jurisdictionOf } from "../config.ts";
import { callObject, type RpcResult } from "../durable-object/rpc.ts";
import { stubByName } from "../durable-object/stub-by-name.ts";
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
  const stub = () => stubByName(env.STRIPE_EVENT, eventId, jurisdictionOf(env));
  return callObject({ object: "event", name: eventId, stub, call, context });
}
