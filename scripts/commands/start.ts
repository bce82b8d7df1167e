import { loadOrCreateDevVars } from "../sandbox/stack/dev-vars.ts";
import { EXIT_FAILED, EXIT_OK, messageOf, PlainError, runMain } from "../lib/failure.ts";
import { httpClient } from "../lib/http.ts";
import {
  DEFAULT_CLAWSETTLE_URL,
  DEFAULT_LEDGER_URL,
  DEFAULT_STRIPE_URL,
  DEV_VARS_FILE,
  shownPath,
} from "../lib/paths.ts";
import { paint } from "../lib/terminal.ts";
import { HELP, startOptions, type StartOptions } from "./start/options.ts";
import { isFree } from "../sandbox/stack/ports.ts";
import { startStack, type Stack } from "../sandbox/stack/stack.ts";
import { story, type Ending } from "./start/main-job.ts";

const MS_PER_SECOND = 1000;

async function main(): Promise<number> {
  const options = startOptions(process.argv.slice(2));
  if (options === null) {
    console.log(HELP);
    return EXIT_OK;
  }
  await refuseTakenPorts(options);
  const { vars, created, completed } = await loadOrCreateDevVars(options.varsFile);
  if (created) console.log(paint("dim", `Made ${shownPath(options.varsFile)} with random local secrets.`));
  if (completed)
    console.log(paint("dim", `Added a key of the sandbox Stripe to ${shownPath(options.varsFile)}.`));

  // Listened to before anything is started: a Ctrl-C during start-up must stop that too.
  const interrupted = interruption();
  let echo = false;
  const started = performance.now();
  const stack = await startStack({
    ports: options.ports,
    persistTo: options.persistTo,
    secrets: vars,
    watch: !options.once,
    cron: true,
    onLogLine: (line) => (echo && line.startsWith("{") ? console.log(paint("dim", line)) : undefined),
  });
  try {
    if (interrupted.aborted) return EXIT_FAILED;
    printWhere(stack, performance.now() - started);
    const end = Promise.race([untilAborted(interrupted), death(stack)]);
    const ending = await Promise.race([play(stack, interrupted), end]);
    if (ending === undefined) return EXIT_FAILED;
    if (options.once) return EXIT_OK;
    printNext(options, stack, ending);
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
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined)));
}

async function death(stack: Stack): Promise<never> {
  throw new PlainError(await stack.died);
}

async function refuseTakenPorts({ ports }: StartOptions): Promise<void> {
  const wanted = [
    { name: "clawsettle", port: ports.clawsettle, flag: "--port" },
    { name: "the sandbox ledger", port: ports.ledger, flag: "--ledger-port" },
    { name: "the sandbox Stripe", port: ports.stripe, flag: "--stripe-port" },
  ];
  for (const { name, port, flag } of wanted) {
    if (await isFree(port)) continue;
    throw new PlainError(
      `Port ${port}, meant for ${name}, is in use. Stop what listens there, or choose another with ${flag}.`,
    );
  }
}

async function play(stack: Stack, interrupted: AbortSignal): Promise<Ending | undefined> {
  const http = httpClient();
  try {
    const { scenes, ending } = story(stack, http);
    for (const [index, { title, sent, play: playScene }] of scenes.entries()) {
      const head = `${String(index + 1).padStart(2)}  ${title.padEnd(22)} ${sent} ${paint("dim", "→")} `;
      try {
        const cameBack = await playScene();
        console.log(`${paint("green", "✔")} ${head}${paint("cyan", cameBack)}`);
      } catch (error) {
        // The scene failed because everything is being stopped under it.
        if (interrupted.aborted) return undefined;
        console.log(`${paint("red", "✘")} ${head}${paint("red", messageOf(error))}`);
        throw new PlainError(`"${title}" failed. The end of clawsettle's log:\n${await stack.logTail()}`);
      }
    }
    return ending;
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

function printNext({ varsFile }: StartOptions, stack: Stack, ending: Ending): void {
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

  # the last event as an operator sees it; or all of them in a browser, at ${settle}/console, with the same key
  KEY=$(sed -n 's/^SETTLE_ADMIN_KEY=//p' ${file})
  curl -s -H "Authorization: Bearer $KEY" ${settle}/v1/admin/events/${ending.eventId}

  # lose a delivery on purpose; then ask Stripe for what is missing (answers the run; see it at ${settle}/console/reconciliations)
  npm run send -- payment_intent.succeeded --lose${target}
  curl -s -H "Authorization: Bearer $KEY" ${settle}/v1/admin/reconciliations \\
    -d '{"from":"'$(date -u +%F)'","to":"'$(date -u +%FT%TZ)'"}'

  # break the ledger for three requests, then send again (also: slow, rate_limited, reject, commit_then_drop)
  LEDGER_KEY=$(sed -n 's/^LEDGER_ADMIN_KEY=//p' ${file})
  curl -s -H "Authorization: Bearer $LEDGER_KEY" ${ledger}/sandbox/faults -d '{"kind":"down","count":3}'

${paint("dim", "clawsettle's log follows. Ctrl-C stops everything.")}
`);
}

await runMain(main);
