/** `GET /v1/admin/stats`: is anything stuck, how much is it, since when; and up to when is everything here. */
import { readStats } from "../../event-index/queries.ts";
import type { Stats } from "../../event-index/stats.ts";
import type { WatermarkStatus } from "../../reconciler/report.ts";
import { fail, json } from "../respond.ts";
import { type AdminRequest, askIndex, type Outcome } from "./admin.ts";
import { readWatermark } from "./reconciliations.ts";

export interface StatsReport extends Stats {
  /** null: the Reconciler is out of reach just now. */
  readonly reconciliation: WatermarkStatus | null;
}

export async function showStats(admin: AdminRequest): Promise<Response> {
  const stats = await findStats(admin, Date.now());
  return stats.ok ? json(admin.requestId, 200, stats.value) : fail(admin.requestId, stats.failure);
}

export async function findStats(admin: AdminRequest, now: number): Promise<Outcome<StatsReport>> {
  const [stats, reconciliation] = await Promise.all([
    askIndex(admin, (index) => readStats(index, now)),
    readWatermark(admin),
  ]);
  return stats.ok ? { ok: true, value: { ...stats.value, reconciliation } } : stats;
}
