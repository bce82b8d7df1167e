/**
 * Reconciliations: ask for one, look at it, end it. The Reconciler does the work, and answers here what it knows.
 */
import { log } from "../../log.ts";
import type { Difference } from "../../reconciler/findings.ts";
import { askReconciler, type ReconcilerStub, startRun } from "../../reconciler/call-reconciler.ts";
import type { Report, RunView, WatermarkStatus } from "../../reconciler/report.ts";
import type { StartReply, StartRequest } from "../../reconciler/start-run.ts";
import type { Failure } from "../../errors.ts";
import type { RpcResult } from "../../durable-object/rpc.ts";
import { iso } from "../../event/view.ts";
import { fail, json, SECURITY_HEADERS } from "../respond.ts";
import { type AdminRequest, configOf, type Outcome, UNAVAILABLE } from "./admin.ts";
import { check, readJson, readQuery } from "./request.ts";
import { listRunsQuery, reconciliationBody, reportQuery, runIdSchema } from "./reconciliation-request.ts";

const CSV_TYPE = "text/csv; charset=utf-8";
const NOT_FOUND: Failure = { kind: "reconciliation_not_found" };

export interface ReconciliationList {
  readonly reconciliations: readonly RunView[];
  readonly watermark: WatermarkStatus;
}

export type ReconciliationReport = Omit<Report, "differences"> & {
  readonly differences: readonly Difference[];
  readonly differences_listed: number;
  readonly differences_truncated: boolean;
  readonly next_cursor: string | null;
};

/** `POST /v1/admin/reconciliations`: 202, since it goes on by itself. */
export async function startReconciliation(admin: AdminRequest): Promise<Response> {
  const body = await readJson(admin.request, reconciliationBody);
  if (!body.ok) return fail(admin.requestId, body.failure);
  const started = await beginReconciliation(admin, body.value);
  return started.ok ? json(admin.requestId, 202, started.value) : fail(admin.requestId, started.failure);
}

export async function beginReconciliation(
  admin: AdminRequest,
  request: Omit<StartRequest, "id">,
): Promise<Outcome<ReconciliationReport>> {
  const config = configOf(admin);
  if (!config.ok) return config;
  const reply = await startRun(admin.env, request);
  if (!reply.ok) return UNAVAILABLE;
  if (reply.value.kind !== "started") return { ok: false, failure: refusalOf(reply.value) };
  const { id, from, to, dry_run } = reply.value.run;
  log("info", { msg: "operator_reconcile", request_id: admin.requestId, run: id, from, to, dry_run });
  return findReconciliation(admin, id, null);
}

/** `GET /v1/admin/reconciliations`: newest first, and how far everything is complete. */
export async function listReconciliations(admin: AdminRequest): Promise<Response> {
  const query = readQuery(admin.request, listRunsQuery);
  if (!query.ok) return fail(admin.requestId, query.failure);
  const list = await findReconciliations(admin, query.value.limit);
  return list.ok ? json(admin.requestId, 200, list.value) : fail(admin.requestId, list.failure);
}

export async function findReconciliations(
  admin: AdminRequest,
  limit: number,
): Promise<Outcome<ReconciliationList>> {
  const [runs, watermark] = await Promise.all([
    ask(admin, (stub) => stub.list(limit)),
    ask(admin, (stub) => stub.watermark()),
  ]);
  if (!runs.ok) return runs;
  if (!watermark.ok) return watermark;
  return { ok: true, value: { reconciliations: runs.value, watermark: watermark.value } };
}

/** `GET /v1/admin/reconciliations/{id}`, as JSON by pages of differences, or all of it as CSV. */
export async function showReconciliation(admin: AdminRequest, runId: string): Promise<Response> {
  const id = check(runId, runIdSchema);
  if (!id.ok) return fail(admin.requestId, id.failure);
  const query = readQuery(admin.request, reportQuery);
  if (!query.ok) return fail(admin.requestId, query.failure);
  if (query.value.format === "csv") return showCsv(admin, id.value);
  const report = await findReconciliation(admin, id.value, query.value.cursor ?? null);
  return report.ok ? json(admin.requestId, 200, report.value) : fail(admin.requestId, report.failure);
}

export async function showCsv(admin: AdminRequest, id: string): Promise<Response> {
  const csv = await ask(admin, (stub) => stub.csv(id));
  if (!csv.ok) return fail(admin.requestId, csv.failure);
  if (csv.value === null) return fail(admin.requestId, NOT_FOUND);
  return new Response(csv.value, {
    headers: {
      ...SECURITY_HEADERS,
      "content-type": CSV_TYPE,
      "content-disposition": `attachment; filename="reconciliation-${id}.csv"`,
      "x-request-id": admin.requestId,
    },
  });
}

const PAGE = 100;

export async function findReconciliation(
  admin: AdminRequest,
  id: string,
  cursor: string | null,
): Promise<Outcome<ReconciliationReport>> {
  const report = await ask(admin, (stub) => stub.show(id));
  if (!report.ok) return report;
  if (report.value === null) return { ok: false, failure: NOT_FOUND };
  const { differences, ...rest } = report.value;
  const { listed, truncated, first, next_cursor } = differences;
  const common = { ...rest, differences_listed: listed, differences_truncated: truncated };
  if (cursor === null) return { ok: true, value: { ...common, differences: first, next_cursor } };
  const page = await ask(admin, (stub) => stub.differences(id, cursor, PAGE));
  if (!page.ok) return page;
  if (page.value !== null) return { ok: true, value: { ...common, ...page.value } };
  return { ok: false, failure: { kind: "invalid_request", problems: ["cursor: is none of this report"] } };
}

/** `POST /v1/admin/reconciliations/{id}/cancel`: the run as it is then. One that is over stays as it was. */
export async function cancelReconciliation(admin: AdminRequest, runId: string): Promise<Response> {
  const id = check(runId, runIdSchema);
  if (!id.ok) return fail(admin.requestId, id.failure);
  const cancelled = await endReconciliation(admin, id.value);
  return cancelled.ok
    ? json(admin.requestId, 200, cancelled.value)
    : fail(admin.requestId, cancelled.failure);
}

export async function endReconciliation(admin: AdminRequest, id: string): Promise<Outcome<RunView>> {
  const run = await ask(admin, (stub) => stub.cancel(id));
  if (!run.ok) return run;
  if (run.value === null) return { ok: false, failure: NOT_FOUND };
  log("info", { msg: "operator_reconcile_cancel", request_id: admin.requestId, run: id });
  return { ok: true, value: run.value };
}

/** Null when the Reconciler is out of reach: whoever asks for more than this still gets the rest. */
export async function readWatermark(admin: AdminRequest): Promise<WatermarkStatus | null> {
  const watermark = await ask(admin, (stub) => stub.watermark());
  return watermark.ok ? watermark.value : null;
}

async function ask<T>(
  admin: AdminRequest,
  what: (stub: ReconcilerStub) => Promise<RpcResult<T>>,
): Promise<Outcome<T>> {
  const config = configOf(admin);
  if (!config.ok) return config;
  const answer = await askReconciler(admin.env, what);
  return answer.ok ? answer : UNAVAILABLE;
}

function refusalOf(reply: Exclude<StartReply, { kind: "started" }>): Failure {
  if (reply.kind !== "window_refused") return reply;
  return { kind: "invalid_request", problems: [`${reply.problem}; the earliest is ${iso(reply.oldest)}`] };
}
