/**
 * The Durable Object of one event: it plugs the platform into the engine's
 * ports, and holds no rule of its own.
 *
 * partyserver's `Server` is the base class for its hibernating WebSockets. Nothing here relies on `onStart`:
 * it does not run on native RPC, which is how the hot path comes in. And `alarm()` itself is overridden,
 * since the inherited one writes a row and runs `onStart` first.
 */
import { type Connection, Server } from "partyserver";
import { withAttemptPoints } from "../attempt-points.ts";
import { attemptsDataset, type Config } from "../config.ts";
import { publish } from "../event-index/call-shards.ts";
import { setMovementResolved, settleInLane } from "../ledger/call-lane.ts";
import { connectLedger } from "../ledger/connect.ts";
import { log } from "../log.ts";
import { acceptedConfig } from "../stored-settings/accepted-config.ts";
import { createStripeLookups } from "../stripe-api/lookups.ts";
import { accept, begin, isWatched, tell } from "../durable-object/websockets.ts";
import { describeEvent } from "./describe.ts";
import { EventEngine } from "./engine.ts";
import type { AssignReply, ResolveReply, RetryReply } from "./operator-replies.ts";
import { type RpcResult, answerRpc } from "../durable-object/rpc.ts";
import type { Alarm, Ports, Store } from "./ports.ts";
import { type EventRecord } from "./record.ts";
import { parseRecord, toStored } from "./stored-record.ts";
import type { DeliveryReply } from "./snapshot.ts";
import {
  type Delivery,
  LEASE_MARGIN_MS,
  type OperatorAssignment,
  type OperatorRetry,
} from "./machine-types.ts";
import type { EventState } from "./event-state.ts";

const RECORD_KEY = "event";
/** How soon an alarm comes back that found the configuration broken. Somebody is repairing it. */
const UNCONFIGURED_RETRY_MS = 60_000;

export class StripeEventObject extends Server<Env> {
  static override options = { hibernate: true };

  #engine: EventEngine | null = null;
  /** Whatever watchers were told before: changes reach them in their order. */
  #told: Promise<void> = Promise.resolve();

  deliver(delivery: Delivery): Promise<RpcResult<DeliveryReply>> {
    return this.#answer((engine) => engine.deliver(delivery));
  }

  inspect(): Promise<RpcResult<EventState | null>> {
    return this.#answer((engine) => engine.inspect());
  }

  retry(retry: OperatorRetry): Promise<RpcResult<RetryReply>> {
    return this.#answer((engine) => engine.retry(retry));
  }

  assign(assignment: OperatorAssignment): Promise<RpcResult<AssignReply>> {
    return this.#answer((engine) => engine.assign(assignment));
  }

  resolve(actor: string, note: string): Promise<RpcResult<ResolveReply>> {
    return this.#answer((engine) => engine.resolve(actor, note));
  }

  reopen(actor: string, note: string): Promise<RpcResult<ResolveReply>> {
    return this.#answer((engine) => engine.reopen(actor, note));
  }

  poke(): Promise<RpcResult<boolean>> {
    return this.#answer((engine) => engine.poke());
  }

  #answer<T>(act: (engine: EventEngine) => Promise<T>): Promise<RpcResult<T>> {
    return answerRpc({ event_id: this.name }, async () => {
      // Also here: the Worker that calls may be of another version, with other settings.
      const accepted = await acceptedConfig(this.env);
      if (!accepted.ok) throw new Error("the service is not configured");
      return act(this.#engineFor(accepted.config));
    });
  }

  /** Somebody begins to watch. The caller has seen that the event exists. */
  override fetch(): Promise<Response> {
    return accept((request) => super.fetch(request));
  }

  override async onConnect(connection: Connection): Promise<void> {
    begin(connection);
    const state = await this.inspect();
    if (state.ok && state.value !== null) connection.send(JSON.stringify(state.value));
    else connection.close(1011, "the event cannot be read");
  }

