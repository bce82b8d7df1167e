/** `GET /v1/admin/events`: the events, newest first, over all shards. */
import { encodeCursor } from "../../event-index/cursor.ts";
import { listEvents } from "../../event-index/queries.ts";
import type { EventSummary } from "../../event-index/event-summary.ts";
import { iso } from "../../event/view.ts";
import { fail, json } from "../respond.ts";
import { type AdminRequest, askIndex } from "./admin.ts";
import { listQuery } from "./filter.ts";
import { readQuery } from "./request.ts";

export interface EventList {
  readonly events: readonly ReturnType<typeof rowOf>[];
  readonly next_cursor: string | null;
}

export async function showEvents(admin: AdminRequest): Promise<Response> {
  const query = readQuery(admin.request, listQuery);
  if (!query.ok) return fail(admin.requestId, query.failure);
  const { limit, cursor = null, ...filter } = query.value;
  const page = await askIndex(admin, (index) => listEvents(index, filter, cursor, limit));
  if (!page.ok) return fail(admin.requestId, page.failure);
  const { events, next } = page.value;
  const answer: EventList = {
    events: events.map(rowOf),
    next_cursor: next === null ? null : encodeCursor(next),
  };
  return json(admin.requestId, 200, answer);
}

/** In the contract's order; the revision is nobody's business. */
function rowOf(event: EventSummary) {
  return {
    event_id: event.event_id,
    event_type: event.event_type,
    state: event.state,
    reason: event.reason,
    error_code: event.error_code,
    account_id: event.account_id,
    payment_id: event.payment_id,
    amount_minor: event.amount_minor,
    currency: event.currency,
    attempts: event.attempts,
    received_at: iso(event.received_at),
    updated_at: iso(event.updated_at),
    next_retry_at: event.next_retry_at === null ? null : iso(event.next_retry_at),
  };
}
