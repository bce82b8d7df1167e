/** One attempt for one event, and then for what waits for its payment. */
import type { Failure } from "../errors.ts";
import type { EventState } from "../event/event-state.ts";
import type { OperatorRetry } from "../event/machine-types.ts";
import type { Result } from "../result.ts";
import { showEvent } from "./events.ts";
import type { OperatorCall } from "./operator-call.ts";
import type { RetryEventRequest } from "./requests.ts";
import { retryDependents } from "./retry-dependents.ts";
import { type Retried, retryOne } from "./retry-one.ts";

export function retryEvent(
  call: OperatorCall,
  eventId: string,
  request: RetryEventRequest,
  scope: OperatorRetry["scope"] = "any",
): Promise<Result<Retried, Failure>> {
  const retrying = retryOne(call, eventId, request, scope);
  call.background(afterRetrying(call, eventId, retrying, request.actor));
  return retrying;
}

async function afterRetrying(
  call: OperatorCall,
  eventId: string,
  retrying: Promise<Result<Retried, Failure>>,
  actor: string,
): Promise<void> {
  const forwarded = await forwardedEvent(call, eventId, await retrying);
  if (forwarded !== null) await retryDependents(call, [forwarded], actor);
}

/** An event that was forwarded before counts too: the answer to the retry that did it may have been lost. */
async function forwardedEvent(
  call: OperatorCall,
  eventId: string,
  outcome: Result<Retried, Failure>,
): Promise<EventState | null> {
  if (outcome.ok) return outcome.value.event.state === "forwarded" ? outcome.value.event : null;
  const { failure } = outcome;
  if (failure.kind !== "invalid_state" || failure.state !== "forwarded") return null;
  const shown = await showEvent(call, eventId);
  return shown.ok ? shown.value : null;
}