  /** Watchers only listen. partyserver's own would write a row first. */
  override async webSocketMessage(): Promise<void> {}

  /** Within the turn that saved, so that watchers hear of it once it is committed, and not before. */
  #changed(record: EventRecord): void {
    if (!isWatched(this.ctx)) return;
    const alarm = alarmOn(this.ctx.storage);
    this.#told = this.#told.then(() => tell(this, () => describeEvent(record, alarm)));
    this.ctx.waitUntil(this.#told);
  }

  override async alarm(): Promise<void> {
    const accepted = await acceptedConfig(this.env);
    if (!accepted.ok) {
      log("error", {
        msg: "alarm_unconfigured",
        missing: [...accepted.missing, ...accepted.invalid].join(","),
      });
      await this.ctx.storage.setAlarm(Date.now() + UNCONFIGURED_RETRY_MS);
      return;
    }
    await this.#engineFor(accepted.config).alarm();
  }

  /** Made once per instance. */
  #engineFor(config: Config): EventEngine {
    if (this.#engine !== null) return this.#engine;
    this.#engine = new EventEngine(
      platformPorts(this.ctx, this.env, (record) => this.#changed(record)),
      {
        ledgerTimeoutMs: config.ledger.timeoutMs,
        currencies: config.ledger.currencies,
        retryBaseMs: config.retryBaseMs,
        retryMaxMs: config.retryMaxMs,
        retryHorizonMs: config.retryHorizonMs,
        retentionMs: config.retentionMs,
      },
    );
    return this.#engine;

    function platformPorts(ctx: DurableObjectState, env: Env, changed: (record: EventRecord) => void): Ports {
      const ledger = connectLedger(env, config.ledger);
      const dataset = attemptsDataset(env);
      const turnMs = config.ledger.timeoutMs + LEASE_MARGIN_MS;
      return {
        store: storeOn(ctx.storage, changed),
        alarm: alarmOn(ctx.storage),
        ledger: {
          findSettlement: (...key) => ledger.findSettlement(...key),
          settle: (settlement, request) => settleInLane(env, settlement, request, request.wait_ms + turnMs),
          setMovementResolved: (...movement) => setMovementResolved(env, ...movement, turnMs),
        },
        stripe:
          config.stripeApi === null
            ? null
            : createStripeLookups({
                ...config.stripeApi,
                accountMetadataKey: config.accountKey,
                livemode: config.settleEnv === "production",
                timeoutMs: config.ledger.timeoutMs,
                now: () => Date.now(),
              }),
        index: { publish: (summary) => publish({ env, shards: config.indexShards }, summary) },
        now: () => Date.now(),
        random: () => Math.random(),
        log: dataset === null ? log : withAttemptPoints(log, dataset),
        background: (work) => ctx.waitUntil(work),
      };
    }
  }
}

/**
 * Read and checked once per instance, and what was saved is known: nobody else writes here, and the platform
 * resets an object whose write fails, so that no instance outlives a record that was not kept.
 */
function storeOn(storage: DurableObjectStorage, changed: (record: EventRecord) => void): Store {
  let known: EventRecord | null = null;
  return {
    load() {
      if (known !== null) return known;
      const stored = storage.kv.get(RECORD_KEY);
      known = stored === undefined ? null : parseRecord(stored);
      return known;
    },
    save(record) {
      storage.kv.put(RECORD_KEY, toStored(record));
      known = record;
      changed(record);
    },
    erase() {
      known = null;
      return storage.deleteAll();
    },
  };
}

/**
 * The writes are not awaited, so that they join the turn's commit. If one
 * fails, the platform resets the object.
 */
function alarmOn(storage: DurableObjectStorage): Alarm {
  return {
    get: () => storage.getAlarm(),
    set: (at) => void storage.setAlarm(at),
    clear: () => void storage.deleteAlarm(),
  };
}
