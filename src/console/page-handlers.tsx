/** The pages that show something. None changes anything. */
import { loadConfig } from "../config.ts";
import {
  bulkRetry,
  bulkRetryBody,
  type BulkRetryReport,
  check,
  readEvent,
  readEvents,
  readOverview,
} from "./data.ts";
import { failed } from "./failed.ts";
import { type Fields, fieldsOf } from "./form.ts";
import { type ConsoleContext, redirect, sessionOf, visitOf } from "./guard.ts";
import { announcementOf, EventContent } from "./pages/event.tsx";
import { EventsContent } from "./pages/events.tsx";
import { openCount, OverviewContent } from "./pages/overview.tsx";
import { RetryContent } from "./pages/retry.tsx";
import { renderPage } from "./render.tsx";
import { searchTarget } from "./search.ts";

const DONE: Readonly<Record<string, string>> = {
  forwarded: "One attempt was made, and the ledger accepted.",
  failed: "One attempt was made, and the ledger did not accept. Below stands what it said.",
  ignored: "It was mapped again, and turned out to move no money.",
  unmapped: "It was mapped again, and still cannot become a settlement.",
  resolved: "Resolved. It is closed for good.",
};

export async function getOverview(c: ConsoleContext): Promise<Response> {
  const visit = visitOf(c);
  const overview = await readOverview(visit, visit.now);
  if (!overview.ok) return failed(c, overview.failure);
  const open = openCount(overview.value.stats);
  const announce = open === 1 ? "1 event is open" : `${open} events are open`;
  const options = { title: "Overview", section: "/console", live: shardsOf(c), announce } as const;
  return renderPage(visit, options, <OverviewContent overview={overview.value} now={visit.now} />);
}

export async function getEvents(c: ConsoleContext): Promise<Response> {
  const visit = visitOf(c);
  const { q, ...given } = fieldsOf(new URL(c.req.url).searchParams);
  if (q !== undefined) return redirect(c, searchTarget(q));
  const page = await readEvents(visit, given);
  if (!page.ok && page.failure.kind !== "invalid_request") return failed(c, page.failure);
  const options = { title: "Events", section: "/console/events", live: shardsOf(c) } as const;
  const problems = !page.ok && page.failure.kind === "invalid_request" ? page.failure.problems : [];
  return renderPage(
    visit,
    { ...options, status: page.ok ? 200 : 400 },
    <EventsContent given={given} page={page.ok ? page.value : null} problems={problems} now={visit.now} />,
  );
}

export async function getEvent(c: ConsoleContext): Promise<Response> {
  const visit = visitOf(c);
  const found = await readEvent(visit, c.req.param("event_id") ?? "");
  if (!found.ok) return failed(c, found.failure);
  const event = found.value;
  const done = c.req.query("done") ?? "";
  const notice = Object.hasOwn(DONE, done) ? (DONE[done] ?? null) : null;
  const live = [`/v1/admin/events/${event.event_id}/watch`];
  const options = {
    title: event.event_id,
    section: "/console/events",
    live,
    announce: announcementOf(event),
  } as const;
  return renderPage(
    visit,
    options,
    <EventContent event={event} session={sessionOf(c)} notice={notice} now={visit.now} />,
  );
}

/** The dry run changes nothing, so that it is a page with an address, open to the read key too. */
export async function getRetry(c: ConsoleContext): Promise<Response> {
  const { count, ...given } = fieldsOf(new URL(c.req.url).searchParams);
  if (count === undefined) return showRetry(c, given, null, []);
  const request = check(bulkRetryFrom(given, true), bulkRetryBody);
  if (!request.ok && request.failure.kind === "invalid_request") {
    return showRetry(c, given, null, request.failure.problems);
  }
  const report = request.ok ? await bulkRetry(visitOf(c), request.value) : request;
  return report.ok ? showRetry(c, given, report.value, []) : failed(c, report.failure);
}

export function showRetry(
  c: ConsoleContext,
  given: Fields,
  report: BulkRetryReport | null,
  problems: readonly string[],
): Promise<Response> {
  const options = {
    title: "Bulk retry",
    section: "/console/retry",
    status: problems.length > 0 ? 400 : 200,
  } as const;
  return renderPage(
    visitOf(c),
    options,
    <RetryContent given={given} report={report} problems={problems} session={sessionOf(c)} />,
  );
}

/** Fields are text; a limit that is none is left for the check to refuse. */
export function bulkRetryFrom({ limit, ...filter }: Fields, dryRun: boolean): Record<string, unknown> {
  return { filter, dry_run: dryRun, ...(limit !== undefined && { limit: Number(limit) }) };
}

function shardsOf(c: ConsoleContext): string[] {
  const configured = loadConfig(c.env);
  const shards = configured.ok ? configured.config.indexShards : 0;
  return Array.from({ length: shards }, (_, shard) => `/console/live/${shard}`);
}
