/** What the console does with events: each act is posted by a form of our own pages, with the admin role. */
import { answerTo, type Failure } from "../errors.ts";
import { check } from "../http/input.ts";
import { assignAccount } from "../operators/assign-account.ts";
import { closeOrReopenEvent } from "../operators/events.ts";
import {
  assignAccountRequest,
  closeOrReopenRequest,
  retryEventRequest,
  retryEventsRequest,
} from "../operators/requests.ts";
import { retryEvent } from "../operators/retry-event.ts";
import { retryEvents } from "../operators/retry-events.ts";
import { type ConsoleContext, redirect } from "./guard.ts";
import { eventPage, findEvent, retryEventsBody, retryEventsPage } from "./page-handlers.tsx";
import type { RefusedAssignment } from "./pages/assign-form.tsx";
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

export function postResolveEvent(call: SignedInCall, c: ConsoleContext): Promise<Handled> {
  return postCloseOrReopen(call, c, "resolve");
}

export function postReopenEvent(call: SignedInCall, c: ConsoleContext): Promise<Handled> {
  return postCloseOrReopen(call, c, "reopen");
}

async function postCloseOrReopen(
  call: SignedInCall,
  c: ConsoleContext,
  act: "resolve" | "reopen",
): Promise<Handled> {
  const found = await findEvent(call, c);
  if (!found.ok) return found;
  const { event_id } = found.value;
  const request = check({ actor: call.session.actor, note: c.var.fields["note"] }, closeOrReopenRequest);
  if (!request.ok) return request;
  const closed = await closeOrReopenEvent(call, event_id, act, request.value);
  return closed.ok ? redirect(c, `${eventPath(event_id)}?done=${act}`) : closed;
}

/** What cannot be taken comes back on the form, with the reason beside its field. */
export async function postAssignAccount(call: SignedInCall, c: ConsoleContext): Promise<Handled> {
  const found = await findEvent(call, c);
  if (!found.ok) return found;
  const { event_id } = found.value;
  const { csrf: _, ...given } = c.var.fields;
  const body = { ...given, actor: call.session.actor };
  const request = check(body, assignAccountRequest);
  const assigned = request.ok ? await assignAccount(call, event_id, request.value) : request;
  if (assigned.ok) return redirect(c, `${eventPath(event_id)}?done=assigned`);
  const problems = problemsByField(assigned.failure);
  if (problems === null) return assigned;
  const { status } = answerTo(assigned.failure);
  return eventPage(call, found.value, {
    notice: "Nothing was assigned.",
    refused: { given, problems },
    status,
  });
}

/** null: it is about none of the fields. */
function problemsByField(failure: Failure): RefusedAssignment["problems"] | null {
  switch (failure.kind) {
    case "account_unknown":
      return { account_id: "The ledger has no such account." };
    case "ledger_unavailable":
      return {
        account_id: "The ledger did not say whether it has this account. Send it again in a moment.",
      };
    case "invalid_request": {
      const of = (field: string) =>
        failure.problems.find((problem) => problem.startsWith(`${field}: `))?.slice(field.length + 2);
      const problems = { account_id: of("account_id"), note: of("note") };
      return problems.account_id === undefined && problems.note === undefined ? null : problems;
    }
    default:
      return null;
  }
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
