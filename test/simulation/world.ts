/**
 * What every part of a history shares: time, chance, the log, the counts,
 * and where a broken promise is reported.
 */
import type { Policy } from "../../src/event/machine-types.ts";
import { CURRENCIES, FOREIGN_CURRENCY } from "../../scripts/proof/histories/random-history.ts";
import { Random } from "../../scripts/lib/random.ts";
import { Timeline } from "./timeline.ts";
import { DAY, HOUR, SECOND } from "../../scripts/lib/durations.ts";
import { type FaultPlan, isWithin, planFaults, type Span } from "./fault-plan.ts";

/** 2027-01-15T08:00:00Z. */
export const START = 1_800_000_000_000;

/** As production is configured by default, the currencies apart. */
export const POLICY: Policy = {
  ledgerTimeoutMs: 10 * SECOND,
  currencies: CURRENCIES.filter((currency) => currency !== FOREIGN_CURRENCY).map((held) =>
    held.toUpperCase(),
  ),
  retryBaseMs: 15 * SECOND,
  retryMaxMs: HOUR,
  retryHorizonMs: 72 * HOUR,
  retentionMs: 30 * DAY,
};

/** A history that does not come to rest has found a loop. The longest sound one takes a tenth of this. */
const STEPS_MAX = 400_000;
/** One history is a few hundred lines; a loop would be millions. */
const LOG_MAX_LINES = 20_000;

export interface LogEntry {
  readonly at: number;
  readonly who: string;
  readonly what: string;
}

export class World {
  readonly time = new Timeline(START);
  readonly random: Random;
  readonly plan: FaultPlan;
  readonly counts = new Map<string, number>();
  readonly violations: string[] = [];
  /** Null: nobody will read it. */
  readonly log: LogEntry[] | null;

  constructor(seed: number, keepsLog: boolean) {
    this.random = new Random(seed);
    this.plan = planFaults(this.random, START);
    this.log = keepsLog ? [] : null;
  }

  /** Whether faults still happen, the late ones apart. */
  get isFaulty(): boolean {
    return this.time.now < this.plan.endsAt;
  }

  /** Whether a fault of this rate happens now. */
  happens(rate: number, name?: string): boolean {
    const { late } = this.plan;
    const mayFail = this.isFaulty || (late !== null && isWithin([late], this.time.now));
    if (!mayFail || !this.random.chance(rate)) return false;
    if (name !== undefined) this.count(`fault: ${name}`);
    return true;
  }

  isIn(spans: readonly Span[]): boolean {
    return this.isFaulty && isWithin(spans, this.time.now);
  }

  count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  /** `what` is only asked for when somebody reads it. */
  note(who: string, what: () => string): void {
    if (this.log === null || this.log.length >= LOG_MAX_LINES) return;
    this.log.push({ at: this.time.now, who, what: what() });
  }

  violate(who: string, what: string): void {
    this.violations.push(`${who}: ${what}`);
    this.note(who, () => `VIOLATION: ${what}`);
  }

  async runUntil(time: number): Promise<void> {
    if (this.violations.length > 0) return;
    await this.time.runUntil(time, () => {
      if (this.time.steps > STEPS_MAX) this.violate("the history", "does not come to rest");
      return this.violations.length > 0;
    });
  }
}
