/**
 * One shard of the index: it connects the platform's storage to the queries, and has no rule of its own.
 *
 * The index mirrors what the events' objects publish. Nothing decides by it what may be done with an event, so a row that
 * is late can mislead an operator, but never a settlement.
 */
import { type Connection, Server } from "partyserver";
import { type RpcResult, answerRpc } from "../durable-object/rpc.ts";
import type { EventSummary } from "./event-summary.ts";
import { accept, begin, isWatched, tell } from "../durable-object/websockets.ts";
import { type EventFilter, type Position, whereOf } from "./filter.ts";
import { openMoney } from "./open-money.ts";
import type { Money } from "./sum-by-currency.ts";
import { type ShardStats, shardStats } from "./shard-stats.ts";
import {
  alertFacts,
  type AlertFacts,
  alertNote,
  createReportedTables,
  markLongOpenReported,
  markReported,
  setAlertNote,
  type ReportedEvent,
} from "./alert-facts.ts";
import { loadConfig } from "../config.ts";
import { log } from "../log.ts";
import { errorName } from "../error-name.ts";
import { MOVE_MARK_AT, moveMark, moveMarkUpTo } from "./counters.ts";
import { createTable, selectOpen, selectPage, upsert } from "./events-table.ts";
import { FIRST_POSITION } from "./filter.ts";
import { purgeStep } from "./purge.ts";
import { countRefused, createRefusedDeliveries, purgeRefused } from "./refused-deliveries.ts";
import { countUnlisted, createUnlistedAccounts, purgeUnlisted } from "./unlisted-accounts.ts";
import {
  addRescues,
  noteSweep,
  type Overdue,
  rescuesOf,
  sweepMark,
  sweptAt,
  takeOverdue,
} from "./overdue.ts";
import type { SweepMark } from "./sweep-age.ts";

/** How often a shard looks for rows to purge, and how soon it goes on when there is more to do. */
const UPKEEP_EVERY_MS = 3_600_000;
const UPKEEP_AGAIN_MS = 50;
/** By then nearly every event has published its row. */
const PUBLISHED_MS = 60_000;
/** An alarm this late has been lost. */
const ALARM_LOST_MS = 600_000;

export class EventIndex extends Server<Env> {
  static override options = { hibernate: true };

  /** Rows that are not counted, at most. null: this instance has not looked yet. */
  #uncounted: number | null = null;
  /** Where the purge goes on, and how many rows it took since it began at the first. */
  #purge = { from: FIRST_POSITION, rows: 0 };

