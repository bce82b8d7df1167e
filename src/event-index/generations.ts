/**
 * Which generations of shards may have rows, and the move of rows from the older ones to the newest. A
 * generation is all shards of one number; the object with the notes keeps this, and the move is its alarm's
 * work.
 *
 * Rows move in batches, and nobody reads while a batch is under way: a reader announces itself and is waited
 * for, and a batch that is waiting or under way makes the next reader wait. So a row is always seen exactly
 * once. Readers and the batch are stored, so that this also holds after a crash.
 */
import type { RpcResult } from "../durable-object/rpc.ts";
import { log } from "../log.ts";

const GENERATIONS_KEY = "generations";
const READERS_KEY = "readers";
const BATCH_KEY = "batch_under_way";
const EMPTY_SINCE_KEY = "empty_since";
/** A reader that has not said by then that it is done is gone: a shard has 10 s to answer. */
const READER_GONE_MS = 15_000;
const READERS_CHECKED_EVERY_MS = 20;
const NEXT_BATCH_MS = 50;
const FAILED_AGAIN_MS = 1_000;
/** Nothing moves: a deploy is under way, or all is empty. */
const IDLE_AGAIN_MS = 60_000;
/**
 * How long a generation without rows is still asked. Its shards hand on whatever they get, so this is only
 * for the time in which a deploy may still change its mind.
 */
const EMPTY_FOR_MS = 24 * 3_600_000;

/** Expiry in epoch milliseconds, by the reader's id. */
type Readers = Readonly<Record<string, number>>;

export interface Read {
  /** Numbers of shards. */
  readonly generations: readonly number[];
  /** By which the reader says that it is done. null: nothing is moving, and it need not. */
  readonly id: string | null;
}

export interface Moved {
  readonly moved: number;
  /**
   * Whether there are more. Also when the shard moves nothing yet, because
   * it still runs with the smaller number.
   */
  readonly hasMore: boolean;
}

/** Moves some rows of each shard of a generation. Failed: some may be in two places. */
export type MoveBatch = (shards: number) => Promise<RpcResult<Moved>>;

export class Generations {
  readonly #kv: SyncKvStorage;
  readonly #moveBatch: MoveBatch;
  #batch: Promise<Moved | null> | null = null;

  constructor(kv: SyncKvStorage, moveBatch: MoveBatch) {
    this.#kv = kv;
    this.#moveBatch = moveBatch;
  }

  /** In rising order. */
  list(): readonly number[] {
    return this.#kv.get<number[]>(GENERATIONS_KEY) ?? [];
  }

  /** True: it was not known. */
  add(shards: number): boolean {
    const known = this.list();
    if (known.includes(shards)) return false;
    this.#kv.put(
      GENERATIONS_KEY,
      [...known, shards].toSorted((a, b) => a - b),
    );
    this.#kv.delete(EMPTY_SINCE_KEY);
    if (known.length > 0) log("info", { msg: "index_move_began", from: known.join(","), to: shards });
    return true;
  }

  /** null: rows may be in two places, and that cannot be repaired just now. */
  async beginRead(now: number): Promise<Read | null> {
    while (this.#batch !== null) await this.#batch;
    if (this.list().length < 2) return { generations: this.list(), id: null };
    if (this.#kv.get(BATCH_KEY) !== undefined && (await this.#start(() => this.#moveBatches())) === null)
      return null;
    const id = crypto.randomUUID();
    this.#kv.put<Readers>(READERS_KEY, { ...this.#readers(now), [id]: now + READER_GONE_MS });
    return { generations: this.list(), id };
  }

  endRead(id: string, now: number): void {
    const { [id]: ended, ...others } = this.#readers(now);
    if (ended !== undefined) this.#kv.put<Readers>(READERS_KEY, others);
  }

  /**
   * One batch of each shard of the older generations. Returns after how long to
   * come again; null: nothing is left to do.
   */
  async moveOn(): Promise<number | null> {
    if (this.list().length < 2) return null;
    const batch = await (this.#batch ?? this.#start(() => this.#whenNobodyReads()));
    if (batch === null) return FAILED_AGAIN_MS;
    if (batch.moved > 0) return NEXT_BATCH_MS;
    this.#dropEmpty(batch.hasMore, Date.now());
    return IDLE_AGAIN_MS;
  }

  /** From here on readers wait. */
  async #start(work: () => Promise<Moved | null>): Promise<Moved | null> {
    this.#batch = work();
    try {
      return await this.#batch;
    } finally {
      this.#batch = null;
    }
  }

  async #whenNobodyReads(): Promise<Moved | null> {
    while (Object.keys(this.#readers(Date.now())).length > 0) await scheduler.wait(READERS_CHECKED_EVERY_MS);
    return this.#moveBatches();
  }

  /** null: not everywhere. */
  async #moveBatches(): Promise<Moved | null> {
    this.#kv.put(BATCH_KEY, true);
    const answers = await Promise.all(this.list().slice(0, -1).map(this.#moveBatch));
    const batches = answers.flatMap((answer) => (answer.ok ? [answer.value] : []));
    if (batches.length < answers.length) {
      log("warn", { msg: "index_move_failed", from: this.list().slice(0, -1).join(",") });
      return null;
    }
    this.#kv.delete(BATCH_KEY);
    return sumOfBatches(batches);
  }

  #dropEmpty(hasMore: boolean, now: number): void {
    const since = this.#kv.get<number>(EMPTY_SINCE_KEY);
    if (hasMore) this.#kv.delete(EMPTY_SINCE_KEY);
    else if (since === undefined) {
      this.#kv.put(EMPTY_SINCE_KEY, now);
      log("info", { msg: "index_move_ended", shards: this.list().join(",") });
    } else if (now - since >= EMPTY_FOR_MS) this.#kv.put(GENERATIONS_KEY, this.list().slice(-1));
  }

  #readers(now: number): Readers {
    const readers = this.#kv.get<Readers>(READERS_KEY) ?? {};
    return Object.fromEntries(Object.entries(readers).filter(([, until]) => until > now));
  }
}

export function sumOfBatches(batches: readonly Moved[]): Moved {
  return {
    moved: batches.reduce((total, { moved }) => total + moved, 0),
    hasMore: batches.some(({ hasMore }) => hasMore),
  };
}
