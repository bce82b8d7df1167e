/** What the pages of a run need from outside, in memory: Stripe's list, the events' objects, the ledger. */
import type { EventState } from "../../src/event/event-state.ts";
import { stateOf } from "../../src/event/view.ts";
import type { EventRecord } from "../../src/event/record.ts";
import type { ListedSettlement, SettlementLookup } from "../../src/ledger/port.ts";
import type { FinalSummary } from "../../src/reconciler/evidence.ts";
import type { PagePorts } from "../../src/reconciler/ports.ts";
import type { Running } from "../../src/reconciler/run.ts";
import type { Bounds } from "../../src/reconciler/window.ts";
import type { Mapping } from "../../src/settlement/mapping.ts";
import type { ListAnswer, EventsQuery } from "../../src/stripe-api/port.ts";
import { DAY, delivery, forwarded, MONEY, SETTLEMENT, T0 } from "./records.ts";
import { runningRun } from "./runs.ts";

/**
 * An event as this Stripe lists it. `refused`: why `prepare` does not take it.
 * `account`: a connected one, not named.
 */
export interface ListedEvent {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly mapping?: Mapping;
  readonly refused?: "invalid_request" | "livemode_mismatch";
  readonly account?: string;
  readonly padding?: string;
}

export type Stored = EventRecord | "unreachable";

/** The ledger holds what our settlement says. */
export const AGREES: SettlementLookup = {
  kind: "found",
  settlement: { ...SETTLEMENT, id: "stl_1", latest_event_id: "led_1", released_minor: null },
};

const decoder = new TextDecoder();

export class PageWorld {
  readonly objects = new Map<string, Stored>();
  /** What was walked of the index, by event; and of the ledger, by external id. */
  readonly summaries = new Map<string, FinalSummary>();
  readonly held = new Map<string, ListedSettlement>();
  /** Each call of a port with its argument, in order. */
  readonly calls: [port: string, argument: unknown][] = [];
  events: readonly unknown[];
  pageSize = 100;
  /** Instead of the page that is due. */
  answer: ListAnswer | null = null;
  /** For the event's payment; without one, what agrees. */
  ledger: (paymentId: string) => SettlementLookup | Promise<SettlementLookup> = () => AGREES;
  /** Called before each call of a port: it may throw, like a crash. */
  before: (port: string, argument: unknown) => void = () => undefined;
  /** What an event's object becomes when the event is delivered to it. */
  delivered: (eventId: string) => Stored = (event_id) => forwarded({ event_id, secret: null });
  /** What an event's object becomes when it is poked. */
  poked: (eventId: string, stored: Stored | undefined) => Stored | undefined = (_, stored) => stored;
  bounds: Bounds = { purged_before: T0 - 30 * DAY, naming: 2, renamed_at: null };
  alarmAt: number | null = T0 + 1;
  /** As it is stored. */
  run: Running;

  constructor(events: readonly unknown[] = [], run: Partial<Running> = {}) {
    this.events = events;
    this.run = runningRun({ from: T0 - 30 * DAY, ...run });
  }

  readonly ports: PagePorts = {
    stripe: { list: async (query) => (this.#call("list", query), this.answer ?? this.#page(query)) },
    ledger: {
      findSettlement: async (paymentId) => (this.#call("findSettlement", paymentId), this.ledger(paymentId)),
    },
    inspect: async (eventId) => {
      this.#call("inspect", eventId);
      const stored = this.objects.get(eventId);
      if (stored === "unreachable") return { ok: false, failure: "unreachable" };
      return { ok: true, value: stored === undefined ? null : this.#stateOf(stored) };
    },
    deliver: async ({ event_id }) => {
      this.#call("deliver", event_id);
      this.objects.set(event_id, this.delivered(event_id));
    },
    poke: async (eventId) => {
      this.#call("poke", eventId);
      const after = this.poked(eventId, this.objects.get(eventId));
      if (after !== undefined) this.objects.set(eventId, after);
    },
    prepare: async (body) => {
      const { id, mapping = MONEY, refused, account } = JSON.parse(decoder.decode(body)) as ListedEvent;
      this.#call("prepare", id);
      if (account !== undefined) {
        return {
          kind: "not_listed",
          event_id: id,
          event_type: "payment_intent.succeeded",
          stripe_account: account,
        };
      }
      if (refused === undefined) {
        return { kind: "delivery", delivery: delivery({ event_id: id, mapping, secret_index: null }) };
      }
      const mismatch = { settle_env: "staging", expected_livemode: false, event_livemode: true } as const;
      const failure =
        refused === "livemode_mismatch"
          ? ({ kind: refused, ...mismatch } as const)
          : ({ kind: refused, problems: [] } as const);
      return { kind: "refused", failure, why: refused };
    },
    tables: {
      summary: (eventId) => this.summaries.get(eventId) ?? null,
      settlement: ({ external_payment_id }) => this.held.get(external_payment_id) ?? null,
    },
    types: ["payment_intent.succeeded"],
    bounds: () => (this.#call("bounds", null), this.bounds),
    now: () => T0,
    recordActing: (acting) => {
      this.#call("recordActing", acting);
      this.run = { ...this.run, acting };
    },
  };

  /** The arguments of all calls of one port. */
  called(port: string): unknown[] {
    return this.calls.flatMap(([name, argument]) => (name === port ? [argument] : []));
  }

  #call(port: string, argument: unknown): void {
    this.before(port, argument);
    this.calls.push([port, argument]);
  }

  #stateOf(record: EventRecord): EventState {
    return stateOf(record, this.alarmAt, null);
  }

  #page({ startingAfter, createdGte, createdLt, limit }: EventsQuery): ListAnswer {
    const events = this.events as readonly ListedEvent[];
    const at = events.findIndex(({ id }) => id === startingAfter);
    if (startingAfter !== null && at < 0) return { kind: "starting_after_unknown" };
    const rest = events.slice(at + 1).filter(({ created }) => created >= createdGte && created < createdLt);
    const size = Math.min(this.pageSize, limit);
    return { kind: "page", items: rest.slice(0, size), hasMore: rest.length > size };
  }
}
