import { chosen, flag, option, text, whole } from "../../lib/command.ts";
import { type Outage, OUTAGES } from "./outage.ts";

const DEFAULT_KILLS = 20;
const DEFAULT_EVENTS = 2_000;
const DEFAULT_SECONDS = 60;
const DEFAULT_RATE = 10;
const DEFAULT_PAYMENTS = 5_000;
const DEFAULT_LOST = 200;
const DEFAULT_ALTERED = 10;
const DEFAULT_RUN_KILLS = 5;
const DEFAULT_NEVER = 20;
const DEFAULT_INVENTED = 10;
const DEFAULT_EFFECTLESS = 5;
const DEFAULT_TWICE = 5;
const DEFAULT_MISREAD = 5;
const DEFAULT_LEDGER_KILLS = 20;
const DEFAULT_TO_ACCOUNTS = 800;
const DEFAULT_ACCOUNTS = 10;
const DEFAULT_ONE_ACCOUNT = 10_000;
const MAX_SEED = 2 ** 32 - 1;

export const HELP = `Proves on the real stack, on disk, that nothing is lost and nothing happens twice.

  npm run drill [-- crash | outage | reconcile | audit | ledger | account] [options]       all, one after the other, unless one is named

crash: clawsettle is killed with kill -9 again and again, under load, while the ledger fails in every way.
  --kills <n>          how often (${DEFAULT_KILLS})
  --events <n>         how many events, at least (${DEFAULT_EVENTS})

outage: the ledger is away under load, and comes back.
  --kinds <a,b>        how it is away, one after the other: ${OUTAGES.join(", ")} (all)
  --seconds <n>        for how long (${DEFAULT_SECONDS})
  --rate <n>           new events a second (${DEFAULT_RATE})

reconcile: deliveries are lost and settlements altered; a reconciliation finds them, while it is killed with kill -9.
  --payments <n>       at Stripe (${DEFAULT_PAYMENTS})
  --lost <n>           of them never delivered (${DEFAULT_LOST})
  --altered <n>        of them changed at the ledger (${DEFAULT_ALTERED})
  --run-kills <n>      how often clawsettle is killed during the run (${DEFAULT_RUN_KILLS})
  --calm               Stripe answers well; without it one page in five is a 429 or a 500

audit: as reconcile, with refunds, disputes and payouts in three currencies, and calm; Stripe's money against the ledger, both ways.
  --payments, --lost, --altered   as above
  --never <n>          events that Stripe never makes (${DEFAULT_NEVER})
  --invented <n>       settlements that no money is behind (${DEFAULT_INVENTED})
  --effectless <n>     settlements without the ledger's event (${DEFAULT_EFFECTLESS})
  --twice <n>          payments booked a second time by hand (${DEFAULT_TWICE})
  --misread <n>        refunds booked at their payment's running total, by a mistake in the mapping (${DEFAULT_MISREAD})

ledger: the ledger is killed with kill -9 again and again, between any two of its statements, under load.
  --to-accounts <n>    payments (${DEFAULT_TO_ACCOUNTS})
  --accounts <n>       that they go to (${DEFAULT_ACCOUNTS})
  --ledger-kills <n>   how often the ledger is killed (${DEFAULT_LEDGER_KILLS})

account: thousands of payments of one account at once, at a slow ledger; other accounts must not notice.
  --one-account <n>    payments (${DEFAULT_ONE_ACCOUNT})

  --seed <n>           decides the history and the faults; a new one each time unless given
  --report <file>      also written there: as JSON if it ends in .json, else as Markdown
  --help

Exit code: 0 when all agreed, 1 when not, 2 wrong usage.`;

export const OPTIONS = {
  kills: whole(1, 1_000, DEFAULT_KILLS),
  events: whole(1, 100_000, DEFAULT_EVENTS),
  kinds: option(outagesNamed, OUTAGES),
  seconds: whole(1, 3_600, DEFAULT_SECONDS),
  rate: whole(1, 200, DEFAULT_RATE),
  payments: whole(10, 100_000, DEFAULT_PAYMENTS),
  lost: whole(0, 100_000, DEFAULT_LOST),
  altered: whole(0, 100_000, DEFAULT_ALTERED),
  "run-kills": whole(0, 100, DEFAULT_RUN_KILLS),
  calm: flag,
  never: whole(0, 10_000, DEFAULT_NEVER),
  invented: whole(0, 10_000, DEFAULT_INVENTED),
  effectless: whole(0, 10_000, DEFAULT_EFFECTLESS),
  twice: whole(0, 10_000, DEFAULT_TWICE),
  misread: whole(0, 10_000, DEFAULT_MISREAD),
  "to-accounts": whole(1, 100_000, DEFAULT_TO_ACCOUNTS),
  accounts: whole(1, 1_000, DEFAULT_ACCOUNTS),
  "ledger-kills": whole(0, 1_000, DEFAULT_LEDGER_KILLS),
  "one-account": whole(1, 100_000, DEFAULT_ONE_ACCOUNT),
  seed: whole(0, MAX_SEED, null),
  report: text(null),
};

function outagesNamed(flagName: string, names: string): readonly Outage[] {
  return names.split(",").map((name) => chosen(flagName, name.trim(), OUTAGES));
}
