/**
 * What happened at Stripe, as events tell it; and each movement of money beside them, written down by what happened
 * and not by how anybody maps it.
 */
import type { RefundEvents } from "../../../src/settlement/mapping-table.ts";
import { SECOND } from "../../lib/durations.ts";
import type { Random } from "../../lib/random.ts";
import type { Envelope, StripeEventBody } from "../../sandbox/events/stripe-events.ts";

/** One change of a balance, as Stripe tells it, by however many events. */
export interface Movement {
  readonly name: string;
  /** null: nobody can say whose money it is. */
  readonly account: string | null;
  readonly currency: string;
  /** Signed. Zero: the ledger only records it. */
  readonly delta: bigint;
  /** Whose account it takes, when its own events do not tell. */
  readonly payment: Movement | null;
}

export interface ToldEvent {
  readonly id: string;
  readonly type: string;
  /** When Stripe made it. */
  readonly at: number;
  readonly body: StripeEventBody;
  readonly expected: "money" | "ignored" | "unmappable";
  readonly movement: Movement | null;
  /** The ledger may refuse it, since a later event of the same payout came first. */
  readonly mayBeOvertaken: boolean;
}

export interface Story {
  readonly refundEvents: RefundEvents;
  /** When the ledger opens each account. Never: null. */
  readonly accounts: ReadonlyMap<string, number | null>;
  readonly movements: readonly Movement[];
  readonly events: readonly ToldEvent[];
}

export class Storyteller {
  readonly refundEvents: RefundEvents;
  readonly random: Random;
  readonly movements: Movement[] = [];
  readonly events: ToldEvent[] = [];
  /** How often an event has a twin: another id, the same change. */
  readonly twins: number;
  now: number;
  #ids = 0;

  constructor(
    random: Random,
    start: number,
    twins: number,
    refundEvents: RefundEvents = random.pick(["charge", "refund"]),
  ) {
    this.random = random;
    this.now = start;
    this.twins = twins;
    this.refundEvents = refundEvents;
  }

  id(prefix: string): string {
    return `${prefix}_${++this.#ids}`;
  }

  moves(movement: Movement): Movement {
    this.movements.push(movement);
    return movement;
  }

  later(least: number, most: number): this {
    this.now += this.random.magnitude(least, most);
    return this;
  }

  tell(
    build: (envelope: Envelope) => StripeEventBody,
    expected: ToldEvent["expected"],
    movement: Movement | null = null,
    mayBeOvertaken = false,
  ): void {
    const created = Math.floor(this.now / SECOND);
    const times = this.random.chance(this.twins) ? 2 : 1;
    for (let i = 0; i < times; i++) {
      const id = this.id("evt");
      const account = this.random.chance(0.1) ? { account: "acct_1" } : {};
      const body = build({ id, created, ...account });
      this.events.push({ id, type: body.type, at: this.now, body, expected, movement, mayBeOvertaken });
    }
  }
}
