/**
 * `POST /v1/admin/events/retry`: open events that a filter matches, up to a limit, the longest unchanged first. With
 * `dry_run`, how many match and how much money that is, and nothing is touched.
 *
 * It cannot credit twice, since each event is retried as it would be alone: same key, same bytes, and final events not.
 */
import type { z } from "zod";
import { findOpen, sumOpen } from "../../event-index/queries.ts";
import type { Money } from "../../event-index/sum-by-currency.ts";
import { log } from "../../log.ts";
import { fail, json } from "../respond.ts";
import { type AdminRequest, askIndex, type Outcome } from "./admin.ts";
import { bulkRetryBody, readJson } from "./request.ts";
import { retryMany, type RetryReport } from "./retry.ts";

export type BulkRetry = z.infer<typeof bulkRetryBody>;

export interface BulkRetryReport extends RetryReport {
  readonly dry_run: boolean;
  readonly matched: number;
  readonly per_currency: readonly Money[];
}

const NOTHING_TRIED: RetryReport = { attempted: 0, forwarded: 0, failed: 0, results: [] };

export async function retryEvents(admin: AdminRequest): Promise<Response> {
  const body = await readJson(admin.request, bulkRetryBody);
  if (!body.ok) return fail(admin.requestId, body.failure);
  const done = await bulkRetry(admin, body.value);
  return done.ok ? json(admin.requestId, 200, done.value) : fail(admin.requestId, done.failure);
}

export async function bulkRetry(
  admin: AdminRequest,
  { filter, limit, dry_run, actor, note }: BulkRetry,
): Promise<Outcome<BulkRetryReport>> {
  // Before anything is tried: afterwards fewer match.
  const sums = await askIndex(admin, (index) => sumOpen(index, filter));
  if (!sums.ok) return sums;
  const matched = sums.value.reduce((total, { count }) => total + count, 0);

  let report = NOTHING_TRIED;
  if (!dry_run) {
    const found = await askIndex(admin, (index) => findOpen(index, filter, null, limit));
    if (!found.ok) return found;
    report = await retryMany(admin, found.value, { actor, note, scope: "any" });
    const { attempted, forwarded, failed } = report;
    const line = { msg: "operator_bulk_retry", request_id: admin.requestId };
    log("info", { ...line, matched, attempted, forwarded, failed });
  }
  return { ok: true, value: { dry_run, matched, per_currency: sums.value, ...report } };
}
