import { clawsettleClient } from "../sandbox/clients/clawsettle.ts";
import { readDevVars, secretOf } from "../sandbox/stack/dev-vars.ts";
import { runCommand } from "../lib/command.ts";
import { EXIT_FAILED, EXIT_OK, messageOf, PlainError } from "../lib/failure.ts";
import { type Answer, at, httpClient, type HttpClient } from "../lib/http.ts";
import { ledgerClient, newAccount } from "../sandbox/clients/ledger.ts";
import { shownPath } from "../lib/paths.ts";
import { sandboxStripeClient, type SandboxStripe } from "../sandbox/clients/sandbox-stripe.ts";
import { eventOf } from "./send/event-of.ts";
import { isAccepted, load, summary } from "./send/load.ts";
import { HELP, OPTIONS, optionsOf, type SendOptions } from "./send/options.ts";
import { listStories, sendStory } from "./send/story.ts";
import type { Money } from "../sandbox/events/stripe-objects.ts";
import { paint, withProgressBar } from "../lib/terminal.ts";

async function send(options: SendOptions): Promise<number> {
  const http = httpClient({ connections: options.concurrency });
  try {
    // What leaves the machine is never signed with a local secret.
    const file = options.remote ? null : options["vars-file"];
    const secret = await secretOf("STRIPE_WEBHOOK_SIGNING_SECRET", file);
    if (secret === null) throw new PlainError(missingSecret(options));
    const clawsettle = clawsettleClient({ http, baseUrl: options.url, signingSecret: secret, adminKey: "" });
    const stripe = await stripeFor(options, http);
    const body = bodies(options, options.account ?? (await accountFor(options, http)));
    if (options.lose) return await lose(options, stripe, body);
    const deliver: Deliver = async (event) => {
      // What Stripe's list lacks is no reason not to deliver.
      await stripe?.know([event]).catch(() => null);
      return clawsettle.deliver({ body: event });
    };
    return options.times === 1 ? await sendOne(deliver, body) : await sendMany(options, deliver, body);
  } finally {
    await http.close();
  }
}

/** The sandbox Stripe lists the event, and clawsettle gets it. */
type Deliver = (event: string) => Promise<Answer>;

async function sendOne(deliver: Deliver, body: () => string): Promise<number> {
  const answer = await deliver(body()).catch((error: unknown) => {
    throw new PlainError(`No answer: ${messageOf(error)}. Does the stack run? \`npm start\` starts it.`);
  });
  console.log(`${answer.status} after ${answer.ms.toFixed(0)} ms`);
  console.log(JSON.stringify(answer.body, null, 2));
  return isAccepted(answer) ? EXIT_OK : EXIT_FAILED;
}

async function sendMany(options: SendOptions, deliver: Deliver, body: () => string): Promise<number> {
  const result = await withProgressBar(options.times, (onDone) =>
    load({ ...options, onDone }, () => deliver(body())),
  );
  console.log(summary(result));
  return result.allAccepted ? EXIT_OK : EXIT_FAILED;
}

/** The sandbox Stripe lists them, and nothing is sent to clawsettle. */
async function lose(options: SendOptions, stripe: SandboxStripe | null, body: () => string): Promise<number> {
  if (stripe === null)
    throw new PlainError("There is no sandbox Stripe to know of it. `npm start` starts one.");
  const events = Array.from({ length: options.times }, body);
  await stripe.know(events);
  const ids = events.map((event) => String(at(JSON.parse(event), "id")));
  console.log(
    `Lost on its way: ${ids.slice(0, 3).join(", ")}${ids.length > 3 ? ` and ${ids.length - 3} more` : ""}.`,
  );
  console.log(
    "Stripe lists it, and clawsettle does not know it: a reconciliation finds it, and delivers it.",
  );
  return EXIT_OK;
}

/**
 * Null when there is none: then Stripe's list and clawsettle's differ, which only a reconciliation notices. A
 * live-mode event is none of the sandbox's, as Stripe never shows one to a test key.
 */
async function stripeFor(options: SendOptions, http: HttpClient): Promise<SandboxStripe | null> {
  if (options.remote || options.livemode) return null;
  // From the file alone: a key in the environment may be one of Stripe itself.
  const apiKey = (await readDevVars(options["vars-file"]))?.["STRIPE_API_KEY"];
  const { origin } = options["stripe-url"];
  if (apiKey === undefined) return without(`No STRIPE_API_KEY in ${shownPath(options["vars-file"])}`);
  const stripe = sandboxStripeClient(http, options["stripe-url"], apiKey);
  try {
    await stripe.know([]);
    return stripe;
  } catch (error) {
    return without(
      error instanceof PlainError ? `${error.message} at ${origin}` : `No sandbox Stripe at ${origin}`,
    );
  }
}

function without(why: string): null {
  console.error(paint("dim", `${why}: it will not list what is sent.`));
  return null;
}

/** Gives the body of the next event; of always the same one when its id was chosen. */
function bodies(options: SendOptions, account: string | null): () => string {
  const { type, livemode, amount, currency, "event-id": id } = options;
  const money: Money = {
    livemode,
    ...(amount !== undefined && { amount }),
    ...(currency !== undefined && { currency }),
    ...(account !== null && { account_id: account }),
  };
  const build = () => JSON.stringify(eventOf(type, money, { livemode, ...(id !== null && { id }) }));
  if (id === null) return build;
  const always = build();
  return () => always;
}

/** An account to pay into, so that a first try shows money arriving. Null when none can be made. */
async function accountFor(options: SendOptions, http: HttpClient): Promise<string | null> {
  if (options.remote)
    throw new PlainError("Name the --account: none is created at a ledger that is not local.");
  const adminKey = await secretOf("LEDGER_ADMIN_KEY", options["vars-file"]);
  try {
    if (adminKey === null) throw new PlainError("LEDGER_ADMIN_KEY is not set");
    const account = await newAccount(
      ledgerClient({ http, baseUrl: options["ledger-url"], adminKey }),
      "send",
    );
    console.error(`Created account ${account} at ${options["ledger-url"].origin}.`);
    return account;
  } catch (error) {
    console.error(
      `No account was created at ${options["ledger-url"].origin} (${messageOf(error)}): the event names none.`,
    );
    return null;
  }
}

function missingSecret({ remote, "vars-file": varsFile }: SendOptions): string {
  const where = remote ? "" : `, or run \`npm start\` once: it makes ${shownPath(varsFile)}`;
  return `STRIPE_WEBHOOK_SIGNING_SECRET is not set. Set it${where}.`;
}

await runCommand({ help: HELP, options: OPTIONS, allowPositionals: true }, async (values, positionals) => {
  if (values.list) return listStories();
  const options = optionsOf(values, positionals);
  return options.story === null ? send(options) : sendStory(options);
});
