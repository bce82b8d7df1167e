import { isLoopback } from "../../../src/loopback.ts";
import { EVENT_ID } from "../../../src/event-id.ts";
import { isStoryName, type StoryName } from "../../sandbox/stories/stories.ts";
import { baseUrl, flag, isRemote, oneOf, option, text, type Values, whole } from "../../lib/command.ts";
import { UsageError } from "../../lib/failure.ts";
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
  npm run send -- --story <name> [options]        what can happen at Stripe; shows what the ledger must hold, and holds

  --amount <n>         in minor units
  --currency <code>    usd
  --account <id>       the ledger account in the metadata; without it one is created at the local ledger
  --event-id <id>      send this id; with --times, deliver one and the same event again and again
  --livemode           a live-mode event
  --times <n>          how many (1, at most ${MAX_TIMES}); each is an event of its own unless --event-id is given
  --concurrency <n>    how many at once (1, at most ${MAX_CONCURRENCY})
  --lose               it happens at the sandbox Stripe, and its delivery is lost: nothing is sent to clawsettle
  --list               the names of all stories
  --order <order>      of a story's events: as-sent, backwards or shuffled (as-sent)
  --double             each event of the story twice, at the same moment
  --forget-event       the story happens at the sandbox Stripe, and Stripe makes no event of it: nothing is listed or sent
  --url <url>          clawsettle (${DEFAULT_CLAWSETTLE_URL})
  --ledger-url <url>   the local ledger (${DEFAULT_LEDGER_URL})
  --stripe-url <url>   the sandbox Stripe, which lists what happens (${DEFAULT_STRIPE_URL})
  --vars-file <file>   where the secrets are that the environment does not have (.dev.vars)
  --allow-remote       permit a --url that is not this machine; https only, secret only from the environment
  --help

Signs with STRIPE_WEBHOOK_SIGNING_SECRET. Exit code: 0 when every answer was 2xx, or of a story, when each account holds what it
must, or what it lacks is before an operator; 1 when not; 2 wrong usage.`;

export const OPTIONS = {
  amount: whole(0, Number.MAX_SAFE_INTEGER, undefined),
  currency: text(undefined),
  account: text(null),
  "event-id": option(eventId, null),
  livemode: flag,
  times: whole(1, MAX_TIMES, 1),
  concurrency: whole(1, MAX_CONCURRENCY, 1),
  url: baseUrl(new URL(DEFAULT_CLAWSETTLE_URL)),
  "ledger-url": baseUrl(new URL(DEFAULT_LEDGER_URL)),
  "stripe-url": baseUrl(new URL(DEFAULT_STRIPE_URL)),
  lose: flag,
  story: option(storyName, null),
  list: flag,
  order: oneOf(["as-sent", "backwards", "shuffled"], null),
  double: flag,
  "forget-event": flag,
  "vars-file": text(DEV_VARS_FILE),
  "allow-remote": flag,
};

type Given = Values<typeof OPTIONS>;

export type SendOptions = ReturnType<typeof sendOptions>;
export type StoryOptions = ReturnType<typeof storyOptions>;

/** What no option can check alone. */
export function optionsOf(values: Given, positionals: readonly string[]): SendOptions | StoryOptions {
  return values.story === null
    ? sendOptions(values, positionals)
    : storyOptions(values, values.story, positionals);
}

function sendOptions(values: Given, positionals: readonly string[]) {
  checkSandboxes(values);
  // A load meant for the local stack must not reach a deployment by a slip of the hand.
  const remote = isRemote(values.url, values["allow-remote"]);
  if (remote && values.lose)
    throw new UsageError("--lose is for the local stack: Stripe itself loses nothing for us.");
  if (values.livemode && values.lose)
    throw new UsageError("--lose is for test mode: a sandbox lists no live events.");
  if (values.order !== null || values.double || values["forget-event"])
    throw new UsageError("--order, --double and --forget-event are for a --story.");
  return {
    ...values,
    story: null,
    type: eventType(positionals),
    /** The target is not this machine. */ remote,
  };
}

/** A story is of the sandboxes: it makes accounts, and what there is at Stripe. */
function storyOptions(values: Given, story: StoryName, positionals: readonly string[]) {
  checkSandboxes(values);
  if (!isLoopback(values.url.hostname)) throw new UsageError("--story is for the local stack.");
  const { amount, currency, account, "event-id": id, livemode, lose, times } = values;
  const isOfOneEvent = [amount, currency, account ?? undefined, id ?? undefined].some(
    (value) => value !== undefined,
  );
  if (positionals.length > 0 || isOfOneEvent || livemode || lose || times > 1)
    throw new UsageError(
      "--story goes with --order, --double and --forget-event, and with no event type of its own.",
    );
  return { ...values, story, order: values.order ?? "as-sent" };
}

function checkSandboxes(values: Given): void {
  if (!isLoopback(values["ledger-url"].hostname)) {
    throw new UsageError(
      "--ledger-url is for a ledger on this machine. For another one, name the --account.",
    );
  }
  if (!isLoopback(values["stripe-url"].hostname)) {
    throw new UsageError("--stripe-url is for the sandbox on this machine.");
  }
}

function eventType(positionals: readonly string[]): string {
  const [type, ...others] = positionals;
  if (type === undefined || others.length > 0) throw new UsageError("Name one event type.");
  if (!EVENT_TYPE.test(type))
    throw new UsageError(`"${type}" is no event type like payment_intent.succeeded.`);
  return type;
}

function eventId(name: string, id: string): string {
  if (EVENT_ID.test(id)) return id;
  throw new UsageError(`${name} takes an id like evt_123, not "${id}".`);
}

function storyName(_: string, name: string): StoryName {
  if (isStoryName(name)) return name;
  throw new UsageError(`There is no story "${name}": --list names all.`);
}
