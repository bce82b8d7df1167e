/** Plays a story of a Stripe account at the local stack, and compares the ledger with what it must hold. */
import { randomInt } from "node:crypto";
import { formatMoney } from "../../../src/format-money.ts";
import { EXIT_FAILED, EXIT_OK, messageOf, PlainError } from "../../lib/failure.ts";
import { at, httpClient } from "../../lib/http.ts";
import { shownPath } from "../../lib/paths.ts";
import { ordered } from "../../lib/ordered.ts";
import { pollUntil } from "../../lib/poll.ts";
import { Random } from "../../lib/random.ts";
import { paint } from "../../lib/terminal.ts";
import { type Clawsettle, clawsettleClient } from "../../sandbox/clients/clawsettle.ts";
import { type Ledger, ledgerClient, newAccount } from "../../sandbox/clients/ledger.ts";
import { sandboxStripeClient } from "../../sandbox/clients/sandbox-stripe.ts";
import type { StripeEventBody } from "../../sandbox/events/stripe-events.ts";
import { readDevVars, secretOf } from "../../sandbox/stack/dev-vars.ts";
import { playStory, STORIES, type StoryName } from "../../sandbox/stories/stories.ts";
import type { Owners } from "../../sandbox/stories/story.ts";
import { expectedBalances } from "../../sandbox/stripe-account/expected-balances.ts";
import type { StripeAccount } from "../../sandbox/stripe-account/stripe-account.ts";
import { kindOf } from "./load.ts";
import type { StoryOptions } from "./options.ts";

const HEALING = { timeoutMs: 60_000, everyMs: 250 };
/** What waits for something that is not in the story would be tried for three days. */
const ATTEMPTS = 4;
const SEEDS = 2 ** 31;

export function listStories(): number {
  const width = Math.max(...Object.keys(STORIES).map((name) => name.length));
  for (const [name, { title }] of Object.entries(STORIES)) console.log(`${name.padEnd(width)}  ${title}`);
  return EXIT_OK;
}

export async function sendStory(options: StoryOptions): Promise<number> {
  const http = httpClient();
  try {
    const { clawsettle, ledger, stripe } = await clients(options, http);
    const owners = { ada: await newAccount(ledger, "ada"), bob: await newAccount(ledger, "bob") };
    const account = untilNow(options.story, owners);
    await stripe.addObjects(account.objects);
    if (options["forget-event"]) return forgotten(account);
    // Stripe lists the events of a connected account to that account.
    if (account.account === null) await stripe.know(account.events.map((event) => JSON.stringify(event)));
    console.log(paint("bold", STORIES[options.story].title));
    await deliver(clawsettle, account.events, options);
    const failed = account.isListed ? await untilHealed(clawsettle, account.events) : 0;
    return (await compare(ledger, owners, account, options.story, failed)) ? EXIT_OK : EXIT_FAILED;
  } finally {
    await http.close();
  }
}

/** Stripe has the objects and the money, and no event. */
function forgotten({ transactions }: StripeAccount): number {
  for (const { id, type, amount, currency } of transactions) {
    console.log(`  ${id} ${type}, ${formatMoney(String(amount), currency.toUpperCase())}`);
  }
  console.log(
    "No event was made of it: a reconciliation finds money_without_event, and an operator has it booked.",
  );
  return EXIT_OK;
}

async function clients(options: StoryOptions, http: ReturnType<typeof httpClient>) {
  const file = options["vars-file"];
  const secret = async (name: string): Promise<string> => {
    const found = await secretOf(name, file);
    if (found !== null) return found;
    throw new PlainError(`${name} is not set. Run \`npm start\` once: it makes ${shownPath(file)}.`);
  };
  // From the file alone: a key in the environment may be one of Stripe itself.
  const apiKey = (await readDevVars(file))?.["STRIPE_API_KEY"];
  if (apiKey === undefined)
    throw new PlainError(`No STRIPE_API_KEY in ${shownPath(file)}: \`npm start\` adds it.`);
  return {
    clawsettle: clawsettleClient({
      http,
      baseUrl: options.url,
      signingSecret: await secret("STRIPE_WEBHOOK_SIGNING_SECRET"),
      adminKey: await secret("SETTLE_ADMIN_KEY"),
    }),
    ledger: ledgerClient({
      http,
      baseUrl: options["ledger-url"],
      adminKey: await secret("LEDGER_ADMIN_KEY"),
    }),
    stripe: sandboxStripeClient(http, options["stripe-url"], apiKey),
  };
}

