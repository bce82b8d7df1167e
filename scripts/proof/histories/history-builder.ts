import type { RefundEvents } from "../../../src/settlement/mapping-table.ts";
import { SECOND } from "../../lib/durations.ts";
import type { Random } from "../../lib/random.ts";
import type { Envelope, StripeEventBody } from "../../sandbox/events/stripe-events.ts";
import type { HistoryEvent, Movement } from "./history.ts";

/** A history while it is made up: what has happened so far, and what time it is. */
export class HistoryBuilder {
  readonly refundEvents: RefundEvents;
  readonly random: Random;
  readonly movements: Movement[] = [];
  readonly events: HistoryEvent[] = [];
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

  move(movement: Movement): Movement {
    this.movements.push(movement);
    return movement;
  }

  later(least: number, most: number): this {
    this.now += this.random.magnitude(least, most);
    return this;
  }

  /** An event that Stripe makes now, perhaps twice. */
  emit<T>(
    build: (object: T, envelope: Envelope) => StripeEventBody,
    object: T,
    expected: HistoryEvent["expected"],
    movement: Movement | null = null,
    mayBeOvertaken = false,
  ): void {
    const created = Math.floor(this.now / SECOND);
    const times = this.random.chance(this.twins) ? 2 : 1;
    for (let i = 0; i < times; i++) {
      const id = this.id("evt");
      const account = this.random.chance(0.1) ? { account: "acct_1" } : {};
      const body = build(object, { id, created, ...account });
      this.events.push({ id, type: body.type, at: this.now, body, expected, movement, mayBeOvertaken });
    }
  }
}
