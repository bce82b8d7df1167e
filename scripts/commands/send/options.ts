import { parseArgs } from "node:util";
import { EVENT_ID } from "../../../src/event-id.ts";
import { UsageError } from "../../lib/failure.ts";
import { baseUrl, isLoopbackHost } from "../../lib/loopback.ts";
import { wholeNumber } from "../../lib/numbers.ts";
import {
  DEFAULT_CLAWSETTLE_URL,
  DEFAULT_LEDGER_URL,
  DEFAULT_STRIPE_URL,
  DEV_VARS_FILE,
} from "../../lib/paths.ts";

const MAX_TIMES = 100_000;
const MAX_CONCURRENCY = 200;
const EVENT_TYPE = /^[a-z0-9_]+(\.[a-z0-9_]+)+$/;

export const HELP = `Builds a Stripe event, signs it, and delivers it to clawsettle.

  npm run send -- <event type> [options]          e.g. npm run send -- payment_intent.succeeded --amount 1999

  --amount <n>         in minor units
  --currency <code>    usd
  --account <id>       the ledger account in the metadata; without it one is created at the local ledger
  --event-id <id>      send this id; with --times, deliver one and the same event again and again
  --livemode           a live-mode event
  --times <n>          how many (1, at most ${MAX_TIMES}); each is an event of its own unless --event-id is given
  --concurrency <n>    how many at once (1, at most ${MAX_CONCURRENCY})
  --lose               it happens at the sandbox Stripe, and its delivery is lost: nothing is sent to clawsettle
  --url <url>          clawsettle (${DEFAULT_CLAWSETTLE_URL})
  --ledger-url <url>   the local ledger (${DEFAULT_LEDGER_URL})
  --stripe-url <url>   the sandbox Stripe, which lists what happens (${DEFAULT_STRIPE_URL})
  --vars-file <file>   where the secrets are that the environment does not have (.dev.vars)
  --allow-remote       permit a --url that is not this machine; https only, secret only from the environment
  --help

Signs with STRIPE_WEBHOOK_SIGNING_SECRET. Exit code: 0 when every answer was 2xx, 1 when not, 2 wrong usage.`;

export type SendOptions = {
  readonly type: string;
  readonly amount: number | null;
  readonly currency: string | null;
  readonly account: string | null;
  readonly eventId: string | null;
  readonly livemode: boolean;
  readonly times: number;
  readonly concurrency: number;
  readonly url: URL;
  readonly ledgerUrl: URL;
  readonly stripeUrl: URL;
  readonly lose: boolean;
  readonly varsFile: string;
  /** The target is not this machine. */
  readonly remote: boolean;
};

/** Null when only help is wanted. */
export function sendOptions(argv: readonly string[]): SendOptions | null {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      amount: { type: "string" },
      currency: { type: "string" },
      account: { type: "string" },
      "event-id": { type: "string" },
      livemode: { type: "boolean", default: false },
      times: { type: "string", default: "1" },
      concurrency: { type: "string", default: "1" },
      url: { type: "string", default: DEFAULT_CLAWSETTLE_URL },
      "ledger-url": { type: "string", default: DEFAULT_LEDGER_URL },
      "stripe-url": { type: "string", default: DEFAULT_STRIPE_URL },
      lose: { type: "boolean", default: false },
      "vars-file": { type: "string", default: DEV_VARS_FILE },
      "allow-remote": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;

  const url = baseUrl("--url", values.url);
  const ledgerUrl = baseUrl("--ledger-url", values["ledger-url"]);
  if (!isLoopbackHost(ledgerUrl.hostname)) {
    throw new UsageError(
      "--ledger-url is for a ledger on this machine. For another one, name the --account.",
    );
  }
  const stripeUrl = baseUrl("--stripe-url", values["stripe-url"]);
  if (!isLoopbackHost(stripeUrl.hostname))
    throw new UsageError("--stripe-url is for the sandbox on this machine.");
  const remote = isRemote(url, values["allow-remote"]);
  if (remote && values.lose)
    throw new UsageError("--lose is for the local stack: Stripe itself loses nothing for us.");
  if (values.livemode && values.lose)
    throw new UsageError("--lose is for test mode: a sandbox lists no live events.");
  return {
    type: eventType(positionals),
    amount:
      values.amount === undefined ? null : wholeNumber("--amount", values.amount, 0, Number.MAX_SAFE_INTEGER),
    currency: values.currency ?? null,
    account: values.account ?? null,
    eventId: eventId(values["event-id"] ?? null),
    livemode: values.livemode,
    times: wholeNumber("--times", values.times, 1, MAX_TIMES),
    concurrency: wholeNumber("--concurrency", values.concurrency, 1, MAX_CONCURRENCY),
    url,
    ledgerUrl,
    varsFile: values["vars-file"],
    stripeUrl,
    lose: values.lose,
    remote,
  };
}

function eventType(positionals: readonly string[]): string {
  const [type, ...others] = positionals;
  if (type === undefined || others.length > 0) throw new UsageError("Name one event type.");
  if (!EVENT_TYPE.test(type))
    throw new UsageError(`"${type}" is no event type like payment_intent.succeeded.`);
  return type;
}

function eventId(id: string | null): string | null {
  if (id === null || EVENT_ID.test(id)) return id;
  throw new UsageError(`--event-id takes an id like evt_123, not "${id}".`);
}

/** A load meant for the local stack must not reach a deployment by a slip of the hand. */
function isRemote(url: URL, allowed: boolean): boolean {
  if (isLoopbackHost(url.hostname)) return false;
  if (!allowed)
    throw new UsageError(`${url.origin} is not this machine. If you mean it, add --allow-remote.`);
  if (url.protocol !== "https:") throw new UsageError(`${url.origin} is not encrypted: use https.`);
  return true;
}
