/**
 * The Reconciler: it compares what Stripe lists, what the events' objects have recorded, and what the ledger
 * holds. One object for the whole deployment; each alarm takes one step. It connects the platform to the
 * rules.
 *
 * One run takes a step at a time; whose turn it is decides `nextRun`.
 */
import { DurableObject } from "cloudflare:workers";
import { type Config, loadConfig } from "../config.ts";
import { type RpcResult, answerRpc } from "../durable-object/rpc.ts";
import { errorName } from "../error-name.ts";
import { log } from "../log.ts";
import { acceptDifference, type AcceptReply, type AcceptRequest } from "./accept-difference.ts";
import { confirmAccount, type ConfirmReply, loadPinnedAccount } from "./account-check.ts";
import { currentBounds, loadWatermark } from "./bounds-and-watermark.ts";
import { findUndelivered, type Undelivered } from "./find-undelivered.ts";
import { startHourlyRuns } from "./hourly-run.ts";
import { MoneyTables } from "./money-tables.ts";
import { runPortsFor } from "./run-ports.ts";
import { readCsv, readDifferences, readReport } from "./read-report.ts";
import { listedRunOf, viewOf, watermarkStatus } from "./report.ts";
import type { DifferencePage, ListedRun, Report, RunView, WatermarkStatus } from "./report-schema.ts";
import { finish, type Running } from "./run.ts";
import { endRun, nextStepAt, runStep } from "./run-step.ts";
import { createTables, listRuns, loadRun, saveRun } from "./runs-table.ts";
import { type NotConfigured, startRun, type StartReply, type StartRequest } from "./start-run.ts";
import { acceptedConfig } from "../stored-settings/accepted-config.ts";

/**
 * While a step is under way the alarm is set this far ahead: after a crash it continues the run. An alarm
 * that comes while a step still runs only moves itself.
 */
const LEASE_MS = 10_000;
/** After a failure of our own. */
const ALARM_RETRY_MS = 60_000;
/** An alarm that is later than this is taken for lost. */
const ALARM_GRACE_MS = 60_000;

