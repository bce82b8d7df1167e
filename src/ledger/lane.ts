/**
 * The lane of one ledger account: its settlements go to the ledger one after the other.
 *
 * The ledger loses one of two credits of an account that overlap, without a trace. So a turn begins only when
 * no other request of this account can still be running:
 * - Another turn is under way: wait, in the order of arrival. Waiting is bounded in time and in number; who
 *   would wait longer is told when to come back (`busy`), each with a place of its own in time, so that they
 *   do not come together.
 * - The last turn ended without a clear answer of the ledger's: a request may still be running. The
 *   lane stays closed for a quiet time.
 * - The object was reset in the middle of a turn: nobody knows any more. Before each turn it stores until
 *   when that turn's request could be running, and a new instance stays closed until then. The mark is taken
 *   away once the lane has nothing to do: the object sleeps sooner than a mark expires, and the next payment
 *   would find it closed.
 *
 * What the lane forgets in a reset is only who waited. Each of them is an event whose alarm comes again. A
 * caller that is lost does not stop its turn, and the event's next attempt queues up behind it.
 *
 * A ledger whose credits are atomic needs none of this: with a concurrency above one, turns overlap, and
 * there is neither a quiet time nor a mark.
 *
 * Pure over its ports. Times are epoch milliseconds.
 */
import type { SettleOutcome } from "./port.ts";
import type { SettleRequest } from "./settle.ts";

/** As long as a delivery may wait besides the ledger's own time. */
export const LANE_WAIT_MAX_MS = 5_000;
/** At under a kilobyte each, what waits stays small beside the isolate's 128 MB. */
export const LANE_WAITING_MAX = 500;
/** A guess at a turn's length, until there is one to measure. */
const FIRST_TURN_MS = 100;
/** The weight of the newest turn in the running average. */
const TURN_WEIGHT = 0.2;
/**
 * How soon an idle lane takes its mark away: after the answer, which would wait for
 * the write, and not between two turns.
 */
const UNMARK_AFTER_MS = 50;
/** Nobody is sent away for longer, however many came. */
const RETRY_AFTER_MAX_MS = 3_600_000;

export interface LanePolicy {
  /** Turns at once. */
  readonly concurrency: number;
  /** The longest turn. */
  readonly turnMs: number;
  /** How long a request may go on at the ledger after nobody heard of it. */
  readonly quietMs: number;
}

export interface LanePorts {
  readonly now: () => number;
  /** Calls back once, at that time or later. Returns how to cancel it. */
  readonly at: (time: number, act: () => void) => () => void;
  /** Until when a request of this lane may be running. What is saved is durable before any request leaves. */
  readonly mark: { load(): number | null; save(until: number): void; clear(): void };
  /** Never rejects. */
  readonly settle: (request: SettleRequest, turnMs: number) => Promise<SettleOutcome>;
}

export interface LaneRequest extends SettleRequest {
  /** How long the caller can wait for its turn. */
  readonly wait_ms: number;
}

interface Waiter {
  readonly deadline: number;
  readonly enter: (refusal: Busy | null) => void;
}

type Busy = Extract<SettleOutcome, { kind: "busy" }>;

export class Lane {
  readonly #ports: LanePorts;
  readonly #policy: LanePolicy;
  readonly #isExclusive: boolean;
  #running = 0;
  #waiting: readonly Waiter[] = [];
  #closedUntil: number;
  /** The last place in time that was given to somebody who was sent away. */
  #reservedUntil = 0;
  #averageTurnMs = FIRST_TURN_MS;
  #cancelWake: () => void = () => undefined;

  constructor(ports: LanePorts, policy: LanePolicy) {
    this.#ports = ports;
    this.#policy = policy;
    this.#isExclusive = policy.concurrency === 1;
    this.#closedUntil = (this.#isExclusive ? ports.mark.load() : null) ?? 0;
  }

