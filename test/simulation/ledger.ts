/**
 * The ledger: the sandbox ledger's own rules and books, behind a network that loses, delays and repeats, and behind a
 * client that gives up after the timeout while the ledger may still be at it. Answers become outcomes by the Worker's
 * own reading of them.
 */
import { MemoryStore } from "../../scripts/sandbox/ledger/memory-store.ts";
import { ingest } from "../../scripts/sandbox/ledger/ingest.ts";
import { accountOfAnswer, type LedgerAnswer, outcomeOfAnswer } from "../../src/ledger/outcome.ts";
import type { AccountLookup, LedgerOutcome, LedgerRefusal } from "../../src/ledger/port.ts";
import { DAY, SECOND } from "../../scripts/lib/durations.ts";
import { type LedgerFault } from "./faults.ts";
import { POLICY, type World } from "./world.ts";

interface Handled {
  readonly status: number;
  readonly body: unknown;
}

export interface LedgerRequest {
  readonly who: string;
  readonly what: string;
  /** Passes when the platform lets the request out. */
  readonly gate: Promise<void>;
  /** Whether somebody still holds the connection. */
  readonly isHeld: () => boolean;
  /** Told at the moment it leaves the object. */
  readonly leaves: () => void;
}

const TIMEOUT: LedgerRefusal = { kind: "unknown", why: "timeout", ledger_status: null };
const CONNECTION_LOST: LedgerRefusal = { kind: "unknown", why: "connection_lost", ledger_status: null };

export class LedgerModel {
  readonly store = new MemoryStore();
  /** Idempotency keys that a fault, and not the rules, has refused for good. */
  readonly wronglyRejected = new Set<string>();
  readonly #world: World;
  #ids = 0;

  constructor(world: World) {
    this.#world = world;
  }

  async ingest(request: LedgerRequest, payload: string, key: string): Promise<LedgerOutcome> {
    const answer = await this.#exchange(request, key, () => this.#take(request.who, payload, key));
    return "kind" in answer ? answer : outcomeOfAnswer(answer);
  }

  async findPayinAccount(request: LedgerRequest, paymentIntent: string, key: string): Promise<AccountLookup> {
    const answer = await this.#exchange(request, key, () => this.#find(paymentIntent));
    return "kind" in answer ? answer : accountOfAnswer(answer);
  }

  #take(who: string, payload: string, key: string): Handled {
    this.#world.count("ledger requests");
    const now = () => new Date(this.#world.time.now).toISOString();
    const newId = (prefix: string) => `${prefix}_${++this.#ids}`;
    const context = { now, newId, newHash: () => "", oneBucket: false };
    const answer = ingest(this.store, { idempotency_key: key, body: payload }, context);
    this.#world.say(who, () => {
      const effect = "event" in answer.body ? ` ${JSON.stringify(answer.body.event)}` : "";
      const code = "code" in answer.body ? ` ${answer.body.code}: ${answer.body.error}` : "";
      return `LEDGER ${answer.status}${code}${effect}`;
    });
    return answer;
  }

  #find(paymentIntent: string): Handled {
    const key = { external_payment_id: paymentIntent, direction: "payin" } as const;
    const settlement = this.store.findSettlement(key);
    if (settlement === undefined) return { status: 404, body: { error: "none", code: "NOT_FOUND" } };
    return { status: 200, body: { settlements: [settlement] } };
  }

  #exchange(request: LedgerRequest, key: string, work: () => Handled): Promise<LedgerAnswer | LedgerRefusal> {
    const { time, random } = this.#world;
    return new Promise((resolve) => {
      const deadline = time.after(POLICY.ledgerTimeoutMs, () => resolve(TIMEOUT));
      const answer = (heard: Heard) =>
        time.after(random.whole(1, 150), () => {
          deadline.canceled = true;
          resolve("kind" in heard ? heard : { retryAfter: null, nowMs: time.now, ...heard });
        });
      const leave = () => {
        request.leaves();
        const fault = this.#fault();
        this.#world.say(request.who, () => `→ ledger: ${request.what}${fault === null ? "" : ` (${fault})`}`);
        this.#meet(fault, { request, key, work, answer });
      };
      void request.gate.then(leave);
    });
  }

  #meet(fault: LedgerFault | null, { request, key, work, answer }: Meeting): void {
    const { time, random } = this.#world;
    /** A connection that nobody holds any more may break before the request arrives. */
    const arrive = (delayMs: number, then: (handled: Handled) => void) =>
      time.after(delayMs, () => {
        if (!request.isHeld() && this.#world.strikes(0.5)) return;
        then(work());
      });
    const latency = random.whole(1, 200);
    const whole = ({ status, body }: Handled) => answer({ status, body: JSON.stringify(body) });
    switch (fault) {
      case null:
        return void arrive(latency, whole);
      case "slow":
        return void arrive(random.magnitude(SECOND, 90 * SECOND), whole);
      case "commit_then_silence":
        return void arrive(latency, () => undefined);
      case "answer_cut_off":
        return void arrive(latency, ({ status, body }) =>
          answer({ status, body: random.chance(0.5) ? null : JSON.stringify(body).slice(0, 20) }),
        );
      case "duplicated":
        arrive(latency + random.magnitude(1, 60 * SECOND), () => undefined);
        return void arrive(latency, whole);
      case "refused_connection":
        return void answer(CONNECTION_LOST);
      default: {
        if (fault === "rejected") this.wronglyRejected.add(key);
        return void answer(this.#refusal(fault));
      }
    }
  }

  /** Nothing is done. */
  #refusal(
    fault:
      | "down"
      | "rate_limited"
      | "rejected"
      | "unauthorized"
      | "concurrent"
      | "redirected"
      | "foreign_page",
  ): Heard {
    const refusal = (status: number, code: string) => ({
      status,
      body: JSON.stringify({ error: "x", code }),
    });
    switch (fault) {
      case "down":
        return refusal(503, "SERVICE_UNAVAILABLE");
      case "rate_limited":
        return { ...refusal(429, "RATE_LIMITED"), retryAfter: this.#retryAfter() };
      case "rejected":
        return refusal(this.#world.random.pick([400, 409, 422]), "SETTLEMENT_REJECTED");
      case "unauthorized":
        return refusal(401, "UNAUTHORIZED");
      case "concurrent":
        return refusal(409, "CONCURRENT_INGESTION_CONFLICT");
      case "redirected":
        return { status: 302, body: "" };
      case "foreign_page":
        return { status: 200, body: "<html>Please log in</html>" };
    }
  }

  #retryAfter(): string {
    const { random, time } = this.#world;
    const seconds = random.pick([0, 1, 30, 600, 7_200, 99_999_999]);
    const date = new Date(Math.min(time.now + seconds * SECOND, time.now + 2 * DAY)).toUTCString();
    return random.pick([String(seconds), date, "soon"]);
  }

  #fault(): LedgerFault | null {
    const { weather, random } = this.#world;
    if (this.#world.isIn(weather.ledger.outages)) {
      this.#world.count("fault: ledger outage");
      return random.pick(["down", "refused_connection", "foreign_page", "rate_limited"]);
    }
    const fault = weather.ledger.faults.find(([name, rate]) => this.#world.strikes(rate, `ledger ${name}`));
    return fault === undefined ? null : fault[0];
  }
}

type Heard = LedgerRefusal | (Pick<LedgerAnswer, "status" | "body"> & { readonly retryAfter?: string });

interface Meeting {
  readonly request: LedgerRequest;
  readonly key: string;
  readonly work: () => Handled;
  readonly answer: (heard: Heard) => void;
}
