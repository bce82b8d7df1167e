/** What every part of a history shares: time, chance, the diary, the counts, and where a broken promise is reported. */
import type { Policy } from "../../src/event/machine-types.ts";
import { Random } from "../../scripts/lib/random.ts";
import { Timeline } from "./timeline.ts";
import { DAY, HOUR, SECOND } from "../../scripts/lib/durations.ts";
import { isWithin, type Span, type Weather, weatherOf } from "./faults.ts";

/** 2027-01-15T08:00:00Z. */
export const START = 1_800_000_000_000;

/** As production is configured by default. */
export const POLICY: Policy = {
  ledgerTimeoutMs: 10 * SECOND,
  retryBaseMs: 15 * SECOND,
  retryMaxMs: HOUR,
  retryHorizonMs: 72 * HOUR,
  retentionMs: 30 * DAY,
};

/** A history that does not come to rest has found a loop. The longest sound one takes a tenth of this. */
const MOST_STEPS = 400_000;
/** One history is told in a few hundred lines; a loop would tell millions. */
const DIARY_LIMIT = 20_000;

export interface Entry {
  readonly at: number;
  readonly who: string;
  readonly what: string;
}

export class World {
  readonly time = new Timeline(START);
  readonly random: Random;
  readonly weather: Weather;
  readonly counts = new Map<string, number>();
  readonly violations: string[] = [];
  /** Null: nobody will read it. */
  readonly diary: Entry[] | null;

  constructor(seed: number, tells: boolean) {
    this.random = new Random(seed);
    this.weather = weatherOf(this.random, START);
    this.diary = tells ? [] : null;
  }

  get stormy(): boolean {
    return this.time.now < this.weather.endsAt;
  }

  /** Whether a fault of this rate happens now. */
  strikes(rate: number, name?: string): boolean {
    const { squall } = this.weather;
    const isRough = this.stormy || (squall !== null && isWithin([squall], this.time.now));
    if (!isRough || !this.random.chance(rate)) return false;
    if (name !== undefined) this.count(`fault: ${name}`);
    return true;
  }

  isIn(spans: readonly Span[]): boolean {
    return this.stormy && isWithin(spans, this.time.now);
  }

  count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  /** `what` is only asked for when somebody reads it. */
  say(who: string, what: () => string): void {
    if (this.diary === null || this.diary.length >= DIARY_LIMIT) return;
    this.diary.push({ at: this.time.now, who, what: what() });
  }

  violate(who: string, what: string): void {
    this.violations.push(`${who}: ${what}`);
    this.say(who, () => `VIOLATION: ${what}`);
  }

  async runUntil(time: number): Promise<void> {
    if (this.violations.length > 0) return;
    await this.time.runUntil(time, () => {
      if (this.time.steps > MOST_STEPS) this.violate("the history", "does not come to rest");
      return this.violations.length > 0;
    });
  }
}
