/** Starting a run: what is refused, and what is put in the queue. */
import { currentBounds, storeBounds } from "./bounds-and-watermark.ts";
import { viewOf } from "./report.ts";
import type { RunView } from "./report-schema.ts";
import { newRun } from "./run.ts";
import { insertRun, loadRun, unfinishedRuns } from "./runs-table.ts";
import { refuseWindow, type Setting, type Window, type WindowRefusal } from "./window.ts";

/** Runs that wait, with the one at work. More are a script out of control. */
export const UNFINISHED_MAX = 20;

/** `from` and `to` are epoch milliseconds. */
export interface StartRequest extends Window {
  /** Made by the caller, so that a call that is repeated starts one run. */
  readonly id: string;
  readonly dry_run: boolean;
  readonly actor: string | null;
}

export type StartReply =
  | { readonly kind: "started"; readonly run: RunView }
  | NotConfigured
  | WindowRefusal
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
  const bounds = currentBounds(kv, setting, now);
  storeBounds(kv, bounds);
  const refusal = refuseWindow(request, bounds, now);
  if (refusal !== null) return refusal;
  if (unfinishedRuns(sql).length >= UNFINISHED_MAX) return { kind: "too_many_runs", limit: UNFINISHED_MAX };
  const { id, actor, from, to, dry_run } = request;
  const run = newRun({ id, origin: "operator", actor, from, to, dry_run, gap: null }, now);
  insertRun(sql, run);
  return { kind: "started", run: viewOf(run) };
}
