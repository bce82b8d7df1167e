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
import type { EventFilter, Position } from "./filter.ts";
import type { Money } from "./sum-by-currency.ts";
import { openMoney, type ShardStats, shardStats } from "./shard-stats.ts";
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
import { createTable, purge, selectOpen, selectPage, upsert } from "./events-table.ts";
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

export class EventIndex extends Server<Env> {
  static override options = { hibernate: true };

  /** Not in `onStart`, which does not run on native RPC. */
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    createTable(ctx.storage.sql);
    createReportedTables(ctx.storage.sql);
    createUnlistedAccounts(ctx.storage.sql);
    createRefusedDeliveries(ctx.storage.sql);
  }

  publish(summary: EventSummary): Promise<RpcResult<void>> {
    return this.#answer(({ sql }) => {
      upsert(sql, summary);
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
    return this.#answer(({ sql }) => openMoney(sql, filter));
  }

  stats(recentSince: number): Promise<RpcResult<ShardStats>> {
    return this.#answer(({ sql, kv }) =>
      shardStats(sql, { rescues: rescuesOf(kv), swept_at: sweptAt(kv) }, recentSince),
    );
  }

  takeOverdue(dueBy: number, now: number, limit: number): Promise<RpcResult<Overdue[]>> {
    return this.#answer(({ sql }) => takeOverdue(sql, dueBy, now, limit));
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

  purge(cutoff: number, limit: number): Promise<RpcResult<number>> {
    return this.#answer(({ sql }) => {
      purgeUnlisted(sql, cutoff);
      purgeRefused(sql, cutoff);
      return purge(sql, { cutoff, now: Date.now() }, limit);
    });
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

  #answer<T>(act: (storage: DurableObjectStorage) => T): Promise<RpcResult<T>> {
    return answerRpc({ shard: this.name }, () => act(this.ctx.storage));
  }
}
