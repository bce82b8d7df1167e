/**
 * The crash drill: the real stack on disk under load, a ledger that fails in every way it knows, and
 * clawsettle killed with `kill -9` again and again. Then everything comes to rest, and a verdict is reached.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../../lib/random.ts";
import type { HistoryEvent } from "../histories/history.ts";
import { type DrillStack, openAccounts, withDrillStack } from "./drill-stack.ts";
import { gatherEvidence } from "./evidence.ts";
import { type DrillPlan, planDrill } from "./plan-drill.ts";
import { type Aim, planRounds, type Round } from "./plan-rounds.ts";
import { untilHealed } from "./until-healed.ts";
import { verdict } from "./verdict/verdict.ts";

export type CrashResult = Awaited<ReturnType<typeof crashDrill>>;

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
/** Sent all at once before a kill that aims at deliveries in flight: else a healthy ledger is too fast. */
const VOLLEY = 20;
const AIM_PATIENCE_MS = 2_500;
const ANSWER_PATIENCE_MS = 10_000;
const AIM_POLL_MS = 5;

export async function crashDrill(
  options: { readonly kills: number; readonly events: number; readonly seed: number },
  say: (line: string) => void,
) {
  const startedAt = performance.now();
  const { seed } = options;
  const random = new Random(seed);
  const plan = planDrill(random, options.events, ACCOUNTS);
  const rounds = planRounds(random, options.kills);
  return withDrillStack({ vars: VARS, sender: { ...SENDER, seed } }, async (drill) => {
    const kills = await playRounds(drill, plan, rounds, random, say);
    say("the faults are over; waiting for what can heal");
    const healed = await untilHealed(drill, plan.events, true);
    say(`at rest after ${healed.seconds.toFixed(1)} s; every event is delivered once more`);
    await drill.sender.stop();
    await drill.sender.resend(plan.events);
    const evidence = await gatherEvidence(drill, plan);
    const seconds = (performance.now() - startedAt) / 1000;
    return { options, kills, healed, evidence, disagreements: verdict(evidence), seconds };
  });
}

async function playRounds(
  drill: DrillStack,
  { events, dids }: DrillPlan,
  rounds: readonly Round[],
  random: Random,
  say: (line: string) => void,
) {
  await openAccounts(drill, dids.slice(LATE_ACCOUNTS));
  const kills = [];
  const releases: Promise<void>[] = [];
  const share = Math.ceil(events.length / (rounds.length + 1));
  for (const [n, round] of rounds.entries()) {
    if (n === Math.floor(rounds.length / 2)) {
      await drill.sandbox.clearFaults();
      await openAccounts(drill, dids.slice(0, LATE_ACCOUNTS));
    }
    const fresh = events.slice(n * share, (n + 1) * share);
    const volley = round.aim === "deliveries in flight" ? fresh.splice(-VOLLEY) : [];
    releases.push(release(drill, fresh));
    const kill = await playRound(drill, round, volley, random);
    kills.push(kill);
    say(
      `kill ${kills.length} of ${rounds.length}: ${kill.aim}, ledger ${kill.ledger}; ` +
        `${kill.inFlight} deliveries in flight; up again after ${(kill.restartMs / 1000).toFixed(1)} s`,
    );
  }
  releases.push(release(drill, events.slice(rounds.length * share)));
  await drill.sandbox.clearFaults();
  await Promise.all(releases);
  return kills;
}

async function release({ sender }: DrillStack, events: readonly HistoryEvent[]): Promise<void> {
  for (const event of events) {
    sender.send(event);
    await sleep(RELEASE_MS / events.length);
  }
}

/** From clawsettle up to clawsettle up again. */
async function playRound(drill: DrillStack, round: Round, volley: readonly HistoryEvent[], random: Random) {
  const { stack, sender, sandbox } = drill;
  await sandbox.clearFaults();
  const faulty = beginFault(drill, round);
  const atRandom = random.whole(0, 300);
  // Else a round on a busy machine could be over before anything was settled.
  const before = sender.answered;
  if (round.aim !== "just restarted")
    await untilTrue(async () => sender.answered > before, ANSWER_PATIENCE_MS);
  await sleep(round.killAfterMs);
  await faulty;
  for (const event of volley) sender.send(event);
  await takeAim(drill, round.aim);
  if (round.aim === "answers held back") await sleep(atRandom);

  const kill = { at: Date.now(), aim: round.aim, ledger: round.ledger, inFlight: sender.inFlight };
  await stack.kill9();
  if (round.clearsWhileDown && round.ledger !== "ledger killed") await sandbox.clearFaults();
  await sleep(round.downMs);
  const restartedAt = performance.now();
  await Promise.all([stack.restart(), round.ledger === "ledger killed" ? stack.restartLedger() : null]);
  return { ...kill, restartMs: performance.now() - restartedAt };
}

async function beginFault({ stack, sandbox }: DrillStack, round: Round): Promise<void> {
  await sleep(Math.min(round.faultAfterMs, round.killAfterMs));
  if (round.ledger === "ledger killed") await stack.killLedger();
  if (round.fault !== null) await sandbox.addFault(round.fault);
}

async function takeAim({ sender, collector }: DrillStack, aim: Aim): Promise<void> {
  const isAt = {
    "any moment": async () => true,
    "just restarted": async () => true,
    "deliveries in flight": async () => sender.inFlight >= IN_FLIGHT_AIM,
    "answers held back": async () => (await collector.read()).some(isHeldBack),
  }[aim];
  await untilTrue(isAt, AIM_PATIENCE_MS);
}

function isHeldBack({ fault, status }: { fault: string | null; status: number | null }): boolean {
  return status === null && (fault === "commit_then_hang" || fault === "slow");
}

/** Not for ever, since there may be no load left to wait for. */
async function untilTrue(isTrue: () => Promise<boolean>, patienceMs: number): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await isTrue()) && performance.now() < deadline) await sleep(AIM_POLL_MS);
}
