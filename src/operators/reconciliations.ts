/**
 * Starting, listing, showing and cancelling reconciliations, and accepting what one has found. The Reconciler
 * does the work, and answers what it knows.
 */
import type { Failure } from "../errors.ts";
import { iso } from "../event/view.ts";
import { log } from "../log.ts";
import { startRun } from "../reconciler/call-reconciler.ts";
import { DIFFERENCES_PER_PAGE } from "../reconciler/run.ts";
import type { ListedDifference, Report, RunList, RunView } from "../reconciler/report-schema.ts";
import type { StartReply } from "../reconciler/start-run.ts";
import type { Result } from "../result.ts";
import { ask, askReconciler, type OperatorCall } from "./operator-call.ts";
import type { AcceptDifferenceRequest, StartReconciliationRequest } from "./requests.ts";

/** The run continues by itself; the answer shows how it begins. */
export async function startReconciliation(
  call: OperatorCall,
  request: StartReconciliationRequest,
): Promise<Result<Report, Failure>> {
  const reply = await ask(call, () => startRun(call.env, request));
  if (!reply.ok) return reply;
  if (reply.value.kind !== "started") return { ok: false, failure: refusalOf(reply.value) };
  const { id, stripe_account, from, to, dry_run } = reply.value.run;
  const line = { msg: "operator_reconcile", request_id: call.requestId, run: id };
  log("info", { ...line, stripe_account, from, to, dry_run });
  return showReconciliation(call, id, null);
}

/** Newest first, and up to when everything is complete. */
export async function listReconciliations(
  call: OperatorCall,
  limit: number,
): Promise<Result<RunList, Failure>> {
  const [runs, watermark] = await Promise.all([
    askReconciler(call, (stub) => stub.list(limit)),
    askReconciler(call, (stub) => stub.watermark()),
  ]);
  if (!runs.ok) return runs;
  if (!watermark.ok) return watermark;
  return { ok: true, value: { reconciliations: runs.value, watermark: watermark.value } };
}

/** With the first differences, or with those after the cursor. */
export async function showReconciliation(
  call: OperatorCall,
  id: string,
  cursor: string | null,
): Promise<Result<Report, Failure>> {
  const report = found(await askReconciler(call, (stub) => stub.show(id)));
  if (!report.ok || cursor === null) return report;
  const page = await askReconciler(call, (stub) => stub.differences(id, cursor, DIFFERENCES_PER_PAGE));
  if (!page.ok) return page;
  if (page.value !== null) return { ok: true, value: { ...report.value, ...page.value } };
  return { ok: false, failure: { kind: "invalid_request", problems: ["cursor: is none of this report"] } };
}

/** All that was found, as CSV. */
export async function exportReconciliation(call: OperatorCall, id: string): Promise<Result<string, Failure>> {
  return found(await askReconciler(call, (stub) => stub.csv(id)));
}

/** The run as it is then. One that is over stays as it was. */
export async function cancelReconciliation(
  call: OperatorCall,
  id: string,
): Promise<Result<RunView, Failure>> {
  const run = found(await askReconciler(call, (stub) => stub.cancel(id)));
  if (run.ok) log("info", { msg: "operator_reconcile_cancel", request_id: call.requestId, run: id });
  return run;
}

/** Pins the Stripe account of a dry run. */
export async function confirmReconciliation(
  call: OperatorCall,
  id: string,
  { actor }: { readonly actor: string },
): Promise<Result<RunView, Failure>> {
  const reply = await askReconciler(call, (stub) => stub.confirm(id, actor));
  if (!reply.ok) return reply;
  const { value } = reply;
  if (value.kind === "not_found") return { ok: false, failure: { kind: "reconciliation_not_found" } };
  if (value.kind === "not_confirmable") return { ok: false, failure: value };
  log("info", { msg: "operator_reconcile_confirm", request_id: call.requestId, run: id, actor });
  return { ok: true, value: value.run };
}

/** From then on runs count it apart, and it does not hold the watermark. */
export async function acceptDifference(
  call: OperatorCall,
  id: string,
  request: AcceptDifferenceRequest,
): Promise<Result<ListedDifference, Failure>> {
  const reply = await askReconciler(call, (stub) => stub.accept(id, request));
  if (!reply.ok) return reply;
  const { value } = reply;
  if (value.kind === "not_found") return { ok: false, failure: { kind: "reconciliation_not_found" } };
  if (value.kind !== "done") return { ok: false, failure: value };
  const { key, actor, undo } = request;
  log("info", { msg: "operator_accept", request_id: call.requestId, run: id, key, actor, undo });
  return { ok: true, value: value.difference };
}

function found<T>(answer: Result<T | null, Failure>): Result<T, Failure> {
  if (!answer.ok) return answer;
  const { value } = answer;
  return value === null ? { ok: false, failure: { kind: "reconciliation_not_found" } } : { ok: true, value };
}

function refusalOf(reply: Exclude<StartReply, { kind: "started" }>): Failure {
  if (reply.kind === "account_not_listed") {
    return {
      kind: "invalid_request",
      problems: ["stripe_account: is none of STRIPE_CONNECTED_ACCOUNTS"],
    };
  }
  if (reply.kind !== "window_refused") return reply;
  return { kind: "invalid_request", problems: [`${reply.problem}; the earliest is ${iso(reply.oldest)}`] };
}
