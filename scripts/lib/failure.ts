/** A mistake on the command line: printed without a stack, exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Something went wrong that the reader can act on: printed without a stack, exit code 1. */
export class PlainError extends Error {
  override name = "PlainError";
}

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** What to print of an error: for a failed connection the cause says more than the message. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  const cause = error.cause instanceof Error ? `: ${messageOf(error.cause)}` : "";
  return `${error.message || error.name}${cause}`;
}
