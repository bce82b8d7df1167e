/** What the Reconciler stores beside its tables. */
import { type Watermark, watermarkSchema } from "./watermark.ts";
import { type Bounds, boundsAt, type Setting } from "./window.ts";

const BOUNDS_KEY = "bounds";
const WATERMARK_KEY = "watermark";

/** As they are now. Older ones are stored, since a retention that grows does not bring back what was purged. */
export function currentBounds(kv: SyncKvStorage, setting: Setting, now: number): Bounds {
  return boundsAt(kv.get<Partial<Bounds>>(BOUNDS_KEY) ?? null, setting, now);
}

export function storeBounds(kv: SyncKvStorage, bounds: Bounds): void {
  kv.put(BOUNDS_KEY, bounds);
}

/** null: it was never switched on. */
export function loadWatermark(kv: SyncKvStorage): Watermark | null {
  const stored = kv.get(WATERMARK_KEY);
  return stored === undefined ? null : watermarkSchema.parse(stored);
}

export function saveWatermark(kv: SyncKvStorage, watermark: Watermark): void {
  kv.put(WATERMARK_KEY, watermark);
}
