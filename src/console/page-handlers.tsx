/** The pages about events. None changes anything. */
import { loadConfig } from "../config.ts";
import type { Failure } from "../errors.ts";
import { eventIdSchema } from "../event-id.ts";
import type { EventState } from "../event/event-state.ts";
import { check } from "../http/input.ts";
import { listEventsQuery } from "../http/queries.ts";
import { listEvents, showEvent } from "../operators/events.ts";
import type { OperatorCall } from "../operators/operator-call.ts";
import { retryEventsRequest } from "../operators/requests.ts";
import { retryEvents, type RetryEventsReport } from "../operators/retry-events.ts";
import { readOverview } from "../operators/statistics.ts";
import type { Result } from "../result.ts";
import { type Fields, fieldsOf, problemsOf } from "./form.ts";
import { type ConsoleContext, redirect } from "./guard.ts";
import { announcementOf, EventContent, type EventProps } from "./pages/event.tsx";
import { EventsContent } from "./pages/events.tsx";
import { openCount, OverviewContent } from "./pages/overview.tsx";
import { RetryContent } from "./pages/retry.tsx";
import type { Handled, SignedInCall } from "./render.tsx";
import { searchTarget } from "./search.ts";

const DONE: Readonly<Record<string, string>> = {
  forwarded: "One attempt was made, and the ledger accepted.",
  failed: "One attempt was made, and the ledger did not accept. Below stands what it said.",
  ignored: "It was mapped again, and turned out to move no money.",
  unmapped: "It was mapped again, and still cannot become a settlement.",
  resolve: "Resolved. No other event of its movement of money is sent.",
  reopen: "Reopened. It waits for a retry.",
  assigned:
    "The account is assigned, and one attempt was made. What failed of the same payment is tried again now.",
};

export async function getOverview(call: SignedInCall): Promise<Handled> {
  const overview = await readOverview(call);
  if (!overview.ok) return overview;
  const open = openCount(overview.value.statistics);
  const value = {
    title: "Overview",
    section: "/console",
    live: shardPaths(call),
    announce: open === 1 ? "1 event is open" : `${open} events are open`,
    content: <OverviewContent overview={overview.value} now={call.now} />,
  } as const;
  return { ok: true, value };
}

export async function getEvents(call: SignedInCall, c: ConsoleContext): Promise<Handled> {
  const { q, ...given } = fieldsOf(new URL(c.req.url).searchParams);
  if (q !== undefined) return redirect(c, searchTarget(q));
  const query = check(given, listEventsQuery);
  const list = query.ok ? await listEvents(call, query.value) : query;
  const problems = list.ok ? [] : problemsOf(list.failure);
  if (!list.ok && problems.length === 0) return list;
  const value = {
    title: "Events",
    section: "/console/events",
    live: shardPaths(call),
    status: list.ok ? 200 : 400,
    content: (
      <EventsContent given={given} list={list.ok ? list.value : null} problems={problems} now={call.now} />
    ),
  } as const;
  return { ok: true, value };
}

export async function getEvent(call: SignedInCall, c: ConsoleContext): Promise<Handled> {
  const found = await findEvent(call, c);
  if (!found.ok) return found;
  const done = c.req.query("done") ?? "";
  return eventPage(call, found.value, { notice: Object.hasOwn(DONE, done) ? (DONE[done] ?? null) : null });
}

export function eventPage(
  { session, now }: SignedInCall,
  event: EventState,
  { status = 200, ...props }: Pick<EventProps, "notice" | "refused"> & { readonly status?: number },
): Handled {
  const value = {
    title: event.event_id,
    section: "/console/events",
    live: [`/v1/admin/events/${event.event_id}/watch`],
    announce: announcementOf(event),
    status,
    content: <EventContent event={event} session={session} now={now} {...props} />,
  } as const;
  return { ok: true, value };
}

/**
 * The event of the page's address. A malformed id gets the same page as an unknown one: addresses are
 * followed, not typed.
 */
export async function findEvent(call: OperatorCall, c: ConsoleContext): Promise<Result<EventState, Failure>> {
  const id = check(c.req.param("event_id"), eventIdSchema);
  return id.ok ? showEvent(call, id.value) : { ok: false, failure: { kind: "event_not_found" } };
}

/** The dry run changes nothing, so that it is a page with an address, open to the read key too. */
export async function getRetryEvents(call: SignedInCall, c: ConsoleContext): Promise<Handled> {
  const { count, ...given } = fieldsOf(new URL(c.req.url).searchParams);
  if (count === undefined) return retryEventsPage(call, given, null);
  const request = check(retryEventsBody(given, true), retryEventsRequest);
  const report = request.ok ? await retryEvents(call, request.value) : request;
  if (report.ok) return retryEventsPage(call, given, report.value);
  const problems = problemsOf(report.failure);
  return problems.length > 0 ? retryEventsPage(call, given, null, problems) : report;
}

export function retryEventsPage(
  { session }: SignedInCall,
  given: Fields,
  report: RetryEventsReport | null,
  problems: readonly string[] = [],
): Handled {
  const value = {
    title: "Bulk retry",
    section: "/console/retry",
    status: problems.length > 0 ? 400 : 200,
    content: <RetryContent given={given} report={report} problems={problems} session={session} />,
  } as const;
  return { ok: true, value };
}

/** Fields are text; a limit that is none is left for the check to refuse. */
export function retryEventsBody({ limit, ...filter }: Fields, dryRun: boolean): Record<string, unknown> {
  return { filter, dry_run: dryRun, ...(limit !== undefined && { limit: Number(limit) }) };
}

/** The WebSockets that notify a page of every change in the index. */
function shardPaths({ env }: OperatorCall): string[] {
  const configured = loadConfig(env);
  const shards = configured.ok ? configured.config.indexShards : 0;
  return Array.from({ length: shards }, (_, shard) => `/console/live/${shard}`);
}