  async settle({ wait_ms, ...request }: LaneRequest): Promise<SettleOutcome> {
    const refusal = await this.#enter(wait_ms);
    if (refusal !== null) return refusal;
    const { now, mark, settle } = this.#ports;
    const { turnMs, quietMs } = this.#policy;
    const startedAt = now();
    if (this.#isExclusive) mark.save(startedAt + turnMs + quietMs);
    const outcome = await settle(request, turnMs);
    const endedAt = now();
    if (this.#isExclusive && mayStillRun(outcome)) this.#closedUntil = endedAt + quietMs;
    this.#averageTurnMs += TURN_WEIGHT * (endedAt - startedAt - this.#averageTurnMs);
    this.#running--;
    this.#admit();
    if (this.#isExclusive && this.#isIdle(endedAt)) this.#unmarkSoon();
    return outcome;
  }

  /** Nothing runs, nothing waits, and nothing that was lost can be running. */
  #isIdle(now: number): boolean {
    return this.#running === 0 && this.#waiting.length === 0 && now >= this.#closedUntil;
  }

  #unmarkSoon(): void {
    const { now, at, mark } = this.#ports;
    this.#cancelWake = at(now() + UNMARK_AFTER_MS, () => {
      if (this.#isIdle(now())) mark.clear();
    });
  }

  /** Resolves when the turn begins, with null; or with the refusal when it does not in time. */
  #enter(waitMs: number): Promise<Busy | null> {
    const now = this.#ports.now();
    const turn = Promise.withResolvers<Busy | null>();
    if (this.#waiting.length >= LANE_WAITING_MAX || this.#freeAt(now) > now + waitMs)
      turn.resolve(this.#busy(now));
    else {
      this.#waiting = [...this.#waiting, { deadline: now + waitMs, enter: turn.resolve }];
      this.#admit();
    }
    return turn.promise;
  }

  /** Lets in whose turn it is, refuses whose time is up, and comes back for the others. */
  #admit(): void {
    this.#cancelWake();
    const now = this.#ports.now();
    for (const late of this.#waiting.filter(({ deadline }) => deadline < now)) late.enter(this.#busy(now));
    this.#waiting = this.#waiting.filter(({ deadline }) => deadline >= now);
    const opensAt = this.#opensAt(now);
    if (now >= opensAt) this.#letIn();
    if (this.#waiting.length === 0) return;
    const firstDeadline = Math.min(...this.#waiting.map(({ deadline }) => deadline)) + 1;
    const wakeAt = opensAt > now ? Math.min(opensAt, firstDeadline) : firstDeadline;
    this.#cancelWake = this.#ports.at(wakeAt, () => this.#admit());
  }

  #letIn(): void {
    const free = this.#policy.concurrency - this.#running;
    const entering = this.#waiting.slice(0, free);
    this.#waiting = this.#waiting.slice(entering.length);
    this.#running += entering.length;
    for (const { enter } of entering) enter(null);
  }

  /**
   * No request runs for longer than this: what says so was written by a clock that has been set back since.
   */
  #opensAt(now: number): number {
    const { turnMs, quietMs } = this.#policy;
    this.#closedUntil = Math.min(this.#closedUntil, now + turnMs + quietMs);
    return this.#closedUntil;
  }

  /** When a turn would begin for somebody who came now. */
  #freeAt(now: number): number {
    const ahead = Math.max(0, this.#running + this.#waiting.length + 1 - this.#policy.concurrency);
    return Math.max(now, this.#opensAt(now)) + this.#turnsMs(ahead);
  }

  #busy(now: number): Busy {
    const after = Math.max(this.#reservedUntil, this.#freeAt(now)) + this.#turnsMs(1);
    this.#reservedUntil = Math.min(after, now + RETRY_AFTER_MAX_MS);
    return { kind: "busy", retry_after_ms: Math.ceil(this.#reservedUntil - now) };
  }

  #turnsMs(turns: number): number {
    return (turns * this.#averageTurnMs) / this.#policy.concurrency;
  }
}

/**
 * Over is only what the ledger itself has answered, without failing at it. And no effect, where there should
 * be one, may be the trace of an earlier request that is still between two statements.
 */
function mayStillRun(outcome: SettleOutcome): boolean {
  if (outcome.kind === "unavailable")
    return (outcome.ledger_status ?? 500) >= 500 || outcome.ledger_code === null;
  return outcome.kind === "unknown" || outcome.kind === "unproven";
}
