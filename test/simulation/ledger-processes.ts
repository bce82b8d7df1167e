/**
 * What runs at the ledger: each request statement by statement, beside the others. A process can stall or die
 * between any two statements, and all die when an outage begins.
 *
 * Assumed of every ledger, since no client could do without it: a request is over soon after nobody waits for
 * it any more, within the lane's quiet time.
 */
import { SECOND } from "../../scripts/lib/durations.ts";
import { STATEMENTS } from "../../scripts/sandbox/ledger/statements.ts";
import type { World } from "./world.ts";

export interface LedgerReply {
  readonly status: number;
  readonly body: object;
}

/** Pauses after each statement, and names it. */
export type Statements = Generator<string, LedgerReply, void>;

export interface ProcessSetup {
  /** The event that it is for. */
  readonly who: string;
  readonly what: string;
  /** Whose balance it may change; null: it only reads. */
  readonly account: string | null;
  readonly statements: Statements;
  readonly stalls: boolean;
  readonly dies: boolean;
  /** Since when nobody waits for it; null while somebody does. */
  readonly clientGoneAt: () => number | null;
  readonly finished: (reply: LedgerReply) => void;
  readonly died: () => void;
}

interface Process extends ProcessSetup {
  /** How many statements are done, and the last of them. */
  done: number;
  last: string;
  readonly diesAfter: number | null;
  readonly stallsAfter: number | null;
}

/** Less than the lane's quiet time, by what clocks and networks are off. */
const OUTLIVES_CLIENT_MS = 9 * SECOND;
/** At each statement, when nobody waits for the request any more. */
const DIES_ALONE = 0.1;
/** No ingest runs more: the last two undo a debit, and of two others each ingest runs one. */
const STATEMENTS_MAX = STATEMENTS.length - 3;
const LONGEST_STALL_MS = 25 * SECOND;

export class LedgerProcesses {
  /** Pairs of requests of one account that ran at once. */
  readonly overlaps: string[] = [];
  readonly #world: World;
  readonly #running = new Set<Process>();

  constructor(world: World) {
    this.#world = world;
    for (const [from] of world.plan.ledger.outages) world.time.at(from, () => this.#killAll());
  }

  run(setup: ProcessSetup): void {
    const { random } = this.#world;
    const process: Process = {
      ...setup,
      done: 0,
      last: "arrival",
      diesAfter: setup.dies ? random.whole(0, STATEMENTS_MAX) : null,
      stallsAfter: setup.stalls ? random.whole(1, STATEMENTS_MAX) : null,
    };
    for (const other of setup.account === null ? [] : this.#of(setup.account)) {
      this.overlaps.push(`${setup.what} and ${other.what}`);
      this.#world.note(setup.who, () => `OVERLAPS ${other.what}`);
    }
    this.#running.add(process);
    this.#step(process);
  }

  isRunning(account: string): boolean {
    return this.#of(account).length > 0;
  }

  #of(account: string): Process[] {
    return [...this.#running].filter((process) => process.account === account && !this.#isExpired(process));
  }

  #step(process: Process): void {
    const { time, random, plan } = this.#world;
    for (;;) {
      if (!this.#running.has(process)) return;
      if (this.#diesNow(process)) return this.#die(process);
      const { value, done } = process.statements.next();
      if (done === true) return this.#finish(process, value);
      process.done++;
      process.last = value;
      const stallMs = process.stallsAfter === process.done ? random.magnitude(SECOND, LONGEST_STALL_MS) : 0;
      const delayMs = stallMs + random.whole(0, plan.ledger.statementMs);
      if (delayMs > 0) return void time.after(delayMs, () => this.#step(process));
    }
  }

  #diesNow(process: Process): boolean {
    if (process.done === process.diesAfter || this.#isExpired(process)) return true;
    return process.clientGoneAt() !== null && this.#world.happens(DIES_ALONE);
  }

  /** Nobody has waited for it for so long that it is over. */
  #isExpired({ clientGoneAt }: Process): boolean {
    return this.#world.time.now > (clientGoneAt() ?? Infinity) + OUTLIVES_CLIENT_MS;
  }

  #finish(process: Process, reply: LedgerReply): void {
    this.#running.delete(process);
    this.#world.note(process.who, () => {
      const code = "code" in reply.body ? ` ${String(reply.body.code)}` : "";
      const event = "event" in reply.body ? ` ${JSON.stringify(reply.body.event)}` : "";
      return `LEDGER ${reply.status}${code}${event}`;
    });
    process.finished(reply);
  }

  #die(process: Process): void {
    this.#running.delete(process);
    this.#world.count(`died after ${process.last}`);
    this.#world.note(process.who, () => `LEDGER dies after ${process.last} of ${process.what}`);
    process.died();
  }

  #killAll(): void {
    for (const process of this.#running) this.#die(process);
  }
}
