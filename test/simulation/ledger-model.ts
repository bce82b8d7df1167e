/**
 * The ledger behind a network. Its requests run statement by statement, beside each other; each can stall or die between
 * any two, and all die when an outage begins. The client gives up after its timeout, or is lost, while a request may go
 * on. Answers become outcomes by the Worker's own reading of them.
 *
 * Assumed of every ledger, since no client could do without it: a request is over soon after nobody waits for it any
 * more, within the lane's quiet time.
 */
import {
  accountOfAnswer,
  type LedgerAnswer,
  outcomeOfAnswer,
  settlementOfAnswer,
} from "../../src/ledger/outcome.ts";
import type { AccountLookup, LedgerOutcome, LedgerRefusal, SettlementLookup } from "../../src/ledger/port.ts";
import { thaw } from "../../src/settlement/settlement.ts";
import { SECOND } from "../../scripts/lib/durations.ts";
import type { Direction } from "../../scripts/sandbox/ledger/contract.ts";
import { type IngestContext, ingestSteps } from "../../scripts/sandbox/ledger/ingest.ts";
import { MemoryStore } from "../../scripts/sandbox/ledger/memory-store.ts";
import { STATEMENTS } from "../../scripts/sandbox/ledger/statements.ts";
import type { LedgerFault } from "./fault-plan.ts";
import { answerOfFault, foreignAnswer, type ShortAnswer } from "./ledger-fault-answers.ts";
import type { World } from "./world.ts";

export interface LedgerRequest {
  /** The event that it is for. */
  readonly who: string;
  readonly what: string;
  /** Passes when the platform lets the request out. */
  readonly gate: Promise<void>;
  readonly timeoutMs: number;
  /** When the instance that waits for the answer was lost; null while it lives. */
  readonly clientLostAt: () => number | null;
  /** Called at the moment when the request leaves the object. */
  readonly leaves: () => void;
}

/** Less than the lane's quiet time, by what clocks and networks are off. */
const OUTLIVES_CLIENT_MS = 9 * SECOND;
/** At each statement, when nobody waits for the request any more. */
const DIES_ALONE = 0.1;
/** No ingest runs more: the last two undo a debit, and of two others each ingest runs one. */
const STATEMENTS_MAX = STATEMENTS.length - 3;
const LONGEST_STALL_MS = 25 * SECOND;

const TIMEOUT: LedgerRefusal = { kind: "unknown", why: "timeout", ledger_status: null };
const CONNECTION_LOST: LedgerRefusal = { kind: "unknown", why: "connection_lost", ledger_status: null };

export class LedgerModel {
  readonly store = new MemoryStore();
  readonly context: IngestContext;
  /** Events that a fault, and not the rules, has refused for good. */
  readonly wronglyRejected = new Set<string>();
  /** The external ids of what operators have repaired: other events of the movement may not know yet. */
  readonly repaired = new Set<string>();
  /** Pairs of requests of one account that ran at once. */
  readonly overlaps: string[] = [];
  readonly #world: World;
  readonly #running = new Set<Run>();
  #ids = 0;

