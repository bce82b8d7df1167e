/**
 * One step of the run whose turn it is. Each begins and ends in the storage, so that a run of any size
 * survives limits, restarts and rate limits: a step's findings and the position of the next one commit in one
 * turn, or not at all.
 *
 * States one can wake in, and the right act for each:
 * - it is not known whose key it is: Stripe is asked, before anything else.
 * - a page was cut off: it is walked again from its position. What was started in it is on record (`acting`).
 * - the index and the ledger are walked from their positions; then Stripe's events; then its money, which is
 *   compared. After that the report is completed.
 * - waiting for Stripe or the ledger: wait until then.
 * - to be cancelled: between two pages is the time for it.
 * - of a connected account that Stripe does not let the key read: it fails,
 *   and the other accounts' runs go on.
 */
import { sha256Hex, utf8 } from "../bytes.ts";
import { errorName } from "../error-name.ts";
import { log } from "../log.ts";
import { judgedBy } from "./acceptances-table.ts";
import { acceptAccount, askAccount } from "./account-check.ts";
import { auditStep } from "./audit-step.ts";
import { loadWatermark, saveWatermark } from "./bounds-and-watermark.ts";
import { canonicalText } from "./canonical-text.ts";
import type { Judged } from "./findings.ts";
import { MoneyTables } from "./money-tables.ts";
import { dueAt, nextRun } from "./next-run.ts";
import type { AccountOutcome, AuditOutcome, PageOutcome, RunPorts } from "./ports.ts";
import { afterAudit, afterFailure, afterPage } from "./progress.ts";
import {
  DIFFERENCES_LISTED_MAX,
  type FailureCode,
  finish,
  type Finished,
  holdingOf,
  type Running,
} from "./run.ts";
import { insertDifference, loadRun, saveRun, selectDifferences, unfinishedRuns } from "./runs-table.ts";
import { walkPage } from "./walk-page.ts";
import { afterRun } from "./watermark.ts";
import { withAcceptances } from "./with-acceptances.ts";

export interface StepContext {
  readonly storage: DurableObjectStorage;
  /** What this run's steps need, or why that cannot be done. */
  readonly ports: (run: Running) => RunPorts | FailureCode;
  /**
   * The runs of which this instance has asked whose key it is: a key that is replaced makes another instance.
   */
  readonly verified: Set<string>;
  readonly now: () => number;
  readonly random: () => number;
}

/** When there is something to do next; null: nothing. */
export function nextStepAt({ sql }: DurableObjectStorage, now: number): number | null {
  const run = nextRun(unfinishedRuns(sql), now);
  return run === null ? null : dueAt(run, now);
}

export async function runStep(context: StepContext): Promise<void> {
  const { storage, now } = context;
  const at = now();
  const run = nextRun(unfinishedRuns(storage.sql), at);
  if (run === null || dueAt(run, at) > at) return;
  if (run.cancel_requested) return endRun(storage, finish(run, { status: "cancelled" }, now()));
  if (run.walked && run.audit.phase === "done") return completeRun(context, run);
  if (run.started_at === null) markStarted(context, run);
  const ports = context.ports(run);
  if (typeof ports === "string") {
    return endRun(storage, finish(run, { status: "failed", error: ports }, now()));
  }
  const outcome = await takeStep(context, run, ports).catch((error: unknown): StepOutcome => {
    log("error", { msg: "reconcile_page_failed", run: run.id, error: errorName(error) });
    return { kind: "later", why: "internal", retryAfterMs: null };
  });
  commit(context, run.id, outcome);
}

type StepOutcome = PageOutcome | AuditOutcome | AccountOutcome;

async function takeStep({ verified }: StepContext, run: Running, ports: RunPorts): Promise<StepOutcome> {
  if (!verified.has(run.id)) return askAccount(ports);
  const { phase } = run.audit;
  const isBeforeEvents = phase === "summaries" || phase === "settlements";
  return isBeforeEvents || run.walked ? auditStep(run, ports) : walkPage(run, ports);
}

function markStarted({ storage, now }: StepContext, run: Running): void {
  saveRun(storage.sql, { ...run, started_at: now() });
  const { id, origin, stripe_account, from, to, dry_run } = run;
  log("info", { msg: "reconcile_started", run: id, origin, stripe_account, from, to, dry_run });
}

