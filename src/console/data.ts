/** What the pages show and do. Everything goes the ways of the operators' routes, so that it is as safe. */
import { eventIdSchema } from "../event-id.ts";
import type { EventSummary, EventState } from "../event/view.ts";
import { encodeCursor } from "../event-index/cursor.ts";
import { listEvents } from "../event-index/queries.ts";
import { type AdminRequest, askIndex, type Outcome } from "../http/admin/admin.ts";
import { findEvent } from "../http/admin/events.ts";
import { listQuery } from "../http/admin/filter.ts";
import { check } from "../http/admin/request.ts";
import { findStats, type StatsReport } from "../http/admin/stats.ts";
import type { Fields } from "./form.ts";

export { bulkRetry, type BulkRetryReport } from "../http/admin/bulk-retry.ts";
export { resolveOne } from "../http/admin/events.ts";
export { bulkRetryBody, check, resolveBody, retryBody } from "../http/admin/request.ts";
export { reconciliationBody, runIdSchema } from "../http/admin/reconciliation-request.ts";
export {
  beginReconciliation,
  endReconciliation,
  findReconciliation,
  findReconciliations,
  type ReconciliationList,
  type ReconciliationReport,
  showCsv,
} from "../http/admin/reconciliations.ts";
export { retryOne } from "../http/admin/retry.ts";

const RECENT = 12;

export interface Overview {
  readonly stats: StatsReport;
  readonly recent: readonly EventSummary[];
}

export interface EventPage {
  readonly events: readonly EventSummary[];
  /** null: there are no more. */
  readonly nextCursor: string | null;
}

export async function readOverview(admin: AdminRequest, now: number): Promise<Outcome<Overview>> {
  const [stats, recent] = await Promise.all([
    findStats(admin, now),
    askIndex(admin, (index) => listEvents(index, {}, null, RECENT)),
  ]);
  if (!stats.ok) return stats;
  if (!recent.ok) return recent;
  return { ok: true, value: { stats: stats.value, recent: recent.value.events } };
}

export async function readEvents(admin: AdminRequest, fields: Fields): Promise<Outcome<EventPage>> {
  const query = check(fields, listQuery);
  if (!query.ok) return query;
  const { limit, cursor = null, ...filter } = query.value;
  const page = await askIndex(admin, (index) => listEvents(index, filter, cursor, limit));
  if (!page.ok) return page;
  const { events, next } = page.value;
  return { ok: true, value: { events, nextCursor: next === null ? null : encodeCursor(next) } };
}

/** What is no event's id is an event that does not exist: nobody types ids into a page's address to be corrected. */
export async function readEvent(admin: AdminRequest, eventId: string): Promise<Outcome<EventState>> {
  const id = check(eventId, eventIdSchema);
  return id.ok ? findEvent(admin, id.value) : { ok: false, failure: { kind: "event_not_found" } };
}
