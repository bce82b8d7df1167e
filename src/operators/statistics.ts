/** Whether anything is stuck, how much money it is, and since when; and up to when everything is complete. */
import type { Failure } from "../errors.ts";
import type { Result } from "../result.ts";
import * as index from "../event-index/queries.ts";
import { type EventRow, listEvents } from "./events.ts";
import { askIndex, askReconciler, type OperatorCall } from "./operator-call.ts";
import { readSettings, type SettingView } from "./settings.ts";
import type { Statistics } from "./statistics-schema.ts";

const RECENT_EVENTS = 12;

export interface Overview {
  readonly statistics: Statistics;
  readonly recent: readonly EventRow[];
  /** Empty while they are out of reach. */
  readonly settings: readonly SettingView[];
}

export async function readStatistics(call: OperatorCall): Promise<Result<Statistics, Failure>> {
  const [stats, watermark] = await Promise.all([
    askIndex(call, (place) => index.readStats(place, Date.now())),
    askReconciler(call, (stub) => stub.watermark()),
  ]);
  if (!stats.ok) return stats;
  // Without the Reconciler the rest is still worth showing.
  return { ok: true, value: { ...stats.value, reconciliation: watermark.ok ? watermark.value : null } };
}

export async function readOverview(call: OperatorCall): Promise<Result<Overview, Failure>> {
  const [statistics, recent, settings] = await Promise.all([
    readStatistics(call),
    listEvents(call, { limit: RECENT_EVENTS }),
    readSettings(call),
  ]);
  if (!statistics.ok) return statistics;
  if (!recent.ok) return recent;
  return {
    ok: true,
    value: {
      statistics: statistics.value,
      recent: recent.value.events,
      settings: settings.ok ? settings.value : [],
    },
  };
}
