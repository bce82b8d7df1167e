import { resolve } from "node:path";
import { runCommand } from "../lib/command.ts";
import { EXIT_FAILED, EXIT_OK, messageOf, PlainError, UsageError } from "../lib/failure.ts";
import { httpClient } from "../lib/http.ts";
import {
  DEFAULT_CLAWSETTLE_URL,
  DEFAULT_LEDGER_URL,
  DEFAULT_STRIPE_URL,
  DEV_VARS_FILE,
  shownPath,
} from "../lib/paths.ts";
import { paint } from "../lib/terminal.ts";
import { loadOrCreateDevVars } from "../sandbox/stack/dev-vars.ts";
import { isFree } from "../sandbox/stack/ports.ts";
import { startStack, type Stack } from "../sandbox/stack/stack.ts";
import { stackClients } from "../sandbox/stack/stack-clients.ts";
import { mainJob } from "./start/main-job.ts";
import { HELP, OPTIONS, type StartOptions } from "./start/options.ts";

const MS_PER_SECOND = 1000;

async function start(options: StartOptions): Promise<number> {
  const ports = await freePorts(options);
  const varsFile = resolve(options["vars-file"]);
  const { vars, created, completed } = await loadOrCreateDevVars(varsFile);
  if (created) console.log(paint("dim", `Made ${shownPath(varsFile)} with random local secrets.`));
  if (completed) console.log(paint("dim", `Added a key of the sandbox Stripe to ${shownPath(varsFile)}.`));

  // Listened to before anything is started: a Ctrl-C during start-up must stop that too.
  const interrupted = interruption();
  let echo = false;
  const started = performance.now();
  const stack = await startStack({
    ports,
    persistTo: resolve(options["persist-to"]),
    secrets: vars,
    watch: !options.once,
    cron: true,
    onLogLine: (line) => (echo && line.startsWith("{") ? console.log(paint("dim", line)) : undefined),
  });
  try {
    if (interrupted.aborted) return EXIT_FAILED;
    printWhere(stack, performance.now() - started);
    const died = stack.died.then((message): never => {
      throw new PlainError(message);
    });
    const end = Promise.race([untilAborted(interrupted), died]);
    const lastEventId = await Promise.race([runMainJob(stack, interrupted), end]);
    if (lastEventId === undefined) return EXIT_FAILED;
    if (options.once) return EXIT_OK;
    printNext(varsFile, stack, lastEventId);
    echo = true;
    await end;
    return EXIT_OK;
  } finally {
    echo = false;
    await stack.stop();
  }
}

function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => controller.abort());
  return controller.signal;
}

function untilAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((done) => signal.addEventListener("abort", () => done(undefined)));
}

async function freePorts(options: StartOptions) {
  const { port: clawsettle, "ledger-port": ledger, "stripe-port": stripe } = options;
  if (new Set([clawsettle, ledger, stripe]).size < 3) {
    throw new UsageError("--port, --ledger-port and --stripe-port must differ.");
  }
  const wanted = [
    ["clawsettle", clawsettle, "--port"],
    ["the sandbox ledger", ledger, "--ledger-port"],
    ["the sandbox Stripe", stripe, "--stripe-port"],
  ] as const;
  for (const [name, port, flag] of wanted) {
    if (await isFree(port)) continue;
    throw new PlainError(
      `Port ${port}, meant for ${name}, is in use. Stop what listens there, or choose another with ${flag}.`,
    );
  }
  return { clawsettle, ledger, stripe };
}

/** Gives the id of the last event; undefined when it was interrupted. */
async function runMainJob(stack: Stack, interrupted: AbortSignal): Promise<string | undefined> {
  const http = httpClient();
  try {
    const { steps, lastEventId } = mainJob(stackClients(stack, http));
    for (const [index, { title, sent, run }] of steps.entries()) {
      const head = `${String(index + 1).padStart(2)}  ${title.padEnd(22)} ${sent} ${paint("dim", "→")} `;
      try {
        const cameBack = await run();
        console.log(`${paint("green", "✔")} ${head}${paint("cyan", cameBack)}`);
      } catch (error) {
        // The step failed because everything is being stopped under it.
        if (interrupted.aborted) return undefined;
        console.log(`${paint("red", "✘")} ${head}${paint("red", messageOf(error))}`);
        throw new PlainError(`"${title}" failed. The end of clawsettle's log:\n${await stack.logTail()}`);
      }
    }
    return lastEventId();
  } finally {
    await http.close();
  }
}

function printWhere(stack: Stack, ms: number): void {
  console.log(`${paint("bold", "clawsettle")}  ${stack.clawsettleUrl.origin}`);
  console.log(`${paint("bold", "ledger")}      ${stack.ledgerUrl.origin}  (a sandbox; money is not real)`);
  if (stack.stripeUrl !== null) {
    console.log(`${paint("bold", "stripe")}      ${stack.stripeUrl.origin}  (a sandbox: its list of events)`);
  }
  console.log(paint("dim", `all ready after ${(ms / MS_PER_SECOND).toFixed(1)} s\n`));
}

function printNext(varsFile: string, stack: Stack, lastEventId: string): void {
  const settle = stack.clawsettleUrl.origin;
  const ledger = stack.ledgerUrl.origin;
  const stripe = stack.stripeUrl?.origin ?? DEFAULT_STRIPE_URL;
  const file = shownPath(varsFile);
  const target = [
    settle === DEFAULT_CLAWSETTLE_URL ? "" : ` --url ${settle}`,
    ledger === DEFAULT_LEDGER_URL ? "" : ` --ledger-url ${ledger}`,
    stripe === DEFAULT_STRIPE_URL ? "" : ` --stripe-url ${stripe}`,
    varsFile === DEV_VARS_FILE ? "" : ` --vars-file ${file}`,
  ].join("");
  console.log(`
${paint("bold", "Try next")}, in another terminal:

  # a hundred signed events, ten at a time
  npm run send -- payment_intent.succeeded --times 100 --concurrency 10${target}

  # what can happen at Stripe, in any order, and what the ledger must hold in the end (--list names all stories)
  npm run send -- --story dispute-won --order shuffled --double${target}

  # the last event as an operator sees it; or all of them in a browser, at ${settle}/console, with the same key
  KEY=$(sed -n 's/^SETTLE_ADMIN_KEY=//p' ${file})
  curl -s -H "Authorization: Bearer $KEY" ${settle}/v1/admin/events/${lastEventId}

  # lose a delivery on purpose; then ask Stripe for what is missing (answers the run; see it at ${settle}/console/reconciliations)
  npm run send -- payment_intent.succeeded --lose${target}
  curl -s -H "Authorization: Bearer $KEY" ${settle}/v1/admin/reconciliations \\
    -d '{"from":"'$(date -u +%F)'","to":"'$(date -u +%FT%TZ)'"}'

  # or let Stripe forget to make the event: the same run finds money that nobody reported, and its page offers to book it
  npm run send -- --story payment --forget-event${target}

  # break the ledger for three requests, then send again (also: slow, rate_limited, reject, commit_then_drop)
  LEDGER_KEY=$(sed -n 's/^LEDGER_ADMIN_KEY=//p' ${file})
  curl -s -H "Authorization: Bearer $LEDGER_KEY" ${ledger}/sandbox/faults -d '{"kind":"down","count":3}'

${paint("dim", "clawsettle's log follows. Ctrl-C stops everything.")}
`);
}

await runCommand({ help: HELP, options: OPTIONS }, start);
