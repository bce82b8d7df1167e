/** Finding events, closing one, and opening it again. */
import type { Failure } from "../errors.ts";
import type { Result } from "../result.ts";
import { z } from "zod";
import { eventIdSchema } from "../event-id.ts";
import type { EventState } from "../event/event-state.ts";
import { type EventSummary, stateSchema } from "../event-index/event-summary.ts";
import { iso } from "../event/view.ts";
import { encodeCursor } from "../event-index/cursor.ts";
import type { EventFilter, Position } from "../event-index/filter.ts";
import * as index from "../event-index/queries.ts";
import { log } from "../log.ts";
import { countSchema, currencySchema, isoTimeSchema, minorUnitsSchema } from "../wire-schemas.ts";
import { askEvent, askIndex, type OperatorCall } from "./operator-call.ts";
import type { CloseOrReopenRequest } from "./requests.ts";

export const eventRowSchema = z.strictObject({
  event_id: eventIdSchema,
  event_type: z.string(),
  state: stateSchema,
  reason: z.string().nullable(),
  error_code: z.string().nullable(),
  account_id: z.string().nullable(),
  payment_id: z.string().nullable(),
  amount_minor: minorUnitsSchema.nullable(),
  currency: currencySchema.nullable(),
  attempts: countSchema,
  received_at: isoTimeSchema,
  updated_at: isoTimeSchema,
  next_retry_at: isoTimeSchema.nullable(),
});

export const eventListSchema = z.strictObject({
  events: z.array(eventRowSchema).readonly(),
  next_cursor: z.string().nullable().meta({ description: "null: there are no more." }),
});

export type EventRow = z.infer<typeof eventRowSchema>;
export type EventList = z.infer<typeof eventListSchema>;

export interface EventListRequest extends EventFilter {
  readonly limit: number;
  readonly cursor?: Position | null | undefined;
}

/** Newest first, over all shards. */
export async function listEvents(
  call: OperatorCall,
  request: EventListRequest,
): Promise<Result<EventList, Failure>> {
  const { limit, cursor, ...filter } = request;
  const page = await askIndex(call, (place) => index.listEvents(place, filter, cursor ?? null, limit));
  if (!page.ok) return page;
  const { events, next } = page.value;
  const next_cursor = next === null ? null : encodeCursor(next);
  return { ok: true, value: { events: events.map(rowOf), next_cursor } };
}

export async function showEvent(call: OperatorCall, eventId: string): Promise<Result<EventState, Failure>> {
  const found = await askEvent(call, eventId, (stub) => stub.inspect());
  if (!found.ok) return found;
  if (found.value === null) return { ok: false, failure: { kind: "event_not_found" } };
  return { ok: true, value: found.value };
}

/** Closes a failed event, or opens again one that was closed by mistake. */
export async function closeOrReopenEvent(
  call: OperatorCall,
  eventId: string,
  act: "resolve" | "reopen",
  { actor, note }: CloseOrReopenRequest,
): Promise<Result<EventState, Failure>> {
  const reply = await askEvent(call, eventId, (stub) => stub[act](actor, note));
  if (!reply.ok) return reply;
  if (reply.value.kind === "unavailable") return { ok: false, failure: { kind: "event_object_unavailable" } };
  if (reply.value.kind !== "done") return { ok: false, failure: reply.value };
  log("info", { msg: `operator_${act}`, event_id: eventId, request_id: call.requestId });
  return { ok: true, value: reply.value.event };
}

/** In the contract's order, without the revision, which only the index needs. */
function rowOf(event: EventSummary): EventRow {
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
