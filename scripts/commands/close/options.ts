import { baseUrl, flag, isRemote, option, text, type Values } from "../../lib/command.ts";
import { UsageError } from "../../lib/failure.ts";
import { DEFAULT_CLAWSETTLE_URL, DEV_VARS_FILE } from "../../lib/paths.ts";
import { monthOf } from "./month.ts";

export const HELP = `Closes a month: what Stripe's balance moved by, where that money is, and the evidence, as files.

  npm run close -- --month 2026-10 --base-url https://clawsettle.com --allow-remote

  --month <yyyy-mm>    in UTC
  --draft              write the files even if the month is not complete, and say why it is not
  --out <folder>       where to (close/<month>)
  --previous <file>    close.json of the month before, whose closing balance is carried (../<month before>/close.json, if it is there)
  --opening <list>     or the opening balance as Stripe's own report states it, in minor units: USD=123456,EUR=0
  --base-url <url>     clawsettle (${DEFAULT_CLAWSETTLE_URL})
  --vars-file <file>   where SETTLE_ADMIN_KEY is, if the environment does not have it (.dev.vars)
  --allow-remote       permit a --base-url that is not this machine; https only, key only from the environment
  --help

A run reaches back 30 days at most, so a month has two parts: the 1st to the 15th, and the rest. Run it with --draft after the 15th, and again
when the month is over. The runs are dry: nothing is delivered. Exit code: 0 when the files are written; 1 when the month is not
complete; 2 wrong usage.`;

export const OPTIONS = {
  month: option(monthOf, null),
  draft: flag,
  out: text(null),
  previous: text(null),
  opening: option(balances, null),
  "base-url": baseUrl(new URL(DEFAULT_CLAWSETTLE_URL)),
  "vars-file": text(DEV_VARS_FILE),
  "allow-remote": flag,
};

export function closeOptions(values: Values<typeof OPTIONS>) {
  const { month } = values;
  if (month === null) throw new UsageError("--month names the month to close, like 2026-10.");
  if (values.previous !== null && values.opening !== null)
    throw new UsageError("--previous and --opening are two sources of one balance: give one.");
  const remote = isRemote(values["base-url"], values["allow-remote"]);
  return { ...values, month, /** The target is not this machine. */ remote };
}

function balances(name: string, given: string): Readonly<Record<string, string>> {
  const entries = given.split(",").map((part): [string, string] => {
    const [, currency = "", minor = ""] = /^([A-Z]{3})=(-?(?:0|[1-9]\d{0,17}))$/.exec(part) ?? [];
    if (currency === "") throw new UsageError(`${name} takes USD=123456,EUR=0, not "${given}".`);
    return [currency, minor];
  });
  return Object.fromEntries(entries);
}
