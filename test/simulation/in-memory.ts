/**
 * What a history without faults needs of the platform and of the ledger, in
 * memory: nothing fails, nothing waits.
 */
import { EventEngine } from "../../src/event/engine.ts";
import type { LedgerPort, Ports } from "../../src/event/ports.ts";
import type { EventRecord } from "../../src/event/record.ts";
import { outcomeOfAnswer, settlementOfAnswer } from "../../src/ledger/outcome.ts";
import type { ClosedMovement, Ledger } from "../../src/ledger/port.ts";
import { settle } from "../../src/ledger/settle.ts";
import { movementOf } from "../../src/settlement/settlement.ts";
import { SECOND } from "../../scripts/lib/durations.ts";
import type { Direction } from "../../scripts/sandbox/ledger/contract.ts";
import { ingest } from "../../scripts/sandbox/ledger/ingest.ts";
import { MemoryStore } from "../../scripts/sandbox/ledger/memory-store.ts";
import { POLICY } from "./world.ts";

/** The object of one event. */
export class EventInMemory {
  record: EventRecord | null = null;
  readonly #engine: EventEngine;
  #alarm: number | null = null;
  #background: Promise<void> = Promise.resolve();

  constructor(world: Pick<Ports, "now" | "ledger" | "stripe">) {
    const store = {
      load: () => this.record,
      save: (record: EventRecord) => void (this.record = record),
      erase: async () => void (this.record = null),
    };
    const alarm = {
      get: async () => this.#alarm,
      set: (at: number) => void (this.#alarm = at),
      clear: () => void (this.#alarm = null),
    };
    this.#engine = new EventEngine(
      {
        ...world,
        store,
        alarm,
        index: { publish: async () => undefined },
        random: () => 0,
        log: () => undefined,
        background: (work) => void (this.#background = work),
      },
      POLICY,
    );
  }

  async act<T>(what: (engine: EventEngine) => Promise<T>): Promise<T> {
    const reply = await what(this.#engine);
    await this.#background;
    return reply;
  }
}

/** The ledger, and what the lanes of its accounts keep. Nobody else is there, so each turn comes at once. */
export class LedgerInMemory implements LedgerPort {
  readonly store = new MemoryStore();
  /** Each with the lane that keeps it. */
  readonly #closed = new Set<string>();
  readonly #now: () => number;
  #ids = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  open(id: string): void {
    this.store.openAccount({ id, did: "did:key:holder", created_at: this.#time() });
  }

  async settle(...[settlement, request]: Parameters<LedgerPort["settle"]>): ReturnType<LedgerPort["settle"]> {
    const movement = movementOf(settlement);
    const isFoundOut = settlement.metadata["account_source"] !== undefined;
    const lanes = [settlement.account_id, ...(isFoundOut ? [movement] : [])];
    if (lanes.some((lane) => this.#closed.has(`${lane} ${movement}`))) return { kind: "movement_resolved" };
    return settle(this.#client, request, () => 10 * SECOND);
  }

  findSettlement: Ledger["findSettlement"] = (...key) => this.#client.findSettlement(...key);

  /** Nothing is opened again here. */
  async setMovementResolved({ name, accountId }: ClosedMovement): Promise<boolean> {
    this.#closed.add(`${accountId ?? name} ${name}`);
    return true;
  }

  readonly #client: Pick<Ledger, "ingest" | "findSettlement"> = {
    ingest: async (body, idempotency_key) => {
      const context = {
        now: () => this.#time(),
        newId: (prefix: string) => `${prefix}_${++this.#ids}`,
        newHash: () => "0".repeat(64),
        oneBucket: true,
      };
      const { status, body: answer } = ingest(this.store, { idempotency_key, body }, context);
      return outcomeOfAnswer({ status, body: JSON.stringify(answer), retryAfter: null, nowMs: this.#now() });
    },
    findSettlement: async (external_payment_id, direction) => {
      const found = this.store.findSettlement({ external_payment_id, direction: direction as Direction });
      const body = JSON.stringify({ settlements: found === undefined ? [] : [found] });
      return settlementOfAnswer({ status: 200, body, retryAfter: null, nowMs: this.#now() }, direction);
    },
  };

  #time(): string {
    return new Date(this.#now()).toISOString();
  }
}
