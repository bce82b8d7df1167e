/** How many events are in which state, by the hour in which they came, and how much money is open. Pure. */
import type { EventSummary } from "./event-summary.ts";
import { isOpenState } from "./filter.ts";
import { type Money, sumByCurrency } from "./sum-by-currency.ts";

export const HOUR_MS = 3_600_000;

export interface HourCount {
  /** When it began, in epoch milliseconds. 0 stands for all hours before those counted separately. */
  readonly hour: number;
  readonly state: EventSummary["state"];
  readonly count: number;
  /** Requests to the ledger that these events took. */
  readonly attempts: number;
}

export interface Tally {
  readonly counts: readonly HourCount[];
  /** By currency. */
  readonly open: readonly Money[];
}

export type TalliedRow = Pick<
  EventSummary,
  "received_at" | "state" | "attempts" | "amount_minor" | "currency"
>;

/** Of one row. */
export function tallyOf({ received_at, state, attempts, amount_minor, currency }: TalliedRow): Tally {
  const known = amount_minor !== null && /^[0-9]+$/.test(amount_minor) ? currency : null;
  const money = { currency: known, count: 1, amount_minor: known === null ? null : amount_minor };
  return {
    counts: [{ hour: received_at - (received_at % HOUR_MS), state, count: 1, attempts }],
    open: isOpenState(state) ? [money] : [],
  };
}

/** What comes to nothing is left out. */
export function add(...tallies: readonly Tally[]): Tally {
  const counts = new Map<string, HourCount>();
  for (const one of tallies.flatMap((tally) => tally.counts)) {
    const key = `${one.hour} ${one.state}`;
    const before = counts.get(key) ?? { count: 0, attempts: 0 };
    counts.set(key, {
      ...one,
      count: before.count + one.count,
      attempts: before.attempts + one.attempts,
    });
  }
  return {
    counts: [...counts.values()].filter(({ count, attempts }) => count !== 0 || attempts !== 0),
    open: sumByCurrency(tallies.flatMap((tally) => tally.open)).filter(({ count }) => count !== 0),
  };
}

export function negative({ counts, open }: Tally): Tally {
  return {
    counts: counts.map((one) => ({ ...one, count: -one.count, attempts: -one.attempts })),
    open: open.map(({ currency, count, amount_minor }) => ({
      currency,
      count: -count,
      amount_minor: amount_minor === null ? null : String(-BigInt(amount_minor)),
    })),
  };
}

/** Hours before this time are counted together. */
export function mergeHoursBefore({ counts, open }: Tally, time: number): Tally {
  return add({ counts: counts.map((one) => (one.hour < time ? { ...one, hour: 0 } : one)), open });
}
