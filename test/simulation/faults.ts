/**
 * Which faults a history meets, and how often. Each kind is switched off in many histories: where everything breaks
 * at once nothing gets far enough to break in an interesting place.
 */
import { DAY, HOUR, MINUTE } from "../../scripts/lib/durations.ts";
import type { Random } from "../../scripts/lib/random.ts";

/** From, until: epoch milliseconds. */
export type Span = readonly [from: number, until: number];

export const LEDGER_FAULTS = [
  "down",
  "refused_connection",
  "slow",
  "rate_limited",
  "rejected",
  "unauthorized",
  "concurrent",
  "redirected",
  "foreign_page",
  "commit_then_silence",
  "answer_cut_off",
  "duplicated",
] as const;
export type LedgerFault = (typeof LEDGER_FAULTS)[number];

export interface Weather {
  /** After it nothing fails any more. */
  readonly endsAt: number;
  /** At each boundary of the object: before and after each call out, each write, each commit. */
  readonly crash: number;
  readonly worker: { readonly crash: number; readonly lostReply: number };
  readonly ledger: {
    readonly faults: readonly (readonly [fault: LedgerFault, rate: number])[];
    readonly outages: readonly Span[];
  };
  readonly index: {
    readonly refuses: number;
    readonly losesAnswer: number;
    readonly hangs: number;
    readonly late: number;
    readonly outages: readonly Span[];
  };
  readonly alarm: {
    readonly late: number;
    readonly daysLate: number;
    /** For days after the storm: the watchdog must come instead. */
    readonly lost: number;
    readonly twice: number;
    readonly unasked: number;
  };
  readonly stripe: {
    readonly sameMoment: number;
    readonly overtaken: number;
    readonly twin: number;
    readonly contradiction: number;
    readonly resend: number;
    readonly silences: readonly Span[];
  };
  readonly operators: { readonly retriesPerDay: number; readonly resolves: number };
  readonly slowCommit: number;
  /** While the first events are purged it is rough once more. Null: it is not. */
  readonly squall: Span | null;
  /** Until the deploy then, the mapper does not know one of the currencies. */
  readonly learnsAt: number;
  /** How far the clock of an instance may be off, in milliseconds. */
  readonly clockSkewMs: number;
}

/** Longer than the retry horizon, in some histories: then it is for operators to come back to what failed. */
const LONGEST_STORM_MS = 90 * HOUR;

export function weatherOf(random: Random, start: number): Weather {
  const endsAt = start + random.magnitude(HOUR, LONGEST_STORM_MS);
  const rate = (most: number) => (random.chance(0.5) ? random.next() * most : 0);
  const spans = (most: number, longest: number) => spansOf(random, [start, endsAt], most, longest);
  const calm = random.chance(0.05);
  return {
    endsAt,
    crash: calm ? 0 : random.pick([0, 0.002, 0.01, 0.03, 0.1]),
    worker: { crash: rate(0.1), lostReply: rate(0.2) },
    ledger: {
      faults: calm ? [] : LEDGER_FAULTS.map((fault) => [fault, rate(fault === "rejected" ? 0.05 : 0.25)]),
      outages: calm ? [] : spans(2, LONGEST_STORM_MS),
    },
    index: {
      refuses: rate(0.3),
      losesAnswer: rate(0.2),
      hangs: rate(0.1),
      late: rate(0.3),
      outages: spans(2, 2 * HOUR),
    },
    alarm: {
      late: rate(0.3),
      daysLate: rate(0.1),
      lost: rate(0.2),
      twice: rate(0.2),
      unasked: rate(0.2),
    },
    stripe: {
      sameMoment: rate(0.5),
      overtaken: rate(0.5),
      twin: rate(0.3),
      contradiction: rate(0.2),
      resend: rate(0.3),
      silences: spans(1, 4 * DAY),
    },
    operators: { retriesPerDay: random.pick([0, 1, 6, 24]), resolves: rate(0.5) },
    slowCommit: rate(0.2),
    squall: random.chance(0.3) ? [start + 30 * DAY, start + 33 * DAY] : null,
    learnsAt: random.chance(0.3) ? random.whole(start, endsAt) : start,
    clockSkewMs: random.pick([0, 0, 5, 100]),
  };
}

function spansOf(random: Random, [from, until]: Span, most: number, longestMs: number): readonly Span[] {
  return Array.from({ length: random.chance(0.5) ? random.whole(1, most) : 0 }, () => {
    const begins = random.whole(from, until);
    return [begins, begins + random.magnitude(MINUTE, longestMs)];
  });
}

export function isWithin(spans: readonly Span[], time: number): boolean {
  return spans.some(([from, until]) => from <= time && time < until);
}
