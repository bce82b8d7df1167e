/** For the log. The name only: a message may quote what was stored or sent. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