  constructor(world: World) {
    this.#world = world;
    this.context = {
      now: () => new Date(world.time.now).toISOString(),
      newId: (prefix) => `${prefix}_${++this.#ids}`,
      newHash: () => "0".repeat(64),
      oneBucket: true,
    };
    for (const [from] of world.plan.ledger.outages) world.time.at(from, () => this.#killAll());
  }

  async ingest(request: LedgerRequest, payload: string, key: string): Promise<LedgerOutcome> {
    this.#world.count("ledger ingests");
    const account = thaw(payload).account_id;
    const statements = () => ingestSteps(this.store, { idempotency_key: key, body: payload }, this.context);
    const answer = await this.#exchange(request, { account, statements });
    return "kind" in answer ? answer : outcomeOfAnswer(answer);
  }

  async findPayinAccount(request: LedgerRequest, paymentIntent: string): Promise<AccountLookup> {
    const answer = await this.#exchange(request, this.#read(paymentIntent, "payin"));
    return "kind" in answer ? answer : accountOfAnswer(answer);
  }

  async findSettlement(
    request: LedgerRequest,
    externalId: string,
    direction: Direction,
  ): Promise<SettlementLookup> {
    const answer = await this.#exchange(request, this.#read(externalId, direction));
    return "kind" in answer ? answer : settlementOfAnswer(answer, direction);
  }

  isRunning(account: string): boolean {
    return this.#runsOf(account).length > 0;
  }

  #runsOf(account: string): Run[] {
    return [...this.#running].filter((run) => run.account === account && !this.#isExpired(run.exchange));
  }

  #read(external_payment_id: string, direction: Direction): Work {
    const { store } = this;
    function* statements(): Statements {
      const settlement = store.findSettlement({ external_payment_id, direction });
      yield "find_settlement";
      return settlement === undefined
        ? { status: 404, body: { error: "none", code: "NOT_FOUND" } }
        : { status: 200, body: { settlements: [settlement] } };
    }
    return { account: null, statements };
  }

