/**
 * The outage drill: the ledger is away under load and comes back. How many events waited, how long until none
 * does, and whether the recovering ledger is overrun. clawsettle runs with a deployment's own settings.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../../lib/random.ts";
import type { HistoryEvent } from "../histories/history.ts";
import { type DrillStack, openAccounts, withDrillStack } from "./drill-stack.ts";
import { gatherEvidence } from "./evidence.ts";
import { partsOf, planDrill } from "./plan-drill.ts";
import { untilHealed } from "./until-healed.ts";
import { verdict } from "./verdict/verdict.ts";

/** 503 to everything; no answer in time; nobody listens. */
export const OUTAGES = ["down", "hang", "refuse"] as const;
export type Outage = (typeof OUTAGES)[number];

interface OutageOptions {
  readonly kinds: readonly Outage[];
  readonly seconds: number;
  /** New events a second. */
  readonly rate: number;
  readonly seed: number;
}

export type OutageSpan = OutageResult["spans"][number];
export type OutageResult = Awaited<ReturnType<typeof outageDrill>>;

/** The defaults of a deployment; a local stack would be quicker. */
const VARS = { FORWARDING_RETRY_BASE_SECONDS: "15", FORWARDING_RETRY_MAX_SECONDS: "3600" };
/**
 * Much more impatient than Stripe, whose second delivery comes after minutes: it makes the recovery harder.
 * And with more connections than deliveries can wait for a ledger that says nothing: a queue here would be
 * let loose at its return, and be the stampede.
 */
const SENDER = { firstGapMs: 10_000, longestGapMs: 60_000, connections: 512 };

const ACCOUNTS = 40;
/** So long the load runs with a healthy ledger, before each outage and after. */
const BEFORE_SECONDS = 5;
const AFTER_SECONDS = 30;
/** Longer than clawsettle waits, and not for ever: what was held back is done late, after the retry. */
const HANG_MS = 15_000;

export async function outageDrill(options: OutageOptions, say: (line: string) => void) {
  const startedAt = performance.now();
  const { kinds, seconds, rate, seed } = options;
  const each = (BEFORE_SECONDS + seconds + AFTER_SECONDS) * rate;
  const plan = planDrill(new Random(seed), each * kinds.length, ACCOUNTS);
  const parts = partsOf(plan, kinds.length);
  return withDrillStack({ vars: VARS, sender: { ...SENDER, seed } }, async (drill) => {
    await openAccounts(drill, plan.dids);
    const spans = [];
    for (const [n, kind] of kinds.entries()) {
      const load = sendSteadily(drill, parts[n] ?? [], rate);
      const span = await playOutage(drill, kind, options, load, say);
      const { complete } = await untilHealed(drill, parts.slice(0, n + 1).flat(), false);
      const now = Date.now();
      say(
        `${kind}: ${complete ? "nothing waits any more" : "SOME STILL WAIT"}, ${now - span.until} ms later`,
      );
      // Null: the time was up.
      spans.push({ ...span, atRestAt: complete ? now : null });
    }
    say("every event is delivered once more");
    // What its alarm has forwarded at last, Stripe may not have got an answer for yet.
    await drill.sender.stop();
    await drill.sender.resend(plan.events);
    const evidence = await gatherEvidence(drill, plan);
    const took = (performance.now() - startedAt) / 1000;
    return { options, spans, evidence, disagreements: verdict(evidence), seconds: took };
  });
}

/** Until the ledger is back and the load is over. */
async function playOutage(
  { stack, sandbox }: DrillStack,
  kind: Outage,
  { seconds, rate }: OutageOptions,
  load: Promise<void>,
  say: (line: string) => void,
) {
  await sleep(BEFORE_SECONDS * 1000);
  say(`${kind}: the ledger is away for ${seconds} s, under ${rate} new events a second`);
  const from = Date.now();
  if (kind === "refuse") await stack.killLedger();
  else await sandbox.addFault(kind === "down" ? { kind } : { kind: "slow", delay_ms: HANG_MS });
  await sleep(Math.max(0, from + seconds * 1000 - Date.now()));
  if (kind === "refuse") await stack.restartLedger();
  else await sandbox.clearFaults();
  const until = Date.now();
  say(`${kind}: it is back`);
  await load;
  return { kind, from, until };
}

/** By the clock, so that a slow machine does not make it less. */
async function sendSteadily(
  { sender }: DrillStack,
  events: readonly HistoryEvent[],
  rate: number,
): Promise<void> {
  const startedAt = performance.now();
  for (const [n, event] of events.entries()) {
    await sleep(Math.max(0, startedAt + (n * 1000) / rate - performance.now()));
    sender.send(event);
  }
}
