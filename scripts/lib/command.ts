/** A command: its options, its help, and the exit code and message for whatever comes of it. */
import { parseArgs } from "node:util";
import { isLoopback } from "../../src/loopback.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, PlainError, UsageError } from "./failure.ts";

/** One `--name`. `read` gets undefined when it was not given, and the name for its error. */
export interface Option<T> {
  readonly type: "string" | "boolean";
  readonly read: (name: string, given: string | undefined) => T;
}

type Options = Readonly<Record<string, Option<unknown>>>;
export type Values<O extends Options> = { readonly [Name in keyof O]: ReturnType<O[Name]["read"]> };

/** Any value that a text can stand for; `fallback` when it was not given. */
export function option<T, F>(read: (name: string, text: string) => T, fallback: F): Option<T | F> {
  return { type: "string", read: (name, given) => (given === undefined ? fallback : read(name, given)) };
}

export const flag: Option<boolean> = { type: "boolean", read: (_, given) => given !== undefined };

export function text<F>(fallback: F): Option<string | F> {
  return option((_, given) => given, fallback);
}

export function whole<F>(least: number, most: number, fallback: F): Option<number | F> {
  return option((name, given) => wholeNumber(name, given, least, most), fallback);
}

export function oneOf<T extends string, F>(choices: readonly T[], fallback: F): Option<T | F> {
  return option((name, given) => chosen(name, given, choices), fallback);
}

/** An http(s) base URL without path, query or credentials, so that it can be joined with a path. */
export function baseUrl<F>(fallback: F): Option<URL | F> {
  return option((name, given) => {
    const url = URL.canParse(given) ? new URL(given) : null;
    if (url && /^https?:$/.test(url.protocol) && url.pathname === "/" && !url.search && !url.username)
      return url;
    throw new UsageError(
      `${name} takes an address like https://host or http://127.0.0.1:8787, not "${given}".`,
    );
  }, fallback);
}

export function chosen<T extends string>(name: string, given: string, choices: readonly T[]): T {
  const choice = choices.find((one) => one === given);
  if (choice !== undefined) return choice;
  const or = new Intl.ListFormat("en-GB", { type: "disjunction" });
  throw new UsageError(`${name} takes ${or.format(choices)}, not "${given}".`);
}

function wholeNumber(name: string, given: string, least: number, most: number): number {
  const value = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${name} takes a whole number from ${least} to ${most}, not "${given}".`);
}

/** null when only the help is wanted. */
export function readOptions<O extends Options>(
  options: O,
  args: readonly string[],
  allowPositionals = false,
): { readonly values: Values<O>; readonly positionals: readonly string[] } | null {
  const types = Object.entries(options).map(([name, { type }]) => [name, { type }] as const);
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals,
    options: { ...Object.fromEntries(types), help: { type: "boolean" } },
  });
  if (values["help"]) return null;
  const given = values as Readonly<Record<string, string | undefined>>;
  const read = Object.entries(options).map(([name, { read: of }]) => [name, of(`--${name}`, given[name])]);
  return { values: Object.fromEntries(read) as Values<O>, positionals };
}

/** Whether the address is another machine's, which must be meant, and asked over TLS. */
export function isRemote(url: URL, allowed: boolean): boolean {
  if (isLoopback(url.hostname)) return false;
  if (!allowed)
    throw new UsageError(`${url.origin} is not this machine. If you mean it, add --allow-remote.`);
  if (url.protocol !== "https:") throw new UsageError(`${url.origin} is not encrypted: use https.`);
  return true;
}

interface Command<O extends Options> {
  readonly help: string;
  readonly options: O;
  readonly allowPositionals?: boolean;
}

type Main<O extends Options> = (values: Values<O>, positionals: readonly string[]) => Promise<number>;

/** Runs `main`, which returns the exit code, with the options of the command line, or prints the help. */
export async function runCommand<O extends Options>(command: Command<O>, main: Main<O>): Promise<void> {
  process.exitCode = await exitCodeOf(command, main, process.argv.slice(2));
}

/** What comes of a command with these arguments. */
export async function exitCodeOf<O extends Options>(
  { help, options, allowPositionals = false }: Command<O>,
  main: Main<O>,
  args: readonly string[],
): Promise<number> {
  try {
    const read = readOptions(options, args, allowPositionals);
    if (read !== null) return await main(read.values, read.positionals);
    console.log(help);
    return EXIT_OK;
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof UsageError || isParseArgsError(error)) {
    console.error(`${error.message}\nSee --help.`);
    return EXIT_USAGE;
  }
  console.error(error instanceof PlainError ? error.message : error);
  return EXIT_FAILED;
}

function isParseArgsError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS_");
}
