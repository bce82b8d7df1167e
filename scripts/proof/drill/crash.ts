/**
 * The crash drill: the real stack on disk under load, a ledger that fails in every way it knows, and clawsettle killed
 * with `kill -9` again and again. Then everything comes to rest, and a verdict is reached.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../../lib/random.ts";
import type { ToldEvent } from "../histories/history.ts";
import { type Evidence, gather } from "./evidence.ts";
import type { Disagreement } from "./judge/complaint.ts";
import { judge } from "./judge/judge.ts";
import { type Aim, planRounds, type Round, type Weather } from "./plan.ts";
import { settle, type Settled } from "./settle.ts";
import { setStage, type Stage, whileAlive } from "./drill-stack.ts";
import { type DrillStory, tellDrill } from "./plan-histories.ts";

export interface CrashOptions {
  readonly kills: number;
  readonly events: number;
  readonly seed: number;
}

export interface Kill {
  readonly at: number;
  readonly aim: Aim;
  readonly weather: Weather;
  readonly inFlight: number;
  readonly restartMs: number;
}

export interface CrashResult {
  readonly options: CrashOptions;
  readonly kills: readonly Kill[];
  readonly settled: Settled;
  readonly evidence: Evidence;
  readonly disagreements: readonly Disagreement[];
  readonly seconds: number;
}

/** Short, so that days of retries pass in minutes. The proportions are those of a deployment. */
const VARS = {
  LEDGER_TIMEOUT_MS: "3000",
  FORWARDING_RETRY_BASE_SECONDS: "2",
  FORWARDING_RETRY_MAX_SECONDS: "60",
};
const SENDER = { firstGapMs: 5_000, longestGapMs: 60_000, connections: 64 };

const ACCOUNTS = 40;
/** These are opened when half of the kills are over: until then their money has nowhere to go. */
const LATE_ACCOUNTS = 6;

/** Over this time a round's events are first delivered, whether or not clawsettle is up. */
const RELEASE_MS = 5_000;
const IN_FLIGHT_AIM = 5;
/** Told all at once, for the kill that aims at deliveries in flight: a ledger that is well answers faster than they come else. */
const VOLLEY = 20;
const AIM_PATIENCE_MS = 2_500;
const ANSWER_PATIENCE_MS = 10_000;
const AIM_POLL_MS = 5;
const SETTLE_TIMEOUT_MS = 240_000;

export async function crashDrill(options: CrashOptions, say: (line: string) => void): Promise<CrashResult> {
  const startedAt = performance.now();
  const random = new Random(options.seed);
  const story = tellDrill(random, options.events, ACCOUNTS);
  const rounds = planRounds(random, options.kills);
  const stage = await setStage(VARS, { ...SENDER, seed: options.seed });
  try {
    return await whileAlive(stage, play(stage, { options, story, rounds, random, startedAt, say }));
  } finally {
    await stage.stripe.giveUp();
    await stage.close();
  }
}

interface Script {
  readonly options: CrashOptions;
  readonly story: DrillStory;
  readonly rounds: readonly Round[];
  readonly random: Random;
  readonly startedAt: number;
  readonly say: (line: string) => void;
}

async function play(stage: Stage, script: Script): Promise<CrashResult> {
  const { options, story, rounds, startedAt, say } = script;
  const { events, dids } = story;
  await stage.openAccounts(dids.slice(LATE_ACCOUNTS));
  const kills: Kill[] = [];
  const releases: Promise<void>[] = [];
  const share = Math.ceil(events.length / (rounds.length + 1));
  for (const [n, round] of rounds.entries()) {
    if (n === Math.floor(rounds.length / 2)) {
      await stage.sandbox.clearFaults();
      await stage.openAccounts(dids.slice(0, LATE_ACCOUNTS));
    }
    const fresh = events.slice(n * share, (n + 1) * share);
    const volley = round.aim === "deliveries in flight" ? fresh.splice(-VOLLEY) : [];
    releases.push(release(stage, fresh));
    const kill = await playRound(stage, round, volley, script.random);
    kills.push(kill);
    say(
      `kill ${kills.length} of ${rounds.length}: ${kill.aim}, ledger ${kill.weather}; ` +
        `${kill.inFlight} deliveries in flight; up again after ${(kill.restartMs / 1000).toFixed(1)} s`,
    );
  }
  releases.push(release(stage, events.slice(rounds.length * share)));
  await stage.sandbox.clearFaults();
  await Promise.all(releases);
  say("the storm is over; waiting for what can heal");
  const settled = await settle(stage.operator, events, SETTLE_TIMEOUT_MS, true);
  say(`at rest after ${settled.seconds.toFixed(1)} s; every event is delivered once more`);
  await stage.stripe.endWithAll(events);
  const evidence = await gather(stage, story, dids);
  const seconds = (performance.now() - startedAt) / 1000;
  return { options, kills, settled, evidence, disagreements: judge(evidence), seconds };
}

async function release({ stripe }: Stage, events: readonly ToldEvent[]): Promise<void> {
  for (const event of events) {
    stripe.tell(event);
    await sleep(RELEASE_MS / events.length);
  }
}

/** From clawsettle up to clawsettle up again. */
async function playRound(
  stage: Stage,
  round: Round,
  volley: readonly ToldEvent[],
  random: Random,
): Promise<Kill> {
  const { stack } = stage.temp;
  await stage.sandbox.clearFaults();
  const weather = changeWeather(stage, round);
  const atRandom = random.whole(0, 300);
  // On a busy machine a round would else be over before anything was settled, and kills would meet no progress.
  if (round.aim !== "just restarted") await untilAnswered(stage);
  await sleep(round.killAfterMs);
  await weather;
  for (const event of volley) stage.stripe.tell(event);
  await takeAim(stage, round.aim);
  if (round.aim === "answers held back") await sleep(atRandom);

  const kill = { at: Date.now(), aim: round.aim, weather: round.weather, inFlight: stage.stripe.inFlight };
  await stack.kill9();
  if (round.clearsWhileDown && round.weather !== "ledger killed") await stage.sandbox.clearFaults();
  await sleep(round.downMs);
  const restartedAt = performance.now();
  await Promise.all([stack.restart(), round.weather === "ledger killed" ? stack.restartLedger() : null]);
  return { ...kill, restartMs: performance.now() - restartedAt };
}

async function untilAnswered({ stripe }: Stage): Promise<void> {
  const before = stripe.answered;
  const deadline = performance.now() + ANSWER_PATIENCE_MS;
  while (stripe.answered === before && performance.now() < deadline) await sleep(AIM_POLL_MS);
}

async function changeWeather({ temp, sandbox }: Stage, round: Round): Promise<void> {
  await sleep(Math.min(round.weatherAfterMs, round.killAfterMs));
  if (round.weather === "ledger killed") await temp.stack.killLedger();
  if (round.fault !== null) await sandbox.addFault(round.fault);
}

/** Waits for the moment that the aim is at; not for ever, since there may be no load left to wait for. */
async function takeAim(stage: Stage, aim: Aim): Promise<void> {
  const isAt = {
    "any moment": async () => true,
    "just restarted": async () => true,
    "deliveries in flight": async () => stage.stripe.inFlight >= IN_FLIGHT_AIM,
    "answers held back": async () => (await stage.collector.read()).some(isHeldBack),
  }[aim];
  const deadline = performance.now() + AIM_PATIENCE_MS;
  while (!(await isAt()) && performance.now() < deadline) await sleep(AIM_POLL_MS);
}

function isHeldBack({ fault, status }: { fault: string | null; status: number | null }): boolean {
  return status === null && (fault === "commit_then_hang" || fault === "slow");
}
