/**
 * One shard of the index: it connects the platform's storage to the queries, and has no rule of its own.
 *
 * The index mirrors what the events' objects publish. Nothing decides by it what may be done with an event,
 * so a row that is late can mislead an operator, but never a settlement.
 */
import type { Connection } from "partyserver";
import { type RpcResult, answerRpc } from "../durable-object/rpc.ts";
import type { EventSummary } from "./event-summary.ts";
import { accept, begin, isWatched, tell } from "../durable-object/websockets.ts";
import { type EventFilter, FIRST_POSITION, type Position, whereOf } from "./filter.ts";
import { openMoney } from "./open-money.ts";
import type { Money } from "./sum-by-currency.ts";
import { type ShardStats, shardStats } from "./shard-stats.ts";
import {
  alertFacts,
  type AlertFacts,
  markLongOpenReported,
  markReported,
  type ReportedEvent,
} from "./alert-facts.ts";
import { loadConfig } from "../config.ts";
import { log } from "../log.ts";
import { errorName } from "../error-name.ts";
import { MOVE_MARK_AT, moveMark, moveMarkUpTo } from "./counters.ts";
import { selectOpen, selectPage, upsert } from "./events-table.ts";
import type { Moved } from "./generations.ts";
import { ensureAlarm, IndexNotes, UPKEEP_AGAIN_MS } from "./index-notes.ts";
import { type MovedRow, receiveMoved } from "./moved-rows.ts";
import { purgeStep } from "./purge.ts";
import { purgeRefused } from "./refused-deliveries.ts";
import { type Remains, ShardOfGeneration } from "./shard-of-generation.ts";
import { addUnlisted, countUnlisted, purgeUnlisted } from "./unlisted-accounts.ts";
import { type Overdue, rescuesOf, sweptAt, takeOverdue, addRescues } from "./overdue.ts";

/** How often a shard looks for rows to purge. */
const UPKEEP_EVERY_MS = 3_600_000;
/** By then nearly every event has published its row. */
const PUBLISHED_MS = 60_000;

export class EventIndex extends IndexNotes {
  static override options = { hibernate: true };

  /** Rows that are not counted, at most. null: this instance has not looked yet. */
  #uncounted: number | null = null;
  /** Where the purge goes on, and how many rows it took since it began at the first. */
  #purge = { from: FIRST_POSITION, rows: 0 };

  readonly #generation: ShardOfGeneration;

  /** Not in `onStart`, which does not run on native RPC. */
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#generation = new ShardOfGeneration(
      () => this.env,
      ctx.storage,
      () => this.name,
    );
  }

  publish(summary: EventSummary): Promise<RpcResult<void>> {
    return this.#answer(async () => {
      await this.#generation.publish(summary, (row) => this.#put(row));
      const { event_id, state } = summary;
      if (isWatched(this.ctx)) this.ctx.waitUntil(tell(this, () => ({ event_id, state })));
    });
  }

  /** What a shard of a newer generation asks first. False: the row is not here. */
  publishHeld(summary: EventSummary): Promise<RpcResult<boolean>> {
    return this.#answer(() => this.#generation.publishHeld(summary, (row) => this.#put(row)));
  }

  moveBatch(): Promise<RpcResult<Moved>> {
    return this.#answer(() => this.#generation.moveBatch());
  }

  receiveMoved(rows: readonly MovedRow[]): Promise<RpcResult<void>> {
    return this.#answer((storage) => storage.transactionSync(() => receiveMoved(storage, rows, Date.now())));
  }

  /** Of the shard with the same number among fewer. */
  receiveRemains(shards: number, { rescues, unlisted }: Remains): Promise<RpcResult<void>> {
    return this.#answer(({ sql, kv }) => {
      addRescues(kv, `of ${shards} shards`, rescues);
      for (const account of unlisted) addUnlisted(sql, account);
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
      await ensureAlarm(storage, false);
      return takeOverdue(storage.sql, dueBy, now, limit);
    });
  }

  addRescues(sweep: string, count: number): Promise<RpcResult<void>> {
    return this.#answer(({ kv }) => addRescues(kv, sweep, count));
  }

  /** What 1.0.0's sweep asks for while a deploy mixes versions. Shards purge themselves now. */
  purge(): Promise<RpcResult<number>> {
    return this.#answer(() => 0);
  }

  /** Never throws: the platform gives up on an alarm that fails six times. */
  override async alarm(): Promise<void> {
    let againMs = UPKEEP_EVERY_MS;
    try {
      this.requireTables();
      if (this.#upkeep(Date.now())) againMs = UPKEEP_AGAIN_MS;
      againMs = Math.min(againMs, (await this.generationList.moveOn()) ?? UPKEEP_EVERY_MS);
    } catch (error) {
      log("error", { msg: "index_upkeep_failed", shard: this.name, error: errorName(error) });
    }
    await this.ctx.storage.setAlarm(Date.now() + againMs);
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

  alertFacts(receivedBy: number, limit: number): Promise<RpcResult<AlertFacts>> {
    return this.#answer(({ sql }) => alertFacts(sql, receivedBy, limit));
  }

  markReported(events: readonly ReportedEvent[]): Promise<RpcResult<void>> {
    return this.#answer(({ sql }) => markReported(sql, events));
  }

  markLongOpenReported(receivedBy: number): Promise<RpcResult<void>> {
    return this.#answer(({ sql }) => markLongOpenReported(sql, receivedBy));
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

  #put(summary: EventSummary): void {
    const { storage } = this.ctx;
    upsert(storage, summary, Date.now());
    if (this.#uncounted === null || ++this.#uncounted >= MOVE_MARK_AT) {
      this.#uncounted = moveMark(storage, Date.now());
    }
  }

  #answer<T>(act: (storage: DurableObjectStorage) => T | Promise<T>): Promise<RpcResult<T>> {
    return answerRpc({ shard: this.name }, () => {
      this.requireTables();
      return act(this.ctx.storage);
    });
  }
}
