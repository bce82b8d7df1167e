import { SingleBar } from "cli-progress";
import { clawsettleClient, type Clawsettle } from "./lib/clawsettle.ts";
import { readDevVars } from "./lib/dev-vars.ts";
import { EXIT_FAILED, EXIT_OK, messageOf, PlainError, runMain } from "./lib/failure.ts";
import { httpClient, type HttpClient } from "./lib/http.ts";
import { ledgerClient, newAccount } from "./lib/ledger.ts";
import { shownPath } from "./lib/paths.ts";
import { eventOf } from "./lib/send/event-of.ts";
import { isAccepted, load, summary } from "./lib/send/load.ts";
import { HELP, sendOptions, type SendOptions } from "./lib/send/options.ts";
import type { Envelope } from "./lib/stripe-events.ts";
import type { Money } from "./lib/stripe-objects.ts";

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
    const body = bodies(options, options.account ?? (await accountFor(options, http)));
    return options.times === 1 ? await sendOne(clawsettle, body) : await sendMany(options, clawsettle, body);
  } finally {
    await http.close();
  }
}

async function sendOne(clawsettle: Clawsettle, body: () => string): Promise<number> {
  const answer = await clawsettle.deliver({ body: body() }).catch((error: unknown) => {
    throw new PlainError(`No answer: ${messageOf(error)}. Does the stack run? \`npm start\` starts it.`);
  });
  console.log(`${answer.status} after ${answer.ms.toFixed(0)} ms`);
  console.log(JSON.stringify(answer.body, null, 2));
  return isAccepted(answer) ? EXIT_OK : EXIT_FAILED;
}

async function sendMany(options: SendOptions, clawsettle: Clawsettle, body: () => string): Promise<number> {
  const bar = process.stderr.isTTY
    ? new SingleBar({
        format: "{bar} {value}/{total}  {eta_formatted} left",
        hideCursor: true,
        clearOnComplete: true,
      })
    : null;
  bar?.start(options.times, 0);
  const result = await load({ ...options, onDone: () => bar?.increment() }, () =>
    clawsettle.deliver({ body: body() }),
  );
  bar?.stop();
  console.log(summary(result));
  return result.allAccepted ? EXIT_OK : EXIT_FAILED;
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
