/** What the Reconciler stores beside its tables. */
import { storedWatermark, type Watermark } from "./watermark.ts";
import { type Bounds, boundsAt, type Setting, storedBounds } from "./window.ts";

const BOUNDS_KEY = "bounds";
const WATERMARK_KEY = "watermark";

/** As they are now. Older ones are stored, since a retention that grows does not bring back what was purged. */
export function currentBounds(kv: SyncKvStorage, setting: Setting, now: number): Bounds {
  const stored = kv.get(BOUNDS_KEY);
  return boundsAt(stored === undefined ? null : storedBounds.parse(stored), setting, now);
}

export function storeBounds(kv: SyncKvStorage, bounds: Bounds): void {
  kv.put(BOUNDS_KEY, storedBounds.stamp(bounds));
}

/** null: it was never switched on. */
export function loadWatermark(kv: SyncKvStorage): Watermark | null {
  const stored = kv.get(WATERMARK_KEY);
  return stored === undefined ? null : storedWatermark.parse(stored);
}

export function saveWatermark(kv: SyncKvStorage, watermark: Watermark): void {
  kv.put(WATERMARK_KEY, storedWatermark.stamp(watermark));
}
