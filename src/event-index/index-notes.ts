/**
 * What belongs to no single shard. Every object of the class can keep it, and one does, under a name of its
 * own: a class more would be a migration, and a deployment with one cannot be rolled back.
 */
import { Server } from "partyserver";
import { type RpcResult, answerRpc } from "../durable-object/rpc.ts";
import { alertNote, setAlertNote } from "./alert-facts.ts";
import { askShard } from "./call-shards.ts";
import { Generations, type MoveBatch, type Read, sumOfBatches } from "./generations.ts";
import { noteSweep, sweepMark } from "./overdue.ts";
import { countRefused } from "./refused-deliveries.ts";
import { prepareTables } from "./schema.ts";
import { shardNames } from "./shard.ts";
import type { SweepMark } from "./sweep-age.ts";

/** How soon an alarm goes on when there is more to do. */
export const UPKEEP_AGAIN_MS = 50;
/** An alarm this late has been lost. */
const ALARM_LOST_MS = 600_000;

export abstract class IndexNotes extends Server<Env> {
  protected readonly generationList: Generations;
  readonly #hasTables: boolean;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#hasTables = prepareTables(ctx.storage);
    this.generationList = new Generations(ctx.storage.kv, moveBatchesOf(env));
  }

  noteSweep(at: number): Promise<RpcResult<void>> {
    return this.#answer(({ kv }) => noteSweep(kv, at));
  }

  sweepMark(now: number): Promise<RpcResult<SweepMark>> {
    return this.#answer(({ kv }) => sweepMark(kv, now));
  }

  countRefused(counts: Readonly<Record<string, number>>, now: number): Promise<RpcResult<void>> {
    return this.#answer(({ sql }) => countRefused(sql, counts, now));
  }

  alertNote(name: string): Promise<RpcResult<unknown>> {
    return this.#answer(({ kv }) => alertNote(kv, name));
  }

  setAlertNote(name: string, note: unknown): Promise<RpcResult<void>> {
    return this.#answer(({ kv }) => setAlertNote(kv, name, note));
  }

  generations(shards: number): Promise<RpcResult<readonly number[]>> {
    return this.#answer(async (storage) => {
      await ensureAlarm(storage, this.generationList.add(shards));
      return this.generationList.list();
    });
  }

  beginRead(shards: number): Promise<RpcResult<Read>> {
    return this.#answer(async (storage) => {
      await ensureAlarm(storage, this.generationList.add(shards));
      const read = await this.generationList.beginRead(Date.now());
      if (read === null) throw new Error("rows that are being moved cannot be read");
      return read;
    });
  }

  endRead(id: string): Promise<RpcResult<void>> {
    return this.#answer(() => this.generationList.endRead(id, Date.now()));
  }

  #answer<T>(act: (storage: DurableObjectStorage) => T | Promise<T>): Promise<RpcResult<T>> {
    return answerRpc({ shard: this.name }, () => {
      this.requireTables();
      return act(this.ctx.storage);
    });
  }

  /** Throws when a later version made them: whoever asks gets a 503, and an event publishes again later. */
  protected requireTables(): void {
    if (!this.#hasTables) throw new LaterVersion();
  }
}

class LaterVersion extends Error {
  override readonly name = "LaterVersion";
}

/**
 * Sets an alarm that was never set, or that the platform lost; or, when
 * something is to be done now, in any case.
 */
export async function ensureAlarm(storage: DurableObjectStorage, isNeededNow: boolean): Promise<void> {
  const now = Date.now();
  const alarm = await storage.getAlarm();
  if (isNeededNow || alarm === null || alarm < now - ALARM_LOST_MS) {
    await storage.setAlarm(now + UPKEEP_AGAIN_MS);
  }
}

function moveBatchesOf(env: Env): MoveBatch {
  return async (shards) => {
    const answers = await Promise.all(
      shardNames(shards).map((name) => askShard({ env }, name, (stub) => stub.moveBatch())),
    );
    const failed = answers.find(({ ok }) => !ok);
    if (failed !== undefined && !failed.ok) return failed;
    return { ok: true, value: sumOfBatches(answers.flatMap((answer) => (answer.ok ? [answer.value] : []))) };
  };
}