/** One turn: findings and position, or neither. */
function commit(context: StepContext, id: string, outcome: StepOutcome): void {
  const { storage, now, random } = context;
  // Read again: an operator may have asked to cancel it meanwhile.
  const run = loadRun(storage.sql, id);
  if (run?.status !== "running") return;
  switch (outcome.kind) {
    case "account": {
      const after = acceptAccount(storage.kv, run, outcome.account, now());
      if (after.status !== "running") return endRun(storage, after);
      context.verified.add(id);
      return saveRun(storage.sql, after);
    }
    case "audited":
      return commitAudit(storage, run, outcome);
    case "page":
      storage.transactionSync(() => {
        const tables = new MoneyTables(storage.sql, id);
        tables.addEvents(outcome.names);
        for (const settlement of outcome.backed) tables.markBacked(settlement);
        const judge = judgedBy(storage.sql);
        const found = outcome.findings.flatMap(({ differences }) => differences.map(judge));
        const after = afterPage(run, outcome, found, listDifferences(storage.sql, run, found));
        saveRun(storage.sql, after);
        const { pages, events } = after;
        log("info", { msg: "reconcile_page", run: id, pages, events, differences: found.length });
      });
      return;
    case "reposition":
      log("warn", { msg: "reconcile_cursor_lost", run: id });
      return saveRun(storage.sql, { ...run, cursor: outcome.position });
    case "failed": {
      // Whose key it is, Stripe has said: so it is this account that the key may not read.
      const isRefused = outcome.error === "stripe_unauthorized" && context.verified.has(id);
      const error = isRefused && run.stripe_account !== null ? "connected_account_refused" : outcome.error;
      return endRun(storage, finish(run, { status: "failed", error }, now()));
    }
    case "later": {
      const { why, retryAfterMs } = outcome;
      const after = afterFailure(run, why, retryAfterMs, { now: now(), random: random() });
      if (after.status !== "running") return endRun(storage, after);
      const { failures, next_try_at: until } = after;
      log("warn", { msg: "reconcile_waits", run: id, why, failures, until });
      return saveRun(storage.sql, after);
    }
  }
}

function commitAudit(
  storage: DurableObjectStorage,
  run: Running,
  step: Extract<AuditOutcome, { kind: "audited" }>,
): void {
  storage.transactionSync(() => {
    const tables = new MoneyTables(storage.sql, run.id);
    tables.addSummaries(step.summaries);
    tables.addTransactions(step.transactions);
    tables.addSettlements(step.settlements);
    for (const settlement of step.backed) tables.markBacked(settlement);
    const judge = judgedBy(storage.sql);
    const judged = step.judgements.map((judgement) => withAcceptances(judgement, judge));
    const found = judged.flatMap(({ differences }) => differences);
    const after = afterAudit(run, step, judged, listDifferences(storage.sql, run, found));
    saveRun(storage.sql, after);
    const { transactions, settlements, audit } = after;
    const { phase } = audit;
    log("info", {
      msg: "reconcile_money",
      run: run.id,
      phase,
      transactions,
      settlements,
      differences: found.length,
    });
  });
}

/** Returns how many were added to the list. Ignored events, on some days most of all, are only counted. */
function listDifferences(sql: SqlStorage, run: Running, found: readonly Judged[]): number {
  const free = DIFFERENCES_LISTED_MAX - run.listed;
  let left = free;
  for (const difference of found) {
    if (difference.kind === "ignored" || left <= 0) continue;
    if (insertDifference(sql, run.id, difference)) left--;
  }
  return free - left;
}

async function completeRun({ storage, now }: StepContext, run: Running): Promise<void> {
  const { from, to, ...found } = run;
  const differences = selectDifferences(storage.sql, run.id, null, DIFFERENCES_LISTED_MAX);
  const content = { ...found, window: { from, to }, differences };
  const content_sha256 = await sha256Hex(utf8(canonicalText(content)));
  endRun(storage, finish(run, { status: "complete", content_sha256 }, now()));
}

/** Also for a run that ends without a step of its own: a cancelled one. */
export function endRun(storage: DurableObjectStorage, run: Finished): void {
  const error = run.status === "failed" ? run.error : null;
  storage.transactionSync(() => {
    saveRun(storage.sql, run);
    new MoneyTables(storage.sql, run.id).clear();
    const { stripe_account: account, origin } = run;
    const watermark = origin === "schedule" ? loadWatermark(storage.kv, account) : null;
    if (watermark !== null) {
      const after = afterRun(watermark, { ...run, error, holding: holdingOf(run) });
      saveWatermark(storage.kv, account, after);
    }
  });
  const { id, status, origin, stripe_account, pages, events, counts } = run;
  log(status === "failed" ? "error" : "info", {
    msg: "reconcile_finished",
    run: id,
    origin,
    stripe_account,
    status,
    error,
    pages,
    events,
    ...counts,
  });
}
