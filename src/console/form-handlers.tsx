/** What the console does: each is posted by a form of ours, by somebody with the admin key. */
import {
  bulkRetry,
  bulkRetryBody,
  check,
  readEvent,
  resolveBody,
  resolveOne,
  retryBody,
  retryOne,
} from "./data.ts";
import { failed } from "./failed.ts";
import { type ConsoleContext, redirect, sessionOf, visitOf } from "./guard.ts";
import { bulkRetryFrom, showRetry } from "./page-handlers.tsx";
import { eventPath } from "./ui/event-table.tsx";

export async function postRetry(c: ConsoleContext): Promise<Response> {
  const visit = visitOf(c);
  const found = await readEvent(visit, c.req.param("event_id") ?? "");
  if (!found.ok) return failed(c, found.failure);
  const { event_id } = found.value;
  const request = check({ actor: sessionOf(c).actor, note: c.var.fields["note"] ?? null }, retryBody);
  if (!request.ok) return failed(c, request.failure);
  const reply = await retryOne(visit, event_id, { ...request.value, scope: "any" });
  if (!reply.ok) return failed(c, reply.failure);
  const { attempted, event } = reply.value;
  const done = attempted || event.state !== "failed" ? event.state : "unmapped";
  return redirect(c, `${eventPath(event_id)}?done=${done}`);
}

export async function postResolve(c: ConsoleContext): Promise<Response> {
  const visit = visitOf(c);
  const found = await readEvent(visit, c.req.param("event_id") ?? "");
  if (!found.ok) return failed(c, found.failure);
  const { event_id } = found.value;
  const request = check({ actor: sessionOf(c).actor, note: c.var.fields["note"] }, resolveBody);
  if (!request.ok) return failed(c, request.failure);
  const resolved = await resolveOne(visit, event_id, request.value);
  return resolved.ok ? redirect(c, `${eventPath(event_id)}?done=resolved`) : failed(c, resolved.failure);
}

/** Answered with its report. A reload would retry once more what is still open, which is as harmless as the first time. */
export async function postRetryMany(c: ConsoleContext): Promise<Response> {
  const { csrf: _, note, ...given } = c.var.fields;
  const body = { ...bulkRetryFrom(given, false), actor: sessionOf(c).actor, note: note ?? null };
  const request = check(body, bulkRetryBody);
  if (!request.ok) return failed(c, request.failure);
  const report = await bulkRetry(visitOf(c), request.value);
  return report.ok ? showRetry(c, given, report.value, []) : failed(c, report.failure);
}
