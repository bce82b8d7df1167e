/**
 * The Reconciler: it asks Stripe what happened, the events' objects what they know, and the ledger what it holds. One
 * object for the whole deployment; its alarm takes one step at a time, and it plugs the platform into the rules.
 *
 * Runs are served in the order in which they were asked for, one at a time: two runs over the same events at once would
 * each report half of what was healed.
 */
import { DurableObject } from "cloudflare:workers";
import { type Config, loadConfig } from "../config.ts";
import { type RpcResult, answerRpc } from "../durable-object/rpc.ts";
import { errorName, log } from "../log.ts";
import { readCsv, readDifferences, readReport } from "./read-report.ts";
import { viewOf, watermarkStatus } from "./report.ts";
import type { DifferencePage, Report, RunView, WatermarkStatus } from "./report-schema.ts";
import { newRunId } from "./run-id.ts";
import { finish, type Running } from "./run.ts";
import { type NotConfigured, start, type StartReply, type StartRequest } from "./start-run.ts";
import { createTables, listRuns, loadRun, saveRun, unfinished } from "./runs-table.ts";
import { currentBounds, hourlyRound, loadWatermark } from "./hourly-run.ts";
import type { Setting } from "./window.ts";
import { end, nextWake, workOn } from "./run-step.ts";
import { portsFor } from "./page-ports.ts";

/**
 * While a step is under way the alarm stands this far ahead: after a crash it is what goes on. A step that takes longer is met
 * by it, and only moves it.
 */
const LEASE_MS = 10_000;
/** After a failure of our own. */
const ALARM_RETRY_MS = 60_000;
/** An alarm that is later than this is taken for lost. */
const ALARM_GRACE_MS = 60_000;

export class Reconciler extends DurableObject<Env> {
  #working = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    createTables(ctx.storage.sql);
  }

  /** It runs when its turn comes. */
  start(request: StartRequest): Promise<RpcResult<StartReply>> {
    return this.#answer((storage) => {
      const configured = this.#configured();
      if ("kind" in configured) return configured;
      const reply = start(storage, settingOf(configured), request, Date.now());
      if (reply.kind === "started") this.#setAlarm();
      return reply;
    });
  }

  /** Newest first. */
  list(limit: number): Promise<RpcResult<RunView[]>> {
    return this.#answer(({ sql }) => listRuns(sql, limit).map(viewOf));
  }

  /** With the first differences; null: no such run, or it was purged. */
  show(id: string): Promise<RpcResult<Report | null>> {
    return this.#answer(({ sql }) => readReport(sql, id));
  }

  differences(id: string, cursor: string | null, limit: number): Promise<RpcResult<DifferencePage | null>> {
    return this.#answer(({ sql }) => readDifferences(sql, id, cursor, limit));
  }

  csv(id: string): Promise<RpcResult<string | null>> {
    return this.#answer(({ sql }) => readCsv(sql, id));
  }

  /** Between two pages; at once when none is under way. Of a run that is over, nothing changes. */
  cancel(id: string): Promise<RpcResult<RunView | null>> {
    return this.#answer(({ sql }) => {
      const run = loadRun(sql, id);
      if (run?.status !== "running") return run === null ? null : viewOf(run);
      if (this.#working && unfinished(sql)[0]?.id === id) {
        const asked = { ...run, cancel_requested: true };
        saveRun(sql, asked);
        return viewOf(asked);
      }
      const cancelled = finish(run, { status: "cancelled" }, Date.now());
      end(this.ctx, cancelled);
      // The alarm may stand for this one's next try: now it is the next one's turn.
      this.#setAlarm();
      return viewOf(cancelled);
    });
  }

  /** The cron's, every five minutes: starts the hourly run when it is due, forgets old runs, finds a lost alarm. */
  tick(): Promise<RpcResult<void>> {
    return this.#answer(async (storage) => {
      const configured = this.#configured();
      if ("kind" in configured) return;
      storage.transactionSync(() => hourlyRound(storage, settingOf(configured), Date.now(), newRunId));
      if (nextWake(storage, Date.now()) === null) return;
      const standing = await storage.getAlarm();
      if (standing === null || standing < Date.now() - ALARM_GRACE_MS) this.#setAlarm();
    });
  }

  watermark(): Promise<RpcResult<WatermarkStatus>> {
    return this.#answer(({ kv }) => {
      const configured = loadConfig(this.env);
      if (!configured.ok) throw new Error("the service is not configured");
      const now = Date.now();
      const bounds = currentBounds(kv, settingOf(configured.config), now);
      return watermarkStatus(loadWatermark(kv), bounds, configured.config.stripeApi !== null, now);
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
      await workOn({
        storage,
        portsFor: (run) => this.#portsFor(run),
        now: () => Date.now(),
        random: () => Math.random(),
      });
    } catch (error) {
      failed = true;
      log("error", { msg: "reconcile_failed", error: errorName(error) });
    } finally {
      this.#working = false;
    }
    if (failed) void storage.setAlarm(Date.now() + ALARM_RETRY_MS);
    else this.#setAlarm();
  }

  #portsFor(run: Running) {
    const configured = this.#configured();
    if ("kind" in configured) return "not_configured";
    const { sql, kv } = this.ctx.storage;
    return portsFor(this.env, configured, run, {
      bounds: () => currentBounds(kv, settingOf(configured), Date.now()),
      intend: (acting) => {
        const current = loadRun(sql, run.id);
        if (current?.status === "running") saveRun(sql, { ...current, acting });
      },
    });
  }

  /** While a step is under way the lease stands; its end sets the alarm. */
  #setAlarm(): void {
    if (this.#working) return;
    const { storage } = this.ctx;
    const now = Date.now();
    const at = nextWake(storage, now);
    if (at === null) void storage.deleteAlarm();
    // At this very moment, it can stall (workerd#6866).
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

function settingOf({ retentionMs, refundEvents }: Config): Setting {
  return { retentionMs, refundEvents };
}
