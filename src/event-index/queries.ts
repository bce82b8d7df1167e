/** Questions to the shards. Each answers null when a shard is out of reach. */
import type { EventSummary } from "./event-summary.ts";
import type { EventFilter, Position } from "./filter.ts";
import { askAllShards, askShards, readAllShards } from "./all-shards.ts";
import { askShard, type IndexPlace, NOTES_SHARD, type ShardStub } from "./call-shards.ts";
import { type Money, sumByCurrency } from "./sum-by-currency.ts";
import { combineStats, LAST_24H_MS, type Stats } from "./stats.ts";
import type { SweepMark } from "./sweep-age.ts";

/** Of a page, from each shard: so that shares that differ as they do by chance need no second question. */
const SHARE_MIN = 20;

export interface Page {
  readonly events: readonly EventSummary[];
  /** null: there are no more. */
  readonly next: Position | null;
}

/**
 * Newest first; one row more than the page shows whether there is a next. An event that arrives during a walk
 * is newer than every position, so it shifts nothing that is still to come.
 */
export async function listEvents(
  index: IndexPlace,
  filter: EventFilter,
  before: Position | null,
  limit: number,
): Promise<Page | null> {
  const rows = await newestRows(index, filter, before, limit + 1);
  if (rows === null) return null;
  const events = rows.slice(0, limit);
  const last = events.at(-1);
  return { events, next: rows.length > limit && last !== undefined ? positionOf(last) : null };
}

/**
 * Each shard has about its share of the page, and is asked for twice that and some more. Any may hold all of
 * it: so those that have returned as many, all of them newer than the page's end, are asked for the rest.
 */
function newestRows(
  index: IndexPlace,
  filter: EventFilter,
  before: Position | null,
  wanted: number,
): Promise<readonly EventSummary[] | null> {
  return readAllShards(index, async (names) => {
    const share = Math.min(wanted, SHARE_MIN + Math.ceil((2 * wanted) / names.length));
    const pages = await askShards(index, names, (shard) => shard.page(filter, before, share));
    if (pages === null) return null;
    const end = pages.flat().sort(newestFirst)[wanted - 1];
    const cutOff = pages.flatMap((rows, position) => {
      const last = rows.at(-1);
      const name = names[position] ?? "";
      if (share === wanted || rows.length < share || last === undefined) return [];
      return end === undefined || newestFirst(last, end) < 0 ? [{ name, last: positionOf(last) }] : [];
    });
    const rest = await askShards(
      index,
      cutOff.map(({ name }) => name),
      (shard, position) => shard.page(filter, cutOff[position]?.last ?? null, wanted - share),
    );
    return rest === null ? null : [...pages, ...rest].flat().sort(newestFirst).slice(0, wanted);
  });
}

/** Open events to try again, the longest unchanged first. `dueBy`: only those whose retry was due then. */
export async function findOpen(
  index: IndexPlace,
  filter: EventFilter,
  dueBy: number | null,
  limit: number,
): Promise<readonly EventSummary[] | null> {
  const found = await askAllShards(index, (shard) => shard.open(filter, dueBy, limit));
  return found?.flat().sort(longestUnchangedFirst).slice(0, limit) ?? null;
}

/** How many open events the filter matches, and how much money that is. */
export async function sumOpen(index: IndexPlace, filter: EventFilter): Promise<readonly Money[] | null> {
  const sums = await askAllShards(index, (shard) => shard.openMoney(filter));
  return sums === null ? null : sumByCurrency(sums.flat());
}

export async function readStats(index: IndexPlace, now: number): Promise<Stats | null> {
  const ask = (stub: ShardStub) => stub.stats(now - LAST_24H_MS);
  const [shards, notes] = await Promise.all([askAllShards(index, ask), askShard(index, NOTES_SHARD, ask)]);
  return shards === null || !notes.ok ? null : combineStats([...shards, notes.value], now);
}

/** Asks one shard. */
export async function readSweepMark(index: IndexPlace, now: number): Promise<SweepMark | null> {
  const mark = await askShard(index, NOTES_SHARD, (stub) => stub.sweepMark(now));
  return mark.ok ? mark.value : null;
}

function positionOf({ received_at, event_id }: EventSummary): Position {
  return { received_at, event_id };
}

/** As SQLite orders them: by code unit, not by anybody's alphabet. */
function newestFirst(a: EventSummary, b: EventSummary): number {
  return b.received_at - a.received_at || (a.event_id < b.event_id ? 1 : -1);
}

function longestUnchangedFirst(a: EventSummary, b: EventSummary): number {
  return a.updated_at - b.updated_at || (a.event_id < b.event_id ? -1 : 1);
}
