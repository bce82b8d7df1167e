/** Finding events, closing one, and opening it again. */
import type { Failure } from "../errors.ts";
import type { Result } from "../result.ts";
import { z } from "zod";
import { EVENT_ID, eventIdSchema } from "../event-id.ts";
import type { EventState } from "../event/event-state.ts";
import { type EventSummary, stateSchema } from "../event-index/event-summary.ts";
import { iso } from "../event/view.ts";
import { encodeCursor } from "../event-index/cursor.ts";
import { type EventFilter, isBefore, type Position } from "../event-index/filter.ts";
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
  if (EVENT_ID.test(filter.payment_id ?? "")) return listOne(call, request);
  const page = await askIndex(call, (place) => index.listEvents(place, filter, cursor ?? null, limit));
  if (!page.ok) return page;
  const { events, next } = page.value;
  const next_cursor = next === null ? null : encodeCursor(next);
  return { ok: true, value: { events: events.filter(isReadable).map(rowOf), next_cursor } };
}

/** An event that is named by its own id: its object knows it, whatever is in the index. */
async function listOne(
  call: OperatorCall,
  { payment_id: eventId = "", cursor, ...filter }: EventListRequest,
): Promise<Result<EventList, Failure>> {
  const found = await askEvent(call, eventId, (stub) => stub.inspect());
  if (!found.ok) return found;
  const row = found.value === null ? null : rowOfState(found.value);
  if (row === null || !matches(row, filter)) return { ok: true, value: { events: [], next_cursor: null } };
  const position = { received_at: Date.parse(row.received_at), event_id: row.event_id };
  const isOnPage = cursor === null || cursor === undefined || isBefore(position, cursor);
  return { ok: true, value: { events: isOnPage ? [row] : [], next_cursor: null } };
}

function matches(row: EventRow, filter: EventFilter): boolean {
  const at = Date.parse(row.received_at);
  return (
    (filter.state ?? row.state) === row.state &&
    (filter.type ?? row.event_type) === row.event_type &&
    (filter.account_id ?? row.account_id) === row.account_id &&
    (filter.received_from ?? at) <= at &&
    at < (filter.received_to ?? Infinity)
  );
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

/** As the event publishes it. */
function rowOfState(event: EventState): EventRow {
  const { settlement, money, ...state } = event;
  const { external_payment_id = null, amount_minor = null, currency = null } = settlement ?? money ?? {};
  return {
    event_id: state.event_id,
    event_type: state.event_type,
    state: state.state,
    reason: state.reason,
    error_code: state.last_error?.code ?? null,
    account_id: settlement?.account_id ?? null,
    payment_id: external_payment_id,
    amount_minor,
    currency: amount_minor === null ? null : currency,
    attempts: state.attempts,
    received_at: state.received_at,
    updated_at: state.updated_at,
    next_retry_at: state.next_retry_at,
  };
}

/**
 * As far as the rest of the list depends on it. What a later version wrote, or
 * nobody can explain, hides no other row.
 */
function isReadable({ event_id, state, received_at, updated_at, next_retry_at }: EventSummary): boolean {
  const times = [received_at, updated_at, next_retry_at ?? 0];
  const isKnown = stateSchema.safeParse(state).success;
  const readable = isKnown && times.every((ms) => !Number.isNaN(new Date(ms).getTime()));
  if (!readable) log("error", { msg: "index_row_unreadable", event_id });
  return readable;
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
