import { SingleBar } from "cli-progress";
import { clawsettleClient } from "../sandbox/clients/clawsettle.ts";
import { readDevVars } from "../sandbox/stack/dev-vars.ts";
import { EXIT_FAILED, EXIT_OK, messageOf, PlainError, runMain } from "../lib/failure.ts";
import { type Answer, at, httpClient, type HttpClient } from "../lib/http.ts";
import { ledgerClient, newAccount } from "../sandbox/clients/ledger.ts";
import { shownPath } from "../lib/paths.ts";
import { sandboxStripeClient, type SandboxStripe } from "../sandbox/clients/sandbox-stripe.ts";
import { eventOf } from "./send/event-of.ts";
import { isAccepted, load, summary } from "./send/load.ts";
import { HELP, sendOptions, type SendOptions } from "./send/options.ts";
import type { Envelope } from "../sandbox/events/stripe-events.ts";
import type { Money } from "../sandbox/events/stripe-objects.ts";
import { paint } from "../lib/terminal.ts";

/** In one request. */
const KNOWN_AT_ONCE = 1_000;

async function main(): Promise<number> {
  const options = sendOptions(process.argv.slice(2));
  if (options === null) {
    console.log(HELP);
    return EXIT_OK;
  }
  const http = httpClient({ connections: options.concurrency });
  try {
    const secret = await secretOf(options, "STRIPE_WEBHOOK_SIGNING_SECRET");
    if (secret === null) throw new PlainError(missingSecret(options));
    const clawsettle = clawsettleClient({ http, baseUrl: options.url, signingSecret: secret, adminKey: "" });
    const stripe = await stripeFor(options, http);
    const body = bodies(options, options.account ?? (await accountFor(options, http)));
    if (options.lose) return await lose(options, stripe, body);
    const happens: Happens = async (event) => {
      // What Stripe's list lacks is no reason not to deliver.
      await stripe?.know([event]).catch(() => null);
      return clawsettle.deliver({ body: event });
    };
    return options.times === 1 ? await sendOne(happens, body) : await sendMany(options, happens, body);
  } finally {
    await http.close();
  }
}

/** At Stripe, which delivers it. */
type Happens = (event: string) => Promise<Answer>;

async function sendOne(happens: Happens, body: () => string): Promise<number> {
  const answer = await happens(body()).catch((error: unknown) => {
    throw new PlainError(`No answer: ${messageOf(error)}. Does the stack run? \`npm start\` starts it.`);
  });
  console.log(`${answer.status} after ${answer.ms.toFixed(0)} ms`);
  console.log(JSON.stringify(answer.body, null, 2));
  return isAccepted(answer) ? EXIT_OK : EXIT_FAILED;
}

async function sendMany(options: SendOptions, happens: Happens, body: () => string): Promise<number> {
  const bar = process.stderr.isTTY
    ? new SingleBar({
        format: "{bar} {value}/{total}  {eta_formatted} left",
        hideCursor: true,
        clearOnComplete: true,
      })
    : null;
  bar?.start(options.times, 0);
  const result = await load({ ...options, onDone: () => bar?.increment() }, () => happens(body()));
  bar?.stop();
  console.log(summary(result));
  return result.allAccepted ? EXIT_OK : EXIT_FAILED;
}

/** Stripe has them in its list, and clawsettle has never heard of them. */
async function lose(options: SendOptions, stripe: SandboxStripe | null, body: () => string): Promise<number> {
  if (stripe === null)
    throw new PlainError("There is no sandbox Stripe to know of it. `npm start` starts one.");
  const events = Array.from({ length: options.times }, body);
  for (let from = 0; from < events.length; from += KNOWN_AT_ONCE) {
    await stripe.know(events.slice(from, from + KNOWN_AT_ONCE));
  }
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
 * Null when there is none: then Stripe's list and clawsettle's differ, which only a reconciliation notices. A live-mode event is
 * none of the sandbox's, as Stripe never shows one to a test key.
 */
async function stripeFor(options: SendOptions, http: HttpClient): Promise<SandboxStripe | null> {
  if (options.remote || options.livemode) return null;
  // From the file alone: a key in the environment may be one of Stripe itself.
  const apiKey =
    (await readDevVars(options.varsFile))?.["STRIPE_API_KEY"] ?? process.env["SANDBOX_STRIPE_API_KEY"];
  const { origin } = options.stripeUrl;
  if (apiKey === undefined) return without(`No STRIPE_API_KEY in ${shownPath(options.varsFile)}`);
  const stripe = sandboxStripeClient({ http, baseUrl: options.stripeUrl, apiKey });
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
  const money: Money = {
    livemode: options.livemode,
    ...(options.amount === null ? {} : { amount: options.amount }),
    ...(options.currency === null ? {} : { currency: options.currency }),
    ...(account === null ? {} : { account_id: account }),
  };
  const envelope: Envelope = {
    livemode: options.livemode,
    ...(options.eventId === null ? {} : { id: options.eventId }),
  };
  const build = (): string => JSON.stringify(eventOf(options.type, money, envelope));
  if (options.eventId === null) return build;
  const always = build();
  return () => always;
}

/** An account to pay into, so that a first try shows money arriving. Null when there is nowhere to make one. */
async function accountFor(options: SendOptions, http: HttpClient): Promise<string | null> {
  if (options.remote)
    throw new PlainError("Name the --account: none is created at a ledger that is not local.");
  const adminKey = await secretOf(options, "LEDGER_ADMIN_KEY");
  try {
    if (adminKey === null) throw new PlainError("LEDGER_ADMIN_KEY is not set");
    const account = await newAccount(ledgerClient({ http, baseUrl: options.ledgerUrl, adminKey }), "send");
    console.error(`Created account ${account} at ${options.ledgerUrl.origin}.`);
    return account;
  } catch (error) {
    console.error(
      `No account was created at ${options.ledgerUrl.origin} (${messageOf(error)}): the event names none.`,
    );
    return null;
  }
}

/** From the environment, else from the local file. What leaves the machine is never signed with a local secret. */
async function secretOf(options: SendOptions, name: string): Promise<string | null> {
  const given = process.env[name]?.trim();
  if (given) return given;
  return options.remote ? null : ((await readDevVars(options.varsFile))?.[name] ?? null);
}

function missingSecret({ remote, varsFile }: SendOptions): string {
  const where = remote ? "" : `, or run \`npm start\` once: it makes ${shownPath(varsFile)}`;
  return `STRIPE_WEBHOOK_SIGNING_SECRET is not set. Set it${where}.`;
}

await runMain(main);