export class Reconciler extends DurableObject<Env> {
  #working = false;
  readonly #verified = new Set<string>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    createTables(ctx.storage.sql);
    MoneyTables.create(ctx.storage.sql);
  }

  /** The run waits for its turn. */
  start(request: StartRequest): Promise<RpcResult<StartReply>> {
    return this.#answer((storage) => {
      const configured = this.#configured();
      if ("kind" in configured) return configured;
      const reply = startRun(storage, configured, request, Date.now());
      if (reply.kind === "started") this.#setAlarm();
      return reply;
    });
  }

  /** Newest first. */
  list(limit: number): Promise<RpcResult<ListedRun[]>> {
    return this.#answer(({ sql }) => listRuns(sql, limit).map(listedRunOf));
  }

  /** With the first differences; null: no such run, or it was purged. */
  show(id: string): Promise<RpcResult<Report | null>> {
    return this.#answer((storage) => readReport(storage, id));
  }

  differences(id: string, cursor: string | null, limit: number): Promise<RpcResult<DifferencePage | null>> {
    return this.#answer(({ sql }) => readDifferences(sql, id, cursor, limit));
  }

  csv(id: string): Promise<RpcResult<string | null>> {
    return this.#answer(({ sql }) => readCsv(sql, id));
  }

  /** Between two pages; at once when none is under way. A run that is over does not change. */
  cancel(id: string): Promise<RpcResult<RunView | null>> {
    return this.#answer(({ sql }) => {
      const run = loadRun(sql, id);
      if (run?.status !== "running") return run === null ? null : viewOf(run);
      if (this.#working && run.started_at !== null) {
        const requested = { ...run, cancel_requested: true };
        saveRun(sql, requested);
        return viewOf(requested);
      }
      const cancelled = finish(run, { status: "cancelled" }, Date.now());
      endRun(this.ctx.storage, cancelled);
      // The alarm may be set for this run's next try: now it is the next run's turn.
      this.#setAlarm();
      return viewOf(cancelled);
    });
  }

  /** Pins the Stripe account of a dry run: from now on hourly runs deliver what is missing. */
  confirm(id: string, actor: string): Promise<RpcResult<ConfirmReply>> {
    return this.#answer((storage) => confirmAccount(storage, id, actor, Date.now()));
  }

  accept(id: string, request: AcceptRequest): Promise<RpcResult<AcceptReply>> {
    return this.#answer(({ sql }) => acceptDifference(sql, id, request, Date.now()));
  }

  /** The balance transaction of a difference, if it is of money without an event. */
  undelivered(id: string, key: string): Promise<RpcResult<Undelivered>> {
    return this.#answer((storage) => findUndelivered(storage, id, key));
  }

  /**
   * For the cron, every five minutes: starts the hourly run when it is due,
   * purges old runs, replaces a lost alarm.
   */
  tick(): Promise<RpcResult<void>> {
    return this.#answer(async (storage) => {
      const configured = this.#configured();
      if ("kind" in configured) return;
      storage.transactionSync(() => startHourlyRuns(storage, configured, Date.now()));
      if (nextStepAt(storage, Date.now()) === null) return;
      const alarm = await storage.getAlarm();
      if (alarm === null || alarm < Date.now() - ALARM_GRACE_MS) this.#setAlarm();
    });
  }

  watermark(): Promise<RpcResult<WatermarkStatus>> {
    return this.#answer(({ kv }) => {
      const configured = loadConfig(this.env);
      if (!configured.ok) throw new Error("the service is not configured");
      const now = Date.now();
      const { config } = configured;
      const connected = [...config.connectedAccounts].map(
        (account) => [account, loadWatermark(kv, account)] as const,
      );
      return watermarkStatus(loadWatermark(kv, null), new Map(connected), {
        bounds: currentBounds(kv, config, now),
        configured: config.stripeApi !== null,
        pinned: loadPinnedAccount(kv),
        now,
      });
    });
  }

  /** Never throws on its own account: the platform drops an alarm after six throws. */
  override async alarm(): Promise<void> {
    const { storage } = this.ctx;
    void storage.setAlarm(Date.now() + LEASE_MS);
    if (this.#working) return;
    this.#working = true;
    let failed = false;
    try {
      // What it compares with must be the ledger, and the shards, of before. A run
      // that is not configured ends by itself.
      failed = loadConfig(this.env).ok && !(await acceptedConfig(this.env)).ok;
      if (!failed) {
        await runStep({
          storage,
          ports: (run) => this.#ports(run),
          verified: this.#verified,
          now: () => Date.now(),
          random: () => Math.random(),
        });
      }
    } catch (error) {
      failed = true;
      log("error", { msg: "reconcile_failed", error: errorName(error) });
    } finally {
      this.#working = false;
    }
    if (failed) void storage.setAlarm(Date.now() + ALARM_RETRY_MS);
    else this.#setAlarm();
  }

  #ports(run: Running) {
    const configured = this.#configured();
    if ("kind" in configured) return "not_configured";
    const { sql, kv } = this.ctx.storage;
    return runPortsFor(this.env, configured, run, {
      tables: new MoneyTables(sql, run.id),
      bounds: () => currentBounds(kv, configured, Date.now()),
      recordActing: (acting) => {
        const current = loadRun(sql, run.id);
        if (current?.status === "running") saveRun(sql, { ...current, acting });
      },
    });
  }

  /** While a step is under way the lease stays; its end sets the alarm. */
  #setAlarm(): void {
    if (this.#working) return;
    const { storage } = this.ctx;
    const now = Date.now();
    const at = nextStepAt(storage, now);
    if (at === null) void storage.deleteAlarm();
    // Set to the present moment, it can stall (workerd#6866).
    else void storage.setAlarm(Math.max(at, now + 1));
  }

  #configured(): Config | NotConfigured {
    const configured = loadConfig(this.env);
    const kind = "dependency_not_configured";
    if (!configured.ok) return { kind, missing: configured.missing, invalid: configured.invalid };
    if (configured.config.stripeApi !== null) return configured.config;
    return { kind, missing: ["STRIPE_API_KEY"], invalid: [] };
  }

  #answer<T>(act: (storage: DurableObjectStorage) => T | Promise<T>): Promise<RpcResult<T>> {
    return answerRpc({ object: "reconciler" }, () => act(this.ctx.storage));
  }
}
