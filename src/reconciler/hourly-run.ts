/** The hourly round: what the Reconciler remembers between runs, and the run that it starts by itself. */
import { insertRun, purgeRuns, unfinished } from "./runs-table.ts";
import { newRun } from "./run.ts";
import { activate, dueRun, follow, type Watermark, watermarkSchema } from "./watermark.ts";
import { type Bounds, boundsAt, type Setting } from "./window.ts";

const BOUNDS_KEY = "bounds";
const WATERMARK_KEY = "watermark";
/** Each may have ten thousand differences. The cron comes again in five minutes. */
const PURGED_AT_ONCE = 5;

/** The bounds as they are now. Remembered, since a retention that grows does not bring back what it purged. */
export function currentBounds(kv: SyncKvStorage, setting: Setting, now: number): Bounds {
  return boundsAt(kv.get<Bounds>(BOUNDS_KEY) ?? null, setting, now);
}

export function rememberBounds(kv: SyncKvStorage, setting: Setting, now: number): Bounds {
  const bounds = currentBounds(kv, setting, now);
  kv.put<Bounds>(BOUNDS_KEY, bounds);
  return bounds;
}

/** null: it was never switched on. */
export function loadWatermark(kv: SyncKvStorage): Watermark | null {
  const stored = kv.get(WATERMARK_KEY);
  return stored === undefined ? null : watermarkSchema.parse(stored);
}

export function saveWatermark(kv: SyncKvStorage, watermark: Watermark): void {
  kv.put(WATERMARK_KEY, watermark);
}

/** One turn. Returns whether it started a run. */
export function hourlyRound(
  { sql, kv }: Pick<DurableObjectStorage, "sql" | "kv">,
  setting: Setting,
  now: number,
  freshId: () => string,
): boolean {
  const bounds = rememberBounds(kv, setting, now);
  purgeRuns(sql, now - setting.retentionMs, PURGED_AT_ONCE);
  const known = loadWatermark(kv);
  const watermark = known === null ? activate(now, bounds.refund_events) : follow(known, bounds, now);
  const due = unfinished(sql).some(({ origin }) => origin === "schedule")
    ? null
    : dueRun(watermark, bounds, now);
  if (due !== null) {
    const { refund_events } = bounds;
    const run = newRun(
      { ...due, id: freshId(), origin: "schedule", actor: null, dry_run: false, refund_events },
      now,
    );
    insertRun(sql, run);
  }
  const after = due === null ? watermark : { ...watermark, last_started_at: now };
  if (after !== known) saveWatermark(kv, after);
  return due !== null;
}
