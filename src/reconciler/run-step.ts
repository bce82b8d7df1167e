/**
 * One step of the run whose turn it is. Each begins and ends in the storage, so that a run of any size survives limits,
 * restarts and rate limits: what a step found, and where the next one goes on, commit in one turn, or not at all.
 *
 * States one can wake in, and the right act for each:
 * - a page was cut off: it is walked again from its cursor. What was begun in it is on record (`acting`).
 * - all pages are walked: the report is closed.
 * - waiting for Stripe or the ledger: wait until then.
 * - to be cancelled: between two pages is the time for it.
 */
import { sha256Hex, utf8 } from "../bytes.ts";
import { errorName, log } from "../log.ts";
import { canonicalText } from "./canonical-text.ts";
import type { Difference } from "./findings.ts";
import { walkPage } from "./walk-page.ts";
import type { PageOutcome, PagePorts } from "./ports.ts";
import { afterFailure, afterPage } from "./progress.ts";
import {
  DIFFERENCES_LISTED_MAX,
  type FailureCode,
  finish,
  type Finished,
  holdingOf,
  type Run,
  type Running,
} from "./run.ts";
import { insertDifference, loadRun, saveRun, selectDifferences, unfinished } from "./runs-table.ts";
import { afterRun } from "./watermark.ts";
import { loadWatermark, saveWatermark } from "./hourly-run.ts";

export interface Desk {
  readonly storage: DurableObjectStorage;
  /** How to walk this run's pages, or why that cannot be done. */
  readonly portsFor: (run: Running) => PagePorts | FailureCode;
  readonly now: () => number;
  readonly random: () => number;
}

/** When there is something to do next; null: nothing. */
export function nextWake({ sql }: DurableObjectStorage, now: number): number | null {
  const [run] = unfinished(sql);
  return run === undefined ? null : Math.max(run.next_try_at ?? 0, now);
}

export async function workOn(desk: Desk): Promise<void> {
  const { storage, now } = desk;
  const [run] = unfinished(storage.sql);
  if (run === undefined) return;
  if (run.cancel_requested) return end(desk, finish(run, { status: "cancelled" }, now()));
  if (run.next_try_at !== null && run.next_try_at > now()) return;
  if (run.walked) return close(desk, run);
  if (run.started_at === null) begin(desk, run);
  const ports = desk.portsFor(run);
  if (typeof ports === "string") return end(desk, finish(run, { status: "failed", error: ports }, now()));
  const outcome = await walkPage(run, ports).catch((error: unknown): PageOutcome => {
    log("error", { msg: "reconcile_page_failed", run: run.id, error: errorName(error) });
    return { kind: "later", why: "internal", retryAfterMs: null };
  });
  commit(desk, run.id, outcome);
}

function begin({ storage, now }: Desk, run: Running): void {
  saveRun(storage.sql, { ...run, started_at: now() });
  const { id, origin, from, to, dry_run } = run;
  log("info", { msg: "reconcile_started", run: id, origin, from, to, dry_run });
}

/** One turn: findings and cursor, or neither. */
function commit(desk: Desk, id: string, outcome: PageOutcome): void {
  const { storage, now, random } = desk;
  // Read again: somebody may have asked to cancel it meanwhile.
  const run = loadRun(storage.sql, id);
  if (run?.status !== "running") return;
  switch (outcome.kind) {
    case "page":
      storage.transactionSync(() => {
        const found = outcome.findings.flatMap(({ differences }) => differences);
        const after = afterPage(run, outcome, list(storage.sql, run, found));
        saveRun(storage.sql, after);
        const { pages, events } = after;
        log("info", { msg: "reconcile_page", run: id, pages, events, differences: found.length });
      });
      return;
    case "from":
      log("warn", { msg: "reconcile_cursor_lost", run: id });
      return saveRun(storage.sql, { ...run, cursor: outcome.cursor });
    case "failed":
      return end(desk, finish(run, { status: "failed", error: outcome.error }, now()));
    case "later": {
      const { why, retryAfterMs } = outcome;
      const after = afterFailure(run, why, retryAfterMs, { now: now(), random: random() });
      if (after.status !== "running") return end(desk, after);
      log("warn", {
        msg: "reconcile_waits",
        run: id,
        why,
        failures: after.failures,
        until: after.next_try_at,
      });
      return saveRun(storage.sql, after);
    }
  }
}

/** Returns how many are listed now that were not. What is ignored is counted only: most of some days is. */
function list(sql: SqlStorage, run: Running, found: readonly Difference[]): number {
  let room = DIFFERENCES_LISTED_MAX - run.listed;
  const before = room;
  for (const difference of found) {
    if (difference.kind === "ignored" || room <= 0) continue;
    if (insertDifference(sql, run.id, difference)) room--;
  }
  return before - room;
}

async function close(desk: Desk, run: Running): Promise<void> {
  const text = canonicalText({ ...contentOf(run), differences: allDifferences(desk.storage.sql, run.id) });
  const content_sha256 = await sha256Hex(utf8(text));
  end(desk, finish(run, { status: "complete", content_sha256 }, desk.now()));
}

function contentOf({ from, to, refund_events, events, counts, totals }: Run) {
  return { window: { from, to }, refundEvents: refund_events, events, counts, totals };
}

function allDifferences(sql: SqlStorage, id: string): Difference[] {
  return selectDifferences(sql, id, null, DIFFERENCES_LISTED_MAX);
}

/** Also for a run that ends without a step of its own: a cancelled one. */
export function end({ storage }: Pick<Desk, "storage">, run: Finished): void {
  storage.transactionSync(() => {
    saveRun(storage.sql, run);
    const watermark = loadWatermark(storage.kv);
    if (run.origin === "schedule" && watermark !== null) {
      const error = run.status === "failed" ? run.error : null;
      saveWatermark(storage.kv, afterRun(watermark, { ...run, error, holding: holdingOf(run) }));
    }
  });
  const { id, status, origin, pages, events } = run;
  log(status === "failed" ? "error" : "info", {
    msg: "reconcile_finished",
    run: id,
    origin,
    status,
    error: run.status === "failed" ? run.error : null,
    pages,
    events,
    ...run.counts,
  });
}
