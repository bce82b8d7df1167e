/** What the Reconciler does by itself when the cron calls: forget old runs, and start the hourly one when it is due. */
import { purgeAcceptances } from "./acceptances-table.ts";
import { loadPinnedAccount } from "./account-check.ts";
import { currentBounds, loadWatermark, saveWatermark, storeBounds } from "./bounds-and-watermark.ts";
import { newRun } from "./run.ts";
import { insertRun, purgeRuns, unfinishedRuns } from "./runs-table.ts";
import { activate, dueRun } from "./watermark.ts";
import { type Setting, STRIPE_KEEPS_MS } from "./window.ts";

/** Each may have ten thousand differences. The cron comes again in five minutes. */
const PURGED_AT_ONCE = 5;

/** One turn. */
export function startHourlyRun(
  { sql, kv }: Pick<DurableObjectStorage, "sql" | "kv">,
  setting: Setting,
  now: number,
  id: string,
): void {
  const bounds = currentBounds(kv, setting, now);
  storeBounds(kv, bounds);
  purgeRuns(sql, now - setting.retentionMs, PURGED_AT_ONCE);
  // No run reaches back to what was accepted this long ago, and every report of one that did is purged.
  purgeAcceptances(sql, now - setting.retentionMs - STRIPE_KEEPS_MS);
  const stored = loadWatermark(kv);
  const watermark = stored === null ? activate(now) : stored;
  const isUnderWay = unfinishedRuns(sql).some(
    (run) => run.status === "unreadable" || run.origin === "schedule",
  );
  const due = isUnderWay ? null : dueRun(watermark, bounds, now);
  if (due !== null) {
    // Until somebody has confirmed whose money it is, it only reports.
    const dry_run = loadPinnedAccount(kv) === null;
    const run = newRun({ ...due, id, origin: "schedule", actor: null, dry_run }, now);
    insertRun(sql, run);
  }
  const after = due === null ? watermark : { ...watermark, last_started_at: now };
  if (after !== stored) saveWatermark(kv, after);
}
