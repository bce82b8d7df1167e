/**
 * What the Reconciler does by itself when the cron calls: forget old runs,
 * and start the hourly ones that are due.
 */
import { purgeAcceptances } from "./acceptances-table.ts";
import { loadPinnedAccount } from "./account-check.ts";
import {
  currentBounds,
  forgetUnlisted,
  loadWatermark,
  saveWatermark,
  storeBounds,
} from "./bounds-and-watermark.ts";
import { newRunId } from "./run-id.ts";
import { newRun } from "./run.ts";
import { insertRun, purgeRuns, unfinishedRuns } from "./runs-table.ts";
import { activate, dueRun } from "./watermark.ts";
import { type Setting, STRIPE_KEEPS_MS } from "./window.ts";

/** For each account. A run may have ten thousand differences, and the cron comes again in five minutes. */
const PURGED_AT_ONCE = 5;

/**
 * One turn. Each account has a run and a watermark of its own, so that one that is out
 * of reach holds up none of the others.
 */
export function startHourlyRuns(
  { sql, kv }: Pick<DurableObjectStorage, "sql" | "kv">,
  setting: Setting,
  now: number,
): void {
  const bounds = currentBounds(kv, setting, now);
  storeBounds(kv, bounds);
  const accounts = [null, ...setting.connectedAccounts];
  purgeRuns(sql, now - setting.retentionMs, PURGED_AT_ONCE * accounts.length);
  // No run reaches back to what was accepted this long ago, and every report of one that did is purged.
  purgeAcceptances(sql, now - setting.retentionMs - STRIPE_KEEPS_MS);
  forgetUnlisted(kv, setting.connectedAccounts);
  const unfinished = unfinishedRuns(sql);
  const underWay = new Set(
    unfinished.flatMap((run) =>
      run.status === "running" && run.origin === "schedule" ? [run.stripe_account] : [],
    ),
  );
  // One that cannot be read may be any account's.
  const isUnknown = unfinished.some(({ status }) => status === "unreadable");
  // Until somebody has confirmed whose money it is, it only reports.
  const dry_run = loadPinnedAccount(kv) === null;
  for (const stripe_account of accounts) {
    const stored = loadWatermark(kv, stripe_account);
    const watermark = stored ?? activate(now);
    const due = isUnknown || underWay.has(stripe_account) ? null : dueRun(watermark, bounds, now);
    if (due !== null) {
      const requested = { ...due, id: newRunId(), actor: null, stripe_account, dry_run } as const;
      insertRun(sql, newRun({ ...requested, origin: "schedule" }, now));
      saveWatermark(kv, stripe_account, { ...watermark, last_started_at: now });
    } else if (stored === null) saveWatermark(kv, stripe_account, watermark);
  }
}
