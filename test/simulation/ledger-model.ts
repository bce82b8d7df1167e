/**
 * The ledger behind a network. A client gives up after its timeout, or is lost, while its request may go on.
 * Answers become outcomes by the Worker's own reading of them.
 */
import { type LedgerAnswer, outcomeOfAnswer, settlementOfAnswer } from "../../src/ledger/outcome.ts";
import type { LedgerOutcome, LedgerRefusal, SettlementLookup } from "../../src/ledger/port.ts";
import { thaw } from "../../src/settlement/settlement.ts";
import type { Direction } from "../../scripts/sandbox/ledger/contract.ts";
import { type IngestContext, ingestSteps } from "../../scripts/sandbox/ledger/ingest.ts";
import { MemoryStore } from "../../scripts/sandbox/ledger/memory-store.ts";
import type { LedgerFault } from "./fault-plan.ts";
import { answerOfFault, foreignAnswer, type ShortAnswer } from "./ledger-fault-answers.ts";
import { LedgerProcesses, type LedgerReply, type Statements } from "./ledger-processes.ts";
import type { World } from "./world.ts";

/** To the ledger, or to Stripe's API. */
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

/** How a process ends. Without `died`, the client loses its connection then. */
interface Ends {
  readonly finished: (reply: LedgerReply) => void;
  readonly died: (() => void) | undefined;
}

/** What the platform answers for a process that is gone. */
const PLATFORM_ERROR: ShortAnswer = { status: 500, body: "error code: 1101" };
const TIMEOUT: LedgerRefusal = { kind: "unknown", why: "timeout", ledger_status: null };
const CONNECTION_LOST: LedgerRefusal = { kind: "unknown", why: "connection_lost", ledger_status: null };

export class LedgerModel {
  readonly store = new MemoryStore();
  readonly context: IngestContext;
  /** Events that a fault, and not the rules, has refused for good. */
  readonly wronglyRejected = new Set<string>();
  /** The external ids of what operators have repaired: other events of the movement may not know yet. */
  readonly repaired = new Set<string>();
  readonly processes: LedgerProcesses;
  readonly #world: World;
  #ids = 0;

  constructor(world: World) {
    this.#world = world;
    this.processes = new LedgerProcesses(world);
    this.context = {
      now: () => new Date(world.time.now).toISOString(),
      newId: (prefix) => `${prefix}_${++this.#ids}`,
      newHash: () => "0".repeat(64),
      oneBucket: true,
    };
  }

  async ingest(request: LedgerRequest, payload: string, key: string): Promise<LedgerOutcome> {
    this.#world.count("ledger ingests");
    const account = thaw(payload).account_id;
    const statements = () => ingestSteps(this.store, { idempotency_key: key, body: payload }, this.context);
    const answer = await this.#exchange(request, { account, statements });
    return "kind" in answer ? answer : outcomeOfAnswer(answer);
  }

  async findSettlement(
    request: LedgerRequest,
    externalId: string,
    direction: string,
  ): Promise<SettlementLookup> {
    const answer = await this.#exchange(request, this.#read(externalId, direction as Direction));
    return "kind" in answer ? answer : settlementOfAnswer(answer, direction);
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
    const run = (finished: (reply: LedgerReply) => void, died?: () => void) =>
      void time.after(random.whole(1, 200), () => this.#run(exchange, fault, { finished, died }));
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
      case "duplicated": {
        const again = () => exchange.closedAt === null && run(answerWhole);
        return run(again, again);
      }
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

  #run(exchange: Exchange, fault: LedgerFault | null, ends: Ends): void {
    const { request, work, answer } = exchange;
    const { who, what } = request;
    const { random } = this.#world;
    this.processes.run({
      who,
      what,
      account: work.account,
      statements: work.statements(),
      // A gateway that answers instead often does so because it waits no longer.
      stalls: fault === "slow" || fault === "foreign_answer",
      dies: fault === "dies" || (ends.died !== undefined && random.chance(0.5)),
      clientGoneAt: () => exchange.closedAt ?? request.clientLostAt(),
      finished: ends.finished,
      died: ends.died ?? (() => answer(random.chance(0.5) ? CONNECTION_LOST : PLATFORM_ERROR)),
    });
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
}
