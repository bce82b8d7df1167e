/**
 * One history without faults: its events in any order, some of them twice, through the real mapping, the real
 * engine and the ledger's rules in memory. Operators assign accounts, and write some of what failed off.
 */
import { utf8 } from "../../src/bytes.ts";
import type { Ports } from "../../src/event/ports.ts";
import { type EventRecord, failureAtLedger } from "../../src/event/record.ts";
import { MINUTE } from "../../scripts/lib/durations.ts";
import { ordered } from "../../scripts/lib/ordered.ts";
import { Random } from "../../scripts/lib/random.ts";
import {
  type HistoryEvent,
  holderOf,
  type Movement,
  type StripeHistory,
} from "../../scripts/proof/histories/history.ts";
import { randomHistory } from "../../scripts/proof/histories/random-history.ts";
import type { Evidence } from "./evidence.ts";
import { complaintAbout } from "./event-verdict.ts";
import { takeOver } from "./globals.ts";
import { EventInMemory, LedgerInMemory } from "./in-memory.ts";
import { checkLedger, checkPayouts } from "./ledger-verdict.ts";
import { Preparer } from "./prepare.ts";
import { lookupsOver } from "./stripe-lookups.ts";
import { POLICY, START } from "./world.ts";

const TWINS = 0.15;
/** A return may wait for its debit, and that for its payment. */
const ROUNDS = 3;

export interface InAnyOrder {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly atStripe: StripeHistory;
  /** How many events ended in which way. */
  readonly counts: ReadonlyMap<string, number>;
}

export async function playInAnyOrder(seed: number): Promise<InAnyOrder> {
  const clock = { now: START };
  const giveBack = takeOver(clock, seed);
  try {
    const play = new Play(new Random(seed), clock);
    await play.deliver();
    await play.heal();
    await play.operate();
    await play.heal();
    const { atStripe, violations } = play;
    return { seed, violations, atStripe, counts: play.judge() };
  } finally {
    giveBack();
  }
}

class Play {
  readonly atStripe: StripeHistory;
  readonly violations: string[] = [];
  readonly #random: Random;
  readonly #preparer: Preparer;
  readonly #ledger: LedgerInMemory;
  readonly #objects = new Map<string, EventInMemory>();
  readonly #closed = new Set<string>();
  /** What was not booked when an operator closed it. */
  readonly #writtenOff = new Set<Movement>();
  readonly #clock: { now: number };
  readonly #world: Pick<Ports, "now" | "ledger" | "stripe">;

  constructor(random: Random, clock: { now: number }) {
    this.#random = random;
    this.#clock = clock;
    this.atStripe = randomHistory(random, START, TWINS);
    const { asksStripe, accounts, stripe } = this.atStripe;
    this.#preparer = new Preparer({ asksStripe, remap: null });
    const now = () => clock.now;
    this.#ledger = new LedgerInMemory(now);
    this.#world = { now, ledger: this.#ledger, stripe: asksStripe ? lookupsOver(stripe) : null };
    for (const [id, opensAt] of accounts) if (opensAt !== null) this.#ledger.open(id);
  }

