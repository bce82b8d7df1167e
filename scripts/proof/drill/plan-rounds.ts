/** The rounds of a crash drill, from its seed. A round ends with a `kill -9` of clawsettle. Pure. */
import { ordered } from "../../lib/ordered.ts";
import type { Random } from "../../lib/random.ts";
import type { Fault } from "../../sandbox/clients/sandbox-ledger.ts";

/** When the kill comes. Each aims at another thing that must not be lost. */
export type Aim =
  /** Any moment of the round. */
  | "any moment"
  /** While Stripe waits for answers: attempts are under way. */
  | "deliveries in flight"
  /** While the ledger holds back an answer to what it has committed, or is still to commit. */
  | "answers held back"
  /** While the alarms fire that the crash before has left overdue. */
  | "just restarted";

type LedgerState = DrillFault | "healthy" | "ledger killed";

type DrillFault = Exclude<Fault["kind"], "cut_off">;

export type Round = ReturnType<typeof planRound>;

const LEDGER_STATES: readonly LedgerState[] = [
  "commit_then_hang",
  "healthy",
  "down",
  "commit_then_drop",
  "slow",
  "reject",
  "rate_limited",
  "ledger killed",
];

export function planRounds(random: Random, kills: number): Round[] {
  const rounds: Round[] = [];
  while (rounds.length < kills) {
    rounds.push(...ordered(LEDGER_STATES, () => random.next()).map((ledger) => planRound(random, ledger)));
  }
  return rounds.slice(0, kills);
}

function planRound(random: Random, ledger: LedgerState) {
  const holdsBack = ledger === "commit_then_hang" || ledger === "slow";
  const aim: Aim = holdsBack
    ? "answers held back"
    : random.pick<Aim>(["any moment", "deliveries in flight", "deliveries in flight", "just restarted"]);
  return {
    ledger,
    /** Null when the ledger is healthy, or dead. */
    fault: ledger === "healthy" || ledger === "ledger killed" ? null : faultOf(random, ledger),
    faultAfterMs: random.whole(0, 400),
    aim,
    /** From the moment at which clawsettle is up; the aim may wait a little longer. */
    killAfterMs: aim === "just restarted" ? random.whole(0, 500) : random.whole(500, 4_000),
    downMs: random.pick([0, 0, random.whole(0, 2_000)]),
    /** The fault ends while clawsettle is down. Else clawsettle comes back into it. */
    clearsWhileDown: random.chance(0.5),
  };
}

function faultOf(random: Random, kind: DrillFault): Fault {
  switch (kind) {
    case "down":
      return { kind };
    case "rate_limited":
      return { kind, count: random.whole(20, 80), retry_after_seconds: random.whole(1, 2) };
    case "slow":
      return { kind, count: random.whole(20, 60), delay_ms: random.whole(500, 6_000) };
    // Few: each of these an operator must try again.
    case "reject":
      return { kind, count: random.whole(2, 6) };
    case "commit_then_drop":
      return { kind, count: random.whole(10, 40) };
    case "commit_then_hang":
      return { kind, count: random.whole(10, 40), delay_ms: random.whole(4_000, 20_000) };
  }
}
