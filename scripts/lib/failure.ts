/** A mistake on the command line: said without a stack, and answered with exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Something went wrong that the reader can act on: said without a stack, exit code 1. */
export class PlainError extends Error {
  override name = "PlainError";
}

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** Runs a command's main function and turns what it throws into a message and an exit code. */
export async function runMain(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.exitCode = report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof UsageError || isParseArgsError(error)) {
    console.error(`${error.message}\nSee --help.`);
    return EXIT_USAGE;
  }
  if (error instanceof PlainError) {
    console.error(error.message);
    return EXIT_FAILED;
  }
  console.error(error);
  return EXIT_FAILED;
}

function isParseArgsError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS_");
}

/** What to show of an error: for a failed connection the cause says more than the message. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  const cause = error.cause instanceof Error ? `: ${messageOf(error.cause)}` : "";
  return `${error.message || error.name}${cause}`;
}