  async deliver(): Promise<void> {
    const { events } = this.atStripe;
    const copies = events.flatMap((event) => (this.#random.chance(0.3) ? [event, event] : [event]));
    for (const event of ordered(copies, () => this.#random.next())) {
      this.#clock.now += this.#random.whole(0, MINUTE);
      const prepared = await this.#preparer.prepare(utf8(JSON.stringify(event.body)));
      if (prepared.kind === "delivery")
        await this.#object(event).act((engine) => engine.deliver(prepared.delivery));
      if ((prepared.kind === "delivery") !== event.isListed) this.#violate(event.id, `is ${prepared.kind}`);
      if (this.#random.chance(0.05)) await this.#wakeAll();
      if (this.#random.chance(0.05)) await this.#operateOn(this.#random.pick(events));
    }
  }

  /** Until nothing waits any more: what has not healed by then is before an operator. */
  async heal(): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) {
      this.#clock.now += POLICY.retryMaxMs;
      await this.#wakeAll();
    }
    this.#clock.now += POLICY.retryHorizonMs;
    await this.#wakeAll();
  }

  async operate(): Promise<void> {
    for (const event of this.atStripe.events) await this.#operateOn(event);
  }

  judge(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    const evidence: Evidence = {
      atStripe: this.atStripe,
      store: this.#ledger.store,
      recordOf: (id) => this.#objects.get(id)?.record ?? null,
      isClosed: (id) => this.#closed.has(id),
      violate: (who, what) => this.#violate(who, what),
    };
    checkLedger(evidence);
    checkPayouts(evidence);
    for (const event of this.atStripe.events.filter(({ isListed }) => isListed)) {
      const record = evidence.recordOf(event.id);
      const complaint = record === null ? "is not on record" : complaintAbout(evidence, event, record);
      if (complaint !== null) this.#violate(event.id, complaint);
      const end = endOf(record);
      counts.set(end, (counts.get(end) ?? 0) + 1);
      if (record !== null && failureAtLedger(record)?.next_retry_at != null)
        this.#violate(event.id, "still waits");
    }
    const booked = this.#booked();
    for (const movement of this.#writtenOff) {
      if (booked.has(movement)) this.#violate(movement.name, "is booked after an operator had closed it");
    }
    return counts;
  }

  async #wakeAll(): Promise<void> {
    for (const object of this.#objects.values()) {
      const at = object.record === null ? null : (failureAtLedger(object.record)?.next_retry_at ?? null);
      if (at !== null && at <= this.#clock.now) await object.act((engine) => engine.alarm());
    }
  }

  /** On what stands failed, if it does. */
  async #operateOn(event: HistoryEvent): Promise<void> {
    const object = this.#objects.get(event.id);
    if (object?.record?.state !== "failed") return;
    const { record } = object;
    const what = this.#random.next();
    if (what < 0.2) return this.#resolve(event, object);
    const isMissing = record.cause === "unmappable" && record.reason === "account_missing";
    if (isMissing && event.movement !== null) {
      const account = event.movement.account ?? holderOf(this.atStripe, event.movement);
      if (what < 0.5 || account === null) return;
      event.movement.assign(account);
      const mapping = this.#preparer.map(record.body, account);
      const assignment = { actor: "ana", note: "found", account_id: account, mapping };
      return void (await object.act((engine) => engine.assign(assignment)));
    }
    const mapping = record.cause === "unmappable" ? this.#preparer.map(record.body) : null;
    await object.act((engine) => engine.retry({ actor: "ana", note: null, scope: "any", mapping }));
  }

  async #resolve({ id, movement }: HistoryEvent, object: EventInMemory): Promise<void> {
    this.#closed.add(id);
    const reply = await object.act((engine) => engine.resolve("ana", "booked by hand"));
    if (reply.kind === "done" && movement !== null && !this.#booked().has(movement)) {
      this.#writtenOff.add(movement);
    }
  }

  #booked(): ReadonlySet<Movement> {
    const settlements = [...this.#ledger.store.settlements.values()];
    const ids = new Set(settlements.map(({ metadata }) => metadata["stripe_event_id"]));
    return new Set(this.atStripe.events.flatMap(({ id, movement }) => (ids.has(id) ? (movement ?? []) : [])));
  }

  #object({ id }: HistoryEvent): EventInMemory {
    const known = this.#objects.get(id) ?? new EventInMemory(this.#world);
    this.#objects.set(id, known);
    return known;
  }

  #violate(who: string, what: string): void {
    this.violations.push(`${who}: ${what}`);
  }
}

/** With its reason, so that one that never happens is seen. */
function endOf(record: EventRecord | null): string {
  switch (record?.state) {
    case "ignored":
      return `end: ignored, ${record.reason}`;
    case "failed":
      return `end: failed, ${record.cause === "ledger" ? record.error.ledger_code : "reason" in record ? record.reason : record.cause}`;
    default:
      return `end: ${record?.state ?? "lost"}`;
  }
}
