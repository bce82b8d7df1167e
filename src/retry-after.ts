/** The header `Retry-After`. Pure. */

/**
 * Who asks for more than a day is asked again after a day: one nonsense value (`99999999`) must not park
 * money until the retry horizon, nor become a number that no record can hold.
 */
const RETRY_AFTER_MAX_MS = 24 * 3600 * 1000;

/**
 * In milliseconds from `nowMs`; null when unusable. RFC 9110, sections 10.2.3 and 5.6.7: seconds, or a date
 * in one of three forms. A date that has passed means "now".
 */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  const text = header?.trim() ?? "";
  if (/^[0-9]+$/.test(text)) return Math.min(RETRY_AFTER_MAX_MS, Number(text) * 1000);
  // Date.parse believes almost anything ("-5" is a date to it), so the text must at least begin like one.
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text)) return null;
  // The oldest form names no zone; all three are in GMT.
  const wait = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`) - nowMs;
  return Number.isFinite(wait) ? Math.min(RETRY_AFTER_MAX_MS, Math.max(0, Math.round(wait))) : null;
}
