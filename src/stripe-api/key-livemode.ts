/** The mode that a key of Stripe's names. Pure. */

/**
 * null: it names none. Only a hint: the events' own `livemode` decides. But a window without events has none,
 * and with a key of the wrong mode it would count as complete.
 */
export function keyLivemode(key: string): boolean | null {
  const mode = /^(?:sk|rk)_(test|live)_/.exec(key)?.[1];
  return mode === undefined ? null : mode === "live";
}
