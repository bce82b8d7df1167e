/** Starting a run: what is refused, and what is put in the queue. */
import { currentBounds, storeBounds } from "./bounds-and-watermark.ts";
import { viewOf } from "./report.ts";
import type { RunView } from "./report-schema.ts";
import { newRun } from "./run.ts";
import { insertRun, loadRun, unfinishedRuns } from "./runs-table.ts";
import { refuseWindow, type Setting, type Window, type WindowRefusal } from "./window.ts";

/** Operators' runs that wait or are at work. More are a script out of control. */
export const UNFINISHED_MAX = 20;

/** `from` and `to` are epoch milliseconds. */
export interface StartRequest extends Window {
  /** Made by the caller, so that a call that is repeated starts one run. */
  readonly id: string;
  readonly dry_run: boolean;
  readonly actor: string | null;
  /** A connected account; null, or left out by a Worker of 1.0.0: the platform's own. */
  readonly stripe_account?: string | null;
}

export type StartReply =
  | { readonly kind: "started"; readonly run: RunView }
  | NotConfigured
  | WindowRefusal
  | { readonly kind: "account_not_listed" }
  | { readonly kind: "too_many_runs"; readonly limit: number };

export interface NotConfigured {
  readonly kind: "dependency_not_configured";
  readonly missing: readonly string[];
  readonly invalid: readonly string[];
}

/** One turn. The caller sets the alarm. */
export function startRun(
  { sql, kv }: DurableObjectStorage,
  setting: Setting,
  request: StartRequest,
  now: number,
): StartReply {
  const existing = loadRun(sql, request.id);
  if (existing !== null) return { kind: "started", run: viewOf(existing) };
  const { id, actor, stripe_account = null, from, to, dry_run } = request;
  if (stripe_account !== null && !setting.connectedAccounts.has(stripe_account)) {
    return { kind: "account_not_listed" };
  }
  const bounds = currentBounds(kv, setting, now);
  storeBounds(kv, bounds);
  const refusal = refuseWindow(request, bounds, now);
  if (refusal !== null) return refusal;
  const unfinished = unfinishedRuns(sql).filter(
    (run) => run.status === "unreadable" || run.origin === "operator",
  );
  if (unfinished.length >= UNFINISHED_MAX) return { kind: "too_many_runs", limit: UNFINISHED_MAX };
  const run = newRun({ id, origin: "operator", actor, stripe_account, from, to, dry_run, gap: null }, now);
  insertRun(sql, run);
  return { kind: "started", run: viewOf(run) };
}
