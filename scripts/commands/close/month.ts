/** A month in UTC, and the parts that its runs cover. Pure. */
import { UsageError } from "../../lib/failure.ts";

/** The second part begins on this day: no run reaches back as far as a whole month. */
const SECOND_HALF = 16;

export interface Month {
  /** "2026-10" */
  readonly name: string;
  /** Epoch milliseconds, from inclusive, to exclusive. */
  readonly from: number;
  readonly to: number;
}

export interface MonthPart {
  /** From 1. */
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

export function monthOf(option: string, text: string): Month {
  const [, year = "", month = ""] = /^(20\d\d)-(0[1-9]|1[0-2])$/.exec(text) ?? [];
  if (year === "") throw new UsageError(`${option} takes a month like 2026-10, not "${text}".`);
  const at = (months: number) => Date.UTC(Number(year), Number(month) - 1 + months);
  return { name: text, from: at(0), to: at(1) };
}

export function monthBefore({ from }: Month): string {
  return new Date(from - 1).toISOString().slice(0, 7);
}

/** Of what is over by `now`. The last part of a month that is not over ends at the last full minute. */
export function partsOf({ from, to }: Month, now: number): MonthPart[] {
  const middle = from + (SECOND_HALF - 1) * 86_400_000;
  const end = Math.min(to, Math.floor(now / 60_000) * 60_000);
  return [
    { number: 1, from, to: Math.min(middle, end) },
    { number: 2, from: middle, to: end },
  ].filter((part) => part.from < part.to);
}
