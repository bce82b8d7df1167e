/**
 * The outage drill: the ledger is away under load and comes back. How many events waited, how long until none does,
 * and whether the recovering ledger is overrun. clawsettle runs with a deployment's own settings.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../../lib/random.ts";
import type { ToldEvent } from "../histories/history.ts";
import { type Evidence, gather } from "./evidence.ts";
import type { Disagreement } from "./judge/complaint.ts";
import { judge } from "./judge/judge.ts";
import { settle } from "./settle.ts";
import { setStage, type Stage, whileAlive } from "./drill-stack.ts";
import { partsOf, tellDrill } from "./plan-histories.ts";

/** 503 to everything; no answer in time; nobody listens. */
export const OUTAGES = ["down", "hang", "refuse"] as const;
export type Outage = (typeof OUTAGES)[number];

export interface OutageOptions {
  readonly kinds: readonly Outage[];
  readonly seconds: number;
  /** New events a second. */
  readonly rate: number;
  readonly seed: number;
}

export interface OutageSpan {
  readonly kind: Outage;
  readonly from: number;
  readonly until: number;
  /** When nothing waited any more; null: the time was up. */
  readonly atRestAt: number | null;
}

export interface OutageResult {
  readonly options: OutageOptions;
  readonly spans: readonly OutageSpan[];
  readonly evidence: Evidence;
  readonly disagreements: readonly Disagreement[];
  readonly seconds: number;
}

/** The defaults of a deployment; a local stack would be quicker. */
const VARS = { FORWARDING_RETRY_BASE_SECONDS: "15", FORWARDING_RETRY_MAX_SECONDS: "3600" };
/**
 * Much more impatient than Stripe, whose second delivery comes after minutes: it makes the recovery harder. And with more connections
 * than deliveries can wait for a ledger that says nothing: a queue here would be let loose at its return, and be the stampede.
 */
const SENDER = { firstGapMs: 10_000, longestGapMs: 60_000, connections: 512 };

const ACCOUNTS = 40;
/** So long the load runs with a well ledger, before each outage and after. */
const BEFORE_SECONDS = 5;
const AFTER_SECONDS = 30;
/** Longer than clawsettle waits, and not for ever: what was held back is done late, behind the retry's back. */
const HANG_MS = 15_000;
const SETTLE_TIMEOUT_MS = 240_000;

export async function outageDrill(
  options: OutageOptions,
  say: (line: string) => void,
): Promise<OutageResult> {
  const startedAt = performance.now();
  const { kinds, seconds, rate, seed } = options;
  const each = (BEFORE_SECONDS + seconds + AFTER_SECONDS) * rate;
  const story = tellDrill(new Random(seed), each * kinds.length, ACCOUNTS);
  const parts = partsOf(story, kinds.length);
  const stage = await setStage(VARS, { ...SENDER, seed });
  const play = async (): Promise<OutageResult> => {
    await stage.openAccounts(story.dids);
    const spans: OutageSpan[] = [];
    for (const [n, kind] of kinds.entries()) {
      const part = parts[n] ?? [];
      const before = parts.slice(0, n).flat();
      spans.push(await playOutage(stage, kind, options, { part, before, say }));
    }
    say("every event is delivered once more");
    // What its alarm has forwarded at last, Stripe may not have been told yet.
    await stage.stripe.endWithAll(story.events);
    const evidence = await gather(stage, story, story.dids);
    const took = (performance.now() - startedAt) / 1000;
    return { options, spans, evidence, disagreements: judge(evidence), seconds: took };
  };
  try {
    return await whileAlive(stage, play());
  } finally {
    await stage.stripe.giveUp();
    await stage.close();
  }
}

interface Load {
  readonly part: readonly ToldEvent[];
  /** Told in the outages before. */
  readonly before: readonly ToldEvent[];
  readonly say: (line: string) => void;
}

async function playOutage(
  stage: Stage,
  kind: Outage,
  { seconds, rate }: OutageOptions,
  { part, before, say }: Load,
): Promise<OutageSpan> {
  const load = tellSteadily(stage, part, rate);
  await sleep(BEFORE_SECONDS * 1000);
  say(`${kind}: the ledger is away for ${seconds} s, under ${rate} new events a second`);
  const from = Date.now();
  await goAway(stage, kind);
  await sleep(Math.max(0, from + seconds * 1000 - Date.now()));
  await comeBack(stage, kind);
  const until = Date.now();
  say(`${kind}: it is back`);
  await load;
  const { complete } = await settle(stage.operator, [...before, ...part], SETTLE_TIMEOUT_MS, false);
  const atRestAt = complete ? Date.now() : null;
  say(`${kind}: ${complete ? "nothing waits any more" : "SOME STILL WAIT"}, ${Date.now() - until} ms later`);
  return { kind, from, until, atRestAt };
}

/** By the clock, so that a slow machine does not make it less. */
async function tellSteadily({ stripe }: Stage, events: readonly ToldEvent[], rate: number): Promise<void> {
  const startedAt = performance.now();
  for (const [n, event] of events.entries()) {
    await sleep(Math.max(0, startedAt + (n * 1000) / rate - performance.now()));
    stripe.tell(event);
  }
}

async function goAway({ temp, sandbox }: Stage, kind: Outage): Promise<void> {
  if (kind === "refuse") await temp.stack.killLedger();
  else await sandbox.addFault(kind === "down" ? { kind } : { kind: "slow", delay_ms: HANG_MS });
}

async function comeBack({ temp, sandbox }: Stage, kind: Outage): Promise<void> {
  if (kind === "refuse") await temp.stack.restartLedger();
  else await sandbox.clearFaults();
}