  /** Not in `onStart`, which does not run on native RPC. */
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    createTable(ctx.storage.sql);
    createReportedTables(ctx.storage.sql);
    createUnlistedAccounts(ctx.storage.sql);
    createRefusedDeliveries(ctx.storage.sql);
  }

  publish(summary: EventSummary): Promise<RpcResult<void>> {
    return this.#answer((storage) => {
      upsert(storage, summary, Date.now());
      if (this.#uncounted === null || ++this.#uncounted >= MOVE_MARK_AT) {
        this.#uncounted = moveMark(storage, Date.now());
      }
      const { event_id, state } = summary;
      if (isWatched(this.ctx)) this.ctx.waitUntil(tell(this, () => ({ event_id, state })));
    });
  }

  page(filter: EventFilter, before: Position | null, limit: number): Promise<RpcResult<EventSummary[]>> {
    return this.#answer(({ sql }) => selectPage(sql, filter, before, limit));
  }

  /** `dueBy`: only those whose retry was due then, or null for all that are open. */
  open(filter: EventFilter, dueBy: number | null, limit: number): Promise<RpcResult<EventSummary[]>> {
    return this.#answer(({ sql }) => selectOpen(sql, filter, dueBy, limit));
  }

  openMoney(filter: EventFilter): Promise<RpcResult<Money[]>> {
    return this.#answer(({ sql }) => openMoney(sql, whereOf(filter)));
  }

  stats(recentSince: number): Promise<RpcResult<ShardStats>> {
    return this.#answer((storage) => {
      const { kv } = storage;
      return shardStats(storage, { rescues: rescuesOf(kv), swept_at: sweptAt(kv) }, recentSince);
    });
  }

  /** Every sweep asks this, so it also sees to an alarm that was never set, or that the platform lost. */
  takeOverdue(dueBy: number, now: number, limit: number): Promise<RpcResult<Overdue[]>> {
    return this.#answer(async (storage) => {
      const alarm = await storage.getAlarm();
      if (alarm === null || alarm < now - ALARM_LOST_MS) void storage.setAlarm(now + UPKEEP_AGAIN_MS);
      return takeOverdue(storage.sql, dueBy, now, limit);
    });
  }

  addRescues(sweep: string, count: number): Promise<RpcResult<void>> {
    return this.#answer(({ kv }) => addRescues(kv, sweep, count));
  }

  noteSweep(at: number): Promise<RpcResult<void>> {
    return this.#answer(({ kv }) => noteSweep(kv, at));
  }

  sweepMark(now: number): Promise<RpcResult<SweepMark>> {
    return this.#answer(({ kv }) => sweepMark(kv, now));
  }

  /** What 1.0.0's sweep asks for while a deploy mixes versions. Shards purge themselves now. */
  purge(): Promise<RpcResult<number>> {
    return this.#answer(() => 0);
  }

  /** Never throws: the platform gives up on an alarm that fails six times. */
  override async alarm(): Promise<void> {
    let hasMore = false;
    try {
      hasMore = this.#upkeep(Date.now());
    } catch (error) {
      log("error", { msg: "index_upkeep_failed", shard: this.name, error: errorName(error) });
    }
    await this.ctx.storage.setAlarm(Date.now() + (hasMore ? UPKEEP_AGAIN_MS : UPKEEP_EVERY_MS));
  }

  /** One small step of each task. True when there is more to do. */
  #upkeep(now: number): boolean {
    const { storage } = this.ctx;
    const hasUncounted = moveMarkUpTo(storage, now - PUBLISHED_MS, now);
    const configured = loadConfig(this.env);
    if (!configured.ok) return hasUncounted;
    const cutoff = now - configured.config.retentionMs;
    const { purged, next } = purgeStep(storage, this.#purge.from, cutoff, now);
    const rows = this.#purge.rows + purged;
    this.#purge = next === null ? { from: FIRST_POSITION, rows: 0 } : { from: next, rows };
    purgeUnlisted(storage.sql, cutoff);
    purgeRefused(storage.sql, cutoff);
    if (next === null && rows > 0) log("info", { msg: "index_purged", shard: this.name, rows });
    return hasUncounted || next !== null;
  }

  countUnlisted(account: string, now: number): Promise<RpcResult<void>> {
    return this.#answer(({ sql }) => countUnlisted(sql, account, now));
  }

  countRefused(counts: Readonly<Record<string, number>>, now: number): Promise<RpcResult<void>> {
    return this.#answer(({ sql }) => countRefused(sql, counts, now));
  }

  alertFacts(receivedBy: number, limit: number): Promise<RpcResult<AlertFacts>> {
    return this.#answer(({ sql }) => alertFacts(sql, receivedBy, limit));
  }

  markReported(events: readonly ReportedEvent[]): Promise<RpcResult<void>> {
    return this.#answer(({ sql }) => markReported(sql, events));
  }

  markLongOpenReported(receivedBy: number): Promise<RpcResult<void>> {
    return this.#answer(({ sql }) => markLongOpenReported(sql, receivedBy));
  }

  alertNote(name: string): Promise<RpcResult<unknown>> {
    return this.#answer(({ kv }) => alertNote(kv, name));
  }

  setAlertNote(name: string, note: unknown): Promise<RpcResult<void>> {
    return this.#answer(({ kv }) => setAlertNote(kv, name, note));
  }

  /** A client starts to watch what is published here. */
  override fetch(): Promise<Response> {
    return accept((request) => super.fetch(request));
  }

  override onConnect(connection: Connection): void {
    begin(connection);
  }

  /** Watchers only listen. partyserver's own would write a row first. */
  override async webSocketMessage(): Promise<void> {}

  #answer<T>(act: (storage: DurableObjectStorage) => T | Promise<T>): Promise<RpcResult<T>> {
    return answerRpc({ shard: this.name }, () => act(this.ctx.storage));
  }
}
