/**
 * What a shard does while there are two generations: a row is in one shard, whoever publishes to whichever.
 *
 * A shard of the newest generation asks the older ones first whether they have the event's row; if so, it is
 * changed there, and moves later. A shard of an older one hands on what it does not have: a Worker that a
 * deploy has not reached yet publishes there.
 */
import { loadConfig } from "../config.ts";
import { askShard, NOTES_SHARD, publish } from "./call-shards.ts";
import type { Stored } from "./counters.ts";
import type { EventSummary } from "./event-summary.ts";
import { hasRow } from "./events-table.ts";
import type { Moved } from "./generations.ts";
import { beginMove, endMove, type MovedRow } from "./moved-rows.ts";
import { takeRescues } from "./overdue.ts";
import { parseShardName, shardName, shardNameOf } from "./shard.ts";
import { takeUnlisted, type UnlistedAccount } from "./unlisted-accounts.ts";

const NEWEST_ONLY_KEY = "no_older_generation";
/**
 * How long a shard relies on what it heard of the older generations. One that is
 * gone by then has no row of any event.
 */
const OLDER_KNOWN_MS = 60_000;

/** What a shard keeps besides its rows. */
export interface Remains {
  readonly rescues: number;
  readonly unlisted: readonly UnlistedAccount[];
}

type Put = (summary: EventSummary) => void;

export class ShardOfGeneration {
  readonly #env: () => Env;
  readonly #stored: Stored;
  readonly #name: () => string;
  #older: { readonly generations: readonly number[]; readonly at: number } | null = null;
  #moving: Promise<Moved> | null = null;

  /** `name` is asked only when it is needed: the platform may start an object by its id alone, without it. */
  constructor(env: () => Env, stored: Stored, name: () => string) {
    this.#env = env;
    this.#stored = stored;
    this.#name = name;
  }

  get #shard(): number {
    return parseShardName(this.#name())?.shard ?? 0;
  }

  get #shards(): number {
    return parseShardName(this.#name())?.shards ?? 0;
  }

  async publish(summary: EventSummary, put: Put): Promise<void> {
    const newer = this.#newerShards();
    if (newer !== null) {
      if (!(await this.publishHeld(summary, put)))
        await publish({ env: this.#env(), shards: newer }, summary);
      return;
    }
    for (const shards of await this.#olderGenerations()) {
      const name = shardNameOf(summary.event_id, shards);
      const held = await askShard({ env: this.#env() }, name, (stub) => stub.publishHeld(summary));
      if (!held.ok) throw new Error(`${name} is out of reach`);
      if (held.value) return;
    }
    put(summary);
  }

  /** False: its row is not here. Never while rows move: they would move as they were before. */
  async publishHeld(summary: EventSummary, put: Put): Promise<boolean> {
    await this.#moving?.catch(() => undefined);
    if (!hasRow(this.#stored.sql, summary)) return false;
    put(summary);
    return true;
  }

  moveBatch(): Promise<Moved> {
    const newer = this.#newerShards();
    if (newer === null) return Promise.resolve({ moved: 0, hasMore: true });
    this.#moving ??= this.#move(newer).finally(() => (this.#moving = null));
    return this.#moving;
  }

  async #move(shards: number): Promise<Moved> {
    const rows = beginMove(this.#stored);
    if (rows.length === 0) {
      await this.#moveRemains(shards);
      return { moved: 0, hasMore: false };
    }
    const byShard = Map.groupBy(rows, (row: MovedRow) => shardNameOf(row.event_id, shards));
    const answers = await Promise.all(
      [...byShard].map(([name, its]) =>
        askShard({ env: this.#env() }, name, (stub) => stub.receiveMoved(its)),
      ),
    );
    if (!answers.every(({ ok }) => ok)) throw new Error("a shard did not receive its rows");
    return { moved: rows.length, hasMore: endMove(this.#stored, rows, Date.now()) };
  }

  /** Should the answer be lost, they count twice: they are numbers to look at. */
  async #moveRemains(shards: number): Promise<void> {
    const { sql, kv } = this.#stored;
    const remains: Remains = { rescues: takeRescues(kv), unlisted: takeUnlisted(sql) };
    if (remains.rescues === 0 && remains.unlisted.length === 0) return;
    await askShard({ env: this.#env() }, shardName(this.#shard, shards), (stub) =>
      stub.receiveRemains(this.#shards, remains),
    );
  }

  /** As configured here; null: this is one of them, or nobody knows. */
  #newerShards(): number | null {
    const configured = loadConfig(this.#env());
    return configured.ok && configured.config.indexShards > this.#shards
      ? configured.config.indexShards
      : null;
  }

  /** Asked once in a shard's life, unless there are some: publishing costs no further request. */
  async #olderGenerations(): Promise<readonly number[]> {
    const { kv } = this.#stored;
    if (kv.get(NEWEST_ONLY_KEY) !== undefined) return [];
    if (this.#older !== null && Date.now() - this.#older.at < OLDER_KNOWN_MS) return this.#older.generations;
    const known = await askShard({ env: this.#env() }, NOTES_SHARD, (stub) => stub.generations(this.#shards));
    if (!known.ok) throw new Error("the generations are out of reach");
    const generations = known.value.filter((shards) => shards < this.#shards);
    if (generations.length === 0) kv.put(NEWEST_ONLY_KEY, true);
    this.#older = { generations, at: Date.now() };
    return generations;
  }
}
