/** Asking for a run: what is refused, and what is put in the queue. */
import { viewOf } from "./report.ts";
import type { RunView } from "./report-schema.ts";
import { newRun } from "./run.ts";
import { insertRun, loadRun, unfinished } from "./runs-table.ts";
import { rememberBounds } from "./hourly-run.ts";
import { refuseWindow, type Setting, type Window, type WindowRefusal } from "./window.ts";

/** Runs that wait, the one at work included. Who asks for more has a script that went wild. */
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
export function start(
  { sql, kv }: DurableObjectStorage,
  setting: Setting,
  request: StartRequest,
  now: number,
): StartReply {
  const known = loadRun(sql, request.id);
  if (known !== null) return { kind: "started", run: viewOf(known) };
  const bounds = rememberBounds(kv, setting, now);
  const refusal = refuseWindow(request, bounds, now);
  if (refusal !== null) return refusal;
  if (unfinished(sql).length >= UNFINISHED_MAX) return { kind: "too_many_runs", limit: UNFINISHED_MAX };
  const { refund_events } = bounds;
  const run = newRun({ ...request, origin: "operator", refund_events, gap: null }, now);
  insertRun(sql, run);
  return { kind: "started", run: viewOf(run) };
}
