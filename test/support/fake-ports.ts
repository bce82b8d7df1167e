/**
 * The world of one event's object, in memory: a store and an alarm whose writes commit by turn, a ledger that
 * answers when the test says so, an index that can fail or hang, a clock that stands still, and a diary of
 * all of it.
 *
 * `crash()` forgets the instance with everything it was waiting for, and boots another on what was committed.
 */
import { setImmediate } from "node:timers/promises";
import { EventEngine } from "../../src/event/engine.ts";
import type { Ports } from "../../src/event/ports.ts";
import { type EventRecord } from "../../src/event/record.ts";
import { parseRecord } from "../../src/event/stored-record.ts";
import type { EventSummary } from "../../src/event-index/event-summary.ts";
import type { SettleOutcome, SettlementLookup } from "../../src/ledger/port.ts";
import type { StripeLookups } from "../../src/stripe-api/port.ts";
import type { LogLevel, LogLine } from "../../src/log.ts";
import { delivery, POLICY, T0 } from "./records.ts";

type Asked = Awaited<ReturnType<StripeLookups["findAccount"] | StripeLookups["findReportingCategory"]>>;
type Answer = SettleOutcome | SettlementLookup | Asked;

export interface LedgerRequest {
  readonly question: "settle" | "find" | "stripe account" | "stripe category";
  /** The payload, or the id that is asked about. */
  readonly about: string;
  readonly key: string | null;
  /**
   * Of a settlement: its account, whether its effect is looked for first,
   * and how long it may wait for its turn.
   */
  readonly turn: {
    readonly account_id: string;
    readonly read_back: boolean;
    readonly wait_ms: number;
  } | null;
  readonly answer: (answer: Answer) => void;
  /** A port never rejects. This one can, to see what becomes of the event. */
  readonly breakOff: (error: Error) => void;
}

/** What one turn wrote. A turn with a request in it lets the request out only after this commit. */
export interface Entry {
  readonly turn: number;
  readonly what: "save" | "alarm" | "ledger" | "publish" | "erase";
  readonly detail: string | number | null;
}

export class World {
  nowMs = T0;
  /** Every random number, until changed. */
  random = 0.5;
  record: EventRecord | null = null;
  alarmAt: number | null = null;
  readonly diary: Entry[] = [];
  readonly ledger: LedgerRequest[] = [];
  /** The rows that the index took. */
  readonly rows: EventSummary[] = [];
  readonly lines: (LogLine & { readonly level: LogLevel })[] = [];
  /** Each is asked before it is done; what it throws, the port throws. */
  readonly faults: Partial<Record<"load" | "save" | "erase" | "ledger" | "index", () => void>> = {};
  /** Movement → the account in whose lane it is closed, or null. */
  readonly resolvedMovements = new Map<string, string | null>();
  /** While set, no movement can be closed. */
  movementsHang = false;
  readonly hasStripeKey: boolean;
  /** While set, the index takes the row, and answers only once this settles. */
  indexHangs: Promise<void> | null = null;
  engine: EventEngine;

  #turn = 0;
  #turnIsOpen = false;
  #instance = 0;

  constructor(record: EventRecord | null = null, alarmAt: number | null = null, hasStripeKey = true) {
    this.hasStripeKey = hasStripeKey;
    this.record = record;
    this.alarmAt = alarmAt;
    this.engine = this.#boot();
  }

  /** A reset, a deploy, a crash: what was committed stays, and nobody waits for the ledger any more. */
  crash(): void {
    this.engine = this.#boot();
  }

  /** Lets the clock reach the alarm, and runs it as the platform does: gone before it runs. */
  async fireAlarm(): Promise<void> {
    if (this.alarmAt === null) throw new Error("no alarm is set");
    this.nowMs = Math.max(this.nowMs, this.alarmAt);
    this.alarmAt = null;
    await this.engine.alarm();
  }

  /** Until the function that this returns is called. */
  hangIndex(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.indexHangs = promise;
    return resolve;
  }

  /** A delivery, with what the ledger answers to its attempt. */
  deliverAnd(answer: Answer, given: Parameters<typeof delivery>[0] = {}): ReturnType<EventEngine["deliver"]> {
    const reply = this.engine.deliver(delivery(given));
    this.asked.answer(answer);
    return reply;
  }

