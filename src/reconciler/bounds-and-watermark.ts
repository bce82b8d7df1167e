/** What the Reconciler stores beside its tables. */
import { storedWatermark, type Watermark } from "./watermark.ts";
import { type Bounds, boundsAt, type Setting, storedBounds } from "./window.ts";

const BOUNDS_KEY = "bounds";
const WATERMARK_KEY = "watermark";
/** Of a connected account, before its id. */
const CONNECTED_PREFIX = "watermark:";

/**
 * As they are now. Older ones are stored, since a retention that grows does not bring back what was purged.
 */
export function currentBounds(kv: SyncKvStorage, setting: Setting, now: number): Bounds {
  const stored = kv.get(BOUNDS_KEY);
  return boundsAt(stored === undefined ? null : storedBounds.parse(stored), setting, now);
}

export function storeBounds(kv: SyncKvStorage, bounds: Bounds): void {
  kv.put(BOUNDS_KEY, storedBounds.stamp(bounds));
}

/** Of a connected account, or of the platform's own. null: it was never switched on. */
export function loadWatermark(kv: SyncKvStorage, stripeAccount: string | null): Watermark | null {
  const stored = kv.get(keyOf(stripeAccount));
  return stored === undefined ? null : storedWatermark.parse(stored);
}

export function saveWatermark(kv: SyncKvStorage, stripeAccount: string | null, watermark: Watermark): void {
  kv.put(keyOf(stripeAccount), storedWatermark.stamp(watermark));
}

/**
 * Of the connected accounts that are not listed any more. Should one be listed again, what happened meanwhile
 * was left out on purpose, and no run may deliver it: it begins anew.
 */
export function forgetUnlisted(kv: SyncKvStorage, listed: ReadonlySet<string>): void {
  const keys = Array.from(kv.list({ prefix: CONNECTED_PREFIX }), ([key]) => key);
  for (const key of keys) if (!listed.has(key.slice(CONNECTED_PREFIX.length))) kv.delete(key);
}

function keyOf(stripeAccount: string | null): string {
  return stripeAccount === null ? WATERMARK_KEY : `${CONNECTED_PREFIX}${stripeAccount}`;
}
