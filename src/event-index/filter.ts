/** Which events an operator asks for, and the SQL of it. Pure. */
import { FINAL_STATES, OPEN_STATES, type State } from "./event-summary.ts";

export interface EventFilter {
  readonly state?: State | undefined;
  readonly type?: string | undefined;
  readonly account_id?: string | undefined;
  /**
   * A Stripe object's id, as the settlement has it; or that of a charge, for each of its refunds
   * (`ch_…:total:time`); or an event's own.
   */
  readonly payment_id?: string | undefined;
  /** Of open events: those whose money came in by one of these payments. For no operator to ask by. */
  readonly source_payment_ids?: readonly string[] | undefined;
  /** Epoch milliseconds, inclusive. */
  readonly received_from?: number | undefined;
  /** Epoch milliseconds, exclusive. */
  readonly received_to?: number | undefined;
}

/**
 * Where a page ended. Both fields are fixed for an event's life, so no
 * change of state moves a row between pages.
 */
export interface Position {
  readonly received_at: number;
  readonly event_id: string;
}

/** Before every row. */
export const FIRST_POSITION: Position = { received_at: 0, event_id: "" };

/** In the order of the table. */
export function isBefore(a: Position, b: Position): boolean {
  return a.received_at < b.received_at || (a.received_at === b.received_at && a.event_id < b.event_id);
}

export interface Where {
  readonly sql: string;
  readonly params: readonly (string | number)[];
}

/** SQLite takes a partial index only for a query that repeats the index's own condition, word for word. */
export const IS_OPEN = `state IN (${quoted(OPEN_STATES)})`;
export const IS_FINAL = `state IN (${quoted(FINAL_STATES)})`;

/** Named where it must be taken: without statistics SQLite would rather walk the whole table in its order. */
export const OPEN_EVENTS = "events INDEXED BY open_by_time";

export function isOpenState(state: string | undefined): boolean {
  return OPEN_STATES.some((open) => open === state);
}

export function whereOf(filter: EventFilter, before: Position | null = null): Where {
  const conditions: string[] = [];
  const params: (string | number)[] = [];
  const add = (sql: string, ...values: (string | number)[]) => {
    conditions.push(sql);
    params.push(...values);
  };
  if (isOpenState(filter.state)) add(IS_OPEN);
  if (filter.state !== undefined) add("state = ?", filter.state);
  if (filter.type !== undefined) add("event_type = ?", filter.type);
  if (filter.account_id !== undefined) add("account_id = ?", filter.account_id);
  if (filter.payment_id !== undefined) {
    const id = filter.payment_id;
    if (id.startsWith("evt_")) add("event_id = ?", id);
    // ";" is what follows ":": so these are the ids that begin with this one and a colon.
    else add("(payment_id = ? OR (payment_id > ? AND payment_id < ?))", id, `${id}:`, `${id};`);
  }
  if (filter.source_payment_ids !== undefined) {
    add("source_payment_id IN (SELECT value FROM json_each(?))", JSON.stringify(filter.source_payment_ids));
  }
  if (filter.received_from !== undefined) add("received_at >= ?", filter.received_from);
  if (filter.received_to !== undefined) add("received_at < ?", filter.received_to);
  if (before !== null) add("(received_at, event_id) < (?, ?)", before.received_at, before.event_id);
  return { sql: conditions.length === 0 ? "TRUE" : conditions.join(" AND "), params };
}

function quoted(states: readonly string[]): string {
  return states.map((state) => `'${state}'`).join(", ");
}
