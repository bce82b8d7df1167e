/** One JSON line per step. Lines hold ids, states and numbers: no secret, no body, no stranger's text. */

export type LogLevel = "info" | "warn" | "error";
export type LogLine = { readonly msg: string } & Readonly<Record<string, string | number | boolean | null>>;

export function log(level: LogLevel, line: LogLine): void {
  console[level](JSON.stringify({ level, ...line }));
}

/**
 * Of refused requests that anybody can have sent only one in this many is logged, since each line costs.
 * A line carries the rate, so that counts can be scaled back.
 */
export const REFUSAL_SAMPLE_RATE = 10;

export function logSampled(level: LogLevel, line: LogLine, random: number): void {
  if (random * REFUSAL_SAMPLE_RATE < 1) log(level, { ...line, sampled_one_in: REFUSAL_SAMPLE_RATE });
}
