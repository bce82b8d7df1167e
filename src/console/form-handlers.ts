/** What the console does with events: each act is posted by a form of our own pages, with the admin role. */
import { check } from "../http/input.ts";
import { resolveEvent } from "../operators/events.ts";
import { resolveEventRequest, retryEventRequest, retryEventsRequest } from "../operators/requests.ts";
import { retryEvent } from "../operators/retry-event.ts";
import { retryEvents } from "../operators/retry-events.ts";
import { type ConsoleContext, redirect } from "./guard.ts";
import { findEvent, retryEventsBody, retryEventsPage } from "./page-handlers.tsx";
import type { Handled, SignedInCall } from "./render.tsx";
import { eventPath } from "./ui/event-table.tsx";

export async function postRetryEvent(call: SignedInCall, c: ConsoleContext): Promise<Handled> {
  const found = await findEvent(call, c);
  if (!found.ok) return found;
  const { event_id } = found.value;
  const request = check({ actor: call.session.actor, note: c.var.fields["note"] ?? null }, retryEventRequest);
  if (!request.ok) return request;
  const retried = await retryEvent(call, event_id, request.value);
  if (!retried.ok) return retried;
  const { attempted, event } = retried.value;
  const done = attempted || event.state !== "failed" ? event.state : "unmapped";
  return redirect(c, `${eventPath(event_id)}?done=${done}`);
}

export async function postResolveEvent(call: SignedInCall, c: ConsoleContext): Promise<Handled> {
  const found = await findEvent(call, c);
  if (!found.ok) return found;
  const { event_id } = found.value;
  const request = check({ actor: call.session.actor, note: c.var.fields["note"] }, resolveEventRequest);
  if (!request.ok) return request;
  const resolved = await resolveEvent(call, event_id, request.value);
  return resolved.ok ? redirect(c, `${eventPath(event_id)}?done=resolved`) : resolved;
}

/**
 * Answered with its report. A reload would retry once more what is still open, which is as harmless as the
 * first time.
 */
export async function postRetryEvents(call: SignedInCall, c: ConsoleContext): Promise<Handled> {
  const { csrf: _, note, ...given } = c.var.fields;
  const body = { ...retryEventsBody(given, false), actor: call.session.actor, note: note ?? null };
  const request = check(body, retryEventsRequest);
  if (!request.ok) return request;
  const report = await retryEvents(call, request.value);
  return report.ok ? retryEventsPage(call, given, report.value) : report;
}
