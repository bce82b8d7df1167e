/**
 * A shard's statistics, without reading the shard. Rows before a mark, a position in the table, are counted
 * in one stored value; the few rows after it are counted whenever somebody asks.
 *
 * The mark is what keeps a settled event at one row written: its row is published after the mark, and counted
 * together with hundreds of others when the mark moves on. Only a row before the mark that changes, comes
 * late or is purged takes the stored value with it, in the same turn. So counters and rows agree after a
 * crash, whenever it comes.
 */
import { openMoney } from "./open-money.ts";
import { FIRST_POSITION, isBefore, type Position, type Where } from "./filter.ts";
import {
  add,
  HOUR_MS,
  type HourCount,
  mergeHoursBefore,
  negative,
  type Tally,
  tallyOf,
  type TalliedRow,
} from "./tally.ts";

export type Stored = Pick<DurableObjectStorage, "sql" | "kv">;

const MARK_KEY = "counted_to";
const TALLY_KEY = "counters";
const LAST: Position = { received_at: Number.MAX_SAFE_INTEGER, event_id: "" };

/**
 * The newest rows stay uncounted, because events that came at about the same time are still to publish
 * theirs: a row that comes after the mark has passed costs one more. At 150 events/s in a shard this is how
 * many come in 1.7 s; when the ledger takes longer than that at such a rate, some of them do cost it.
 */
const NEWEST_UNCOUNTED = 250;
/** A move of the mark is two rows written, so it is made for as many rows at once. */
export const MOVE_MARK_AT = 2 * NEWEST_UNCOUNTED;
/** Some milliseconds. More only of a shard that an earlier version filled. */
const MOVE_MAX = 5_000;
/** Statistics ask for 24 hours and the hour in which they began. One more, since clocks differ. */
const HOURS_MS = 26 * HOUR_MS;

/** Of all rows, in two parts. */
export function tallyAll({ sql, kv }: Stored): readonly [counted: Tally, uncounted: Tally] {
  return [storedTally(kv), tallyBetween(sql, markOf(kv), LAST)];
}

/**
 * After a row was published: counts more, if it is worth it. Returns how many rows are left after the mark.
 */
export function moveMark(stored: Stored, now: number): number {
  const rows = uncounted(stored, LAST, NEWEST_UNCOUNTED + MOVE_MAX);
  const next = rows.at(-NEWEST_UNCOUNTED);
  if (rows.length < MOVE_MARK_AT || next === undefined) return rows.length;
  moveTo(stored, next, now);
  return NEWEST_UNCOUNTED;
}

/**
 * From time to time: counts what came before, so that a shard at rest has nothing
 * after the mark. True: there is more.
 */
export function moveMarkUpTo(stored: Stored, time: number, now: number): boolean {
  const rows = uncounted(stored, { received_at: time, event_id: "" }, MOVE_MAX);
  const last = rows.at(-1);
  if (last === undefined) return false;
  moveTo(stored, { ...last, event_id: `${last.event_id} ` }, now);
  return rows.length === MOVE_MAX;
}

function uncounted({ sql, kv }: Stored, before: Position, limit: number): Position[] {
  const mark = markOf(kv);
  return sql
    .exec<{ received_at: number; event_id: string }>(
      `SELECT received_at, event_id FROM events WHERE (received_at, event_id) >= (?, ?)
      AND (received_at, event_id) < (?, ?) ORDER BY received_at, event_id LIMIT ?`,
      mark.received_at,
      mark.event_id,
      before.received_at,
      before.event_id,
      limit,
    )
    .toArray();
}

function moveTo({ sql, kv }: Stored, mark: Position, now: number): void {
  storeTally(kv, add(storedTally(kv), tallyBetween(sql, markOf(kv), mark)), now);
  kv.put<Position>(MARK_KEY, mark);
}

/** In the turn in which rows change: what they were, and what they are now. */
export function recount(
  { kv }: Pick<Stored, "kv">,
  before: readonly (TalliedRow & Position)[],
  after: readonly (TalliedRow & Position)[],
  now: number,
): void {
  const counted = (row: Position) => isCounted(kv, row);
  const changes = [
    ...before.filter(counted).map((row) => negative(tallyOf(row))),
    ...after.filter(counted).map(tallyOf),
  ];
  if (changes.length > 0) storeTally(kv, add(storedTally(kv), ...changes), now);
}

/** Rows changed without them. They begin anew, and the upkeep counts. */
export function forgetCounters(kv: SyncKvStorage): void {
  kv.delete(MARK_KEY);
  kv.delete(TALLY_KEY);
}

/** Whether the counters must follow when this row changes. */
export function isCounted(kv: SyncKvStorage, row: Position): boolean {
  return isBefore(row, markOf(kv));
}

function tallyBetween(sql: SqlStorage, from: Position, to: Position): Tally {
  const between: Where = {
    sql: "(received_at, event_id) >= (?, ?) AND (received_at, event_id) < (?, ?)",
    params: [from.received_at, from.event_id, to.received_at, to.event_id],
  };
  const counts = sql.exec(
    `SELECT received_at - received_at % ${HOUR_MS} AS hour, state, count(*) AS count, sum(attempts) AS attempts
    FROM events WHERE ${between.sql} GROUP BY 1, 2`,
    ...between.params,
  );
  return { counts: counts.toArray() as unknown as Tally["counts"], open: openMoney(sql, between) };
}

function markOf(kv: SyncKvStorage): Position {
  return kv.get<Position>(MARK_KEY) ?? FIRST_POSITION;
}

/** As text without names: a day's hours are some eighty counts, and statistics read them each time. */
interface StoredTally {
  readonly counts: readonly (readonly [
    hour: number,
    state: HourCount["state"],
    count: number,
    attempts: number,
  ])[];
  readonly open: Tally["open"];
}

function storedTally(kv: SyncKvStorage): Tally {
  const text = kv.get<string>(TALLY_KEY);
  if (text === undefined) return { counts: [], open: [] };
  const { counts, open } = JSON.parse(text) as StoredTally;
  return {
    counts: counts.map(([hour, state, count, attempts]) => ({ hour, state, count, attempts })),
    open,
  };
}

function storeTally(kv: SyncKvStorage, tally: Tally, now: number): void {
  const { counts, open } = mergeHoursBefore(tally, now - HOURS_MS);
  const stored: StoredTally = {
    counts: counts.map(({ hour, state, count, attempts }) => [hour, state, count, attempts]),
    open,
  };
  kv.put<string>(TALLY_KEY, JSON.stringify(stored));
}
