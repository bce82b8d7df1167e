/** Which mode a key of Stripe's says it is of. Pure. */

/**
 * null: it does not say. A hint beside the events' own `livemode`, which decides: but a window without events shows
 * none, and a key of the wrong mode would call it complete.
 */
export function keyLivemode(key: string): boolean | null {
  const mode = /^(?:sk|rk)_(test|live)_/.exec(key)?.[1];
  return mode === undefined ? null : mode === "live";
}