/** The story, which may take months, ends now. */
function untilNow(name: StoryName, owners: Owners): StripeAccount {
  const seed = randomInt(SEEDS);
  const play = (now: number) => playStory(name, owners, { random: new Random(seed), now });
  return play(Date.now() - play(0).now);
}

async function deliver(
  clawsettle: Clawsettle,
  events: readonly StripeEventBody[],
  { order, double }: StoryOptions,
): Promise<void> {
  for (const event of arranged(events, order)) {
    const body = JSON.stringify(event);
    const answers = await Promise.all(
      (double ? [body, body] : [body]).map((each) => clawsettle.deliver({ body: each })),
    ).catch((error: unknown) => {
      throw new PlainError(`No answer: ${messageOf(error)}. Does the stack run? \`npm start\` starts it.`);
    });
    for (const answer of answers) {
      const reason = at(answer.body, "reason") ?? at(answer.body, "details", "ledger_code") ?? "";
      console.log(`  ${event.type.padEnd(40)} ${kindOf(answer)} ${String(reason)}`.trimEnd());
    }
  }
}

function arranged(
  events: readonly StripeEventBody[],
  order: StoryOptions["order"],
): readonly StripeEventBody[] {
  if (order === "as-sent") return events;
  if (order === "backwards") return events.toReversed();
  return ordered(events, Math.random);
}

/**
 * Until nothing heals any more. Prints the events by state, and gives the
 * number of those that did not settle.
 */
async function untilHealed(clawsettle: Clawsettle, events: readonly StripeEventBody[]): Promise<number> {
  const states = await pollUntil("the events to heal", HEALING, async () => {
    const found = await Promise.all(events.map(({ id }) => clawsettle.event(id)));
    const isHealing = found.some((event) => {
      if (event === null || event.state === "received" || event.state === "forwarding") return true;
      return event.next_retry_at !== null && event.attempts < ATTEMPTS;
    });
    return isHealing ? null : found.flatMap((event) => event ?? []);
  });
  const counts = Map.groupBy(states, ({ state }) => state);
  console.log(`\nevents: ${[...counts].map(([state, of]) => `${of.length} ${state}`).join(", ")}`);
  const failed = counts.get("failed") ?? [];
  for (const { event_id, event_type, reason, last_error } of failed) {
    console.log(`  ${event_id} ${event_type}: ${reason} ${last_error?.ledger_code ?? ""}`.trimEnd());
  }
  return failed.length;
}

/** Whether each account holds what it must, or an operator is to decide about what it lacks. */
async function compare(
  ledger: Ledger,
  owners: Owners,
  account: StripeAccount,
  name: StoryName,
  failed: number,
): Promise<boolean> {
  const { balances } = expectedBalances(account);
  const lacking = failed > 0 ? (STORIES[name].lacksUntilOperator ?? 0) : 0;
  let isRight = true;
  for (const [owner, id] of Object.entries(owners) as [string, string][]) {
    const wanted = String((balances.get(id)?.get("USD") ?? 0n) - BigInt(owner === "ada" ? lacking : 0));
    const held = String(at((await ledger.account(id)).body, "balances", "available"));
    const isSame = held === wanted;
    isRight &&= isSame;
    const mark = isSame ? paint("green", "✔") : paint("red", "✘");
    console.log(
      `${mark} ${owner} ${id}: must be ${formatMoney(wanted, "USD")}, is ${formatMoney(held, "USD")}`,
    );
  }
  if (lacking !== 0) console.log("The rest is before an operator, as it must be.");
  return isRight;
}