  /** The newest request that the ledger got. */
  get asked(): LedgerRequest {
    const request = this.ledger.at(-1);
    if (request === undefined) throw new Error("the ledger was not asked");
    return request;
  }

  /** What happened, in order: "save forwarding", "alarm 15000" (after T0), "ledger ingest", … */
  steps(from = 0): string[] {
    return this.diary.slice(from).map(({ what, detail }) => {
      return what === "alarm" && typeof detail === "number" ? `alarm ${detail - T0}` : `${what} ${detail}`;
    });
  }

  #boot(): EventEngine {
    const instance = ++this.#instance;
    const live = () => {
      if (instance !== this.#instance) throw new Error("this instance is gone");
    };
    return new EventEngine(this.#ports(live), POLICY);
  }

  #ports(live: () => void): Ports {
    return {
      store: {
        load: () => {
          live();
          this.faults.load?.();
          return this.record === null ? null : parseRecord(structuredClone(this.record));
        },
        save: (record) => {
          live();
          this.faults.save?.();
          this.record = structuredClone(record);
          this.#note("save", record.state);
        },
        erase: async () => {
          live();
          this.faults.erase?.();
          this.record = null;
          this.alarmAt = null;
          this.#note("erase", null);
        },
      },
      alarm: {
        get: async () => this.alarmAt,
        set: (at) => {
          live();
          this.alarmAt = at;
          this.#note("alarm", at);
        },
        clear: () => {
          live();
          this.alarmAt = null;
          this.#note("alarm", null);
        },
      },
      ledger: {
        settle: ({ account_id }, { payload, idempotency_key, read_back, wait_ms }) =>
          this.#ask("settle", payload, idempotency_key, {
            account_id,
            read_back,
            wait_ms,
          }) as Promise<SettleOutcome>,
        findSettlement: (id, direction) =>
          this.#ask("find", `${direction} ${id}`, null) as Promise<SettlementLookup>,
        setMovementResolved: async ({ name, accountId }, isResolved) => {
          if (this.movementsHang) return false;
          if (isResolved) this.resolvedMovements.set(name, accountId);
          else this.resolvedMovements.delete(name);
          return true;
        },
      },
      stripe: this.hasStripeKey
        ? {
            findAccount: ({ payment }) =>
              this.#ask("stripe account", payment, null) as ReturnType<StripeLookups["findAccount"]>,
            findReportingCategory: (transaction) =>
              this.#ask("stripe category", transaction, null) as ReturnType<
                StripeLookups["findReportingCategory"]
              >,
          }
        : null,
      index: {
        publish: async (row) => {
          this.#note("publish", `${row.state} r${row.revision}`);
          this.faults.index?.();
          await this.indexHangs;
          this.rows.push(row);
        },
      },
      now: () => this.nowMs,
      random: () => this.random,
      log: (level, line) => void this.lines.push({ level, ...line }),
      background: (work) => void work.catch(() => undefined),
    };
  }

  async #ask(
    question: LedgerRequest["question"],
    about: string,
    key: string | null,
    turn: LedgerRequest["turn"] = null,
  ): Promise<Answer> {
    this.#note("ledger", question);
    this.faults.ledger?.();
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.ledger.push({ question, about, key, turn, answer: resolve, breakOff: reject });
    return promise;
  }

  /** A turn is what runs without an `await` in it: its end is the next microtask. */
  #note(what: Entry["what"], detail: Entry["detail"]): void {
    if (!this.#turnIsOpen) {
      this.#turnIsOpen = true;
      this.#turn++;
      queueMicrotask(() => (this.#turnIsOpen = false));
    }
    this.diary.push({ turn: this.#turn, what, detail });
  }
}

/** Lets everything run that can run without the clock, the ledger or a hanging index. */
export async function idle(): Promise<void> {
  for (let i = 0; i < 3; i++) await setImmediate();
}

/** Throws it, where a fault is wanted. */
export function broken(name: string): () => never {
  return () => {
    throw Object.assign(new Error(`${name} is broken: with words that must go nowhere`), { name });
  };
}