  #exchange(request: LedgerRequest, work: Work): Promise<LedgerAnswer | LedgerRefusal> {
    const { time, random } = this.#world;
    return new Promise((resolve) => {
      const exchange: Exchange = { request, work, closedAt: null, answer: answerSoon };
      function close(end: LedgerAnswer | LedgerRefusal) {
        if (exchange.closedAt !== null) return;
        exchange.closedAt = time.now;
        deadline.canceled = true;
        resolve(end);
      }
      const deadline = time.after(request.timeoutMs, () => close(TIMEOUT));
      function answerSoon(short: ShortAnswer | LedgerRefusal) {
        time.after(random.whole(1, 150), () =>
          close("kind" in short ? short : { retryAfter: null, nowMs: time.now, ...short }),
        );
      }
      const send = async () => {
        await request.gate;
        if (exchange.closedAt === null) this.#send(exchange);
      };
      void send();
    });
  }

  #send(exchange: Exchange): void {
    const { request, answer } = exchange;
    const { random, time } = this.#world;
    request.leaves();
    const fault = this.#fault();
    this.#world.note(request.who, () => `→ ledger: ${request.what}${fault === null ? "" : ` (${fault})`}`);
    const answerWhole = ({ status, body }: LedgerReply) => answer({ status, body: JSON.stringify(body) });
    const run = (finished: (reply: LedgerReply) => void) =>
      void time.after(random.whole(1, 200), () => this.#run(exchange, fault, finished));
    switch (fault) {
      case null:
      case "slow":
      case "dies":
        return run(answerWhole);
      case "silence_after_commit":
        return run(() => undefined);
      case "answer_cut_off":
        return run(({ status, body }) =>
          answer({ status, body: random.chance(0.5) ? null : JSON.stringify(body).slice(0, 20) }),
        );
      case "duplicated":
        return run(() => exchange.closedAt === null && run(answerWhole));
      case "foreign_answer":
        answer(foreignAnswer(random, time.now));
        return random.chance(0.5) ? run(() => undefined) : undefined;
      case "refused_connection":
        return answer(CONNECTION_LOST);
      default:
        if (fault === "rejected") this.wronglyRejected.add(request.who);
        return answer(answerOfFault(fault, random, time.now));
    }
  }

  /** One process at the ledger. `finished` is not called when it dies: the client loses its connection. */
  #run(exchange: Exchange, fault: LedgerFault | null, finished: (reply: LedgerReply) => void): void {
    const { random, plan } = this.#world;
    const { account, statements } = exchange.work;
    const run: Run = {
      account,
      exchange,
      statements: statements(),
      done: 0,
      last: "arrival",
      gapMs: plan.ledger.statementMs,
      diesAfter: fault === "dies" ? random.whole(0, STATEMENTS_MAX) : null,
      // A gateway that answers instead often does so because it waits no longer.
      stall: fault === "slow" || fault === "foreign_answer" ? this.#stall() : null,
      finished,
    };
    for (const other of account === null ? [] : this.#runsOf(account)) {
      this.overlaps.push(`${exchange.request.what} and ${other.exchange.request.what}`);
      this.#world.note(exchange.request.who, () => `OVERLAPS ${other.exchange.request.what}`);
    }
    this.#running.add(run);
    this.#step(run);
  }

  #stall(): Run["stall"] {
    const { random } = this.#world;
    return [random.whole(1, STATEMENTS_MAX), random.magnitude(SECOND, LONGEST_STALL_MS)];
  }

  #step(run: Run): void {
    const { time, random } = this.#world;
    for (;;) {
      if (!this.#running.has(run)) return;
      const givenUp = this.#isAlone(run.exchange) && this.#world.happens(DIES_ALONE);
      if (run.done === run.diesAfter || givenUp || this.#isExpired(run.exchange)) return this.#die(run);
      const { value, done } = run.statements.next();
      if (done === true) {
        this.#running.delete(run);
        this.#note(run, value);
        return run.finished(value);
      }
      run.done++;
      run.last = value;
      const stallMs = run.stall?.[0] === run.done ? run.stall[1] : 0;
      const delayMs = stallMs + (run.gapMs === 0 ? 0 : random.whole(0, run.gapMs));
      if (delayMs > 0) return void time.after(delayMs, () => this.#step(run));
    }
  }

  /** Nobody has waited for it for so long that it is over. */
  #isExpired({ closedAt, request }: Exchange): boolean {
    const aloneSince = Math.min(closedAt ?? Infinity, request.clientLostAt() ?? Infinity);
    return this.#world.time.now > aloneSince + OUTLIVES_CLIENT_MS;
  }

  #isAlone({ closedAt, request }: Exchange): boolean {
    return closedAt !== null || request.clientLostAt() !== null;
  }

  #die(run: Run): void {
    this.#running.delete(run);
    const { request, answer } = run.exchange;
    this.#world.count(`died after ${run.last}`);
    this.#world.note(request.who, () => `LEDGER dies after ${run.last} of ${request.what}`);
    answer(this.#world.random.chance(0.5) ? CONNECTION_LOST : { status: 500, body: "error code: 1101" });
  }

  #killAll(): void {
    for (const run of this.#running) this.#die(run);
  }

  #fault(): LedgerFault | null {
    const { plan, random } = this.#world;
    if (this.#world.isIn(plan.ledger.outages)) {
      this.#world.count("fault: ledger outage");
      return random.pick(["down", "refused_connection", "foreign_answer", "rate_limited"]);
    }
    const fault = plan.ledger.faults.find(([name, rate]) => this.#world.happens(rate, `ledger ${name}`));
    return fault === undefined ? null : fault[0];
  }

  #note({ exchange }: Run, { status, body }: LedgerReply): void {
    this.#world.note(exchange.request.who, () => {
      const code = "code" in body ? ` ${String(body.code)}` : "";
      const event = "event" in body ? ` ${JSON.stringify(body.event)}` : "";
      return `LEDGER ${status}${code}${event}`;
    });
  }
}

interface LedgerReply {
  readonly status: number;
  readonly body: object;
}

/** Pauses after each statement, and names it. */
type Statements = Generator<string, LedgerReply, void>;

interface Work {
  /** Whose balance it may change; null: it only reads. */
  readonly account: string | null;
  readonly statements: () => Statements;
}

/** One request, as its client sees it. */
interface Exchange {
  readonly request: LedgerRequest;
  readonly work: Work;
  /** When the client stopped waiting, with an answer or without; null while it waits. */
  closedAt: number | null;
  readonly answer: (answer: ShortAnswer | LedgerRefusal) => void;
}

/** The same request, as the ledger works at it. */
interface Run {
  readonly account: string | null;
  readonly exchange: Exchange;
  readonly statements: Statements;
  /** How many statements are done, and the last of them. */
  done: number;
  last: string;
  readonly gapMs: number;
  readonly diesAfter: number | null;
  readonly stall: readonly [after: number, ms: number] | null;
  readonly finished: (reply: LedgerReply) => void;
}
