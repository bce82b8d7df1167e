/**
 * Which faults a history meets, and how often. Each kind is switched off in many histories: where everything
 * breaks at once nothing gets far enough to break in an interesting place.
 */
import { DAY, HOUR, MINUTE } from "../../scripts/lib/durations.ts";
import type { Random } from "../../scripts/lib/random.ts";

/** From, until: epoch milliseconds. */
export type Span = readonly [from: number, until: number];

/** What can happen to one request to the ledger. At most one of them happens to each. */
export const LEDGER_FAULTS = [
  /** Its process dies before one of its statements. */
  "dies",
  /** Stalls at one of its statements, perhaps beyond the timeout. */
  "slow",
  /** Done, but the answer is lost, or arrives in part. */
  "silence_after_commit",
  "answer_cut_off",
  /** A proxy gets no answer, and sends the request again. */
  "duplicated",
  /** Something in front of the ledger answers, and the request may run all the same. */
  "foreign_answer",
  /** The connection is never made. */
  "refused_connection",
  /** Refused by the ledger, without doing anything. */
  "down",
  "rate_limited",
  "rejected",
  "unauthorized",
  "concurrent",
] as const;
export type LedgerFault = (typeof LEDGER_FAULTS)[number];

/** After these a request may be running, or may have ended anywhere. */
const MAY_STILL_RUN: readonly LedgerFault[] = [
  "dies",
  "slow",
  "silence_after_commit",
  "answer_cut_off",
  "foreign_answer",
];

export interface FaultPlan {
  /** After it nothing fails any more. */
  readonly endsAt: number;
  /** At each boundary of an object: before and after each call out, each write, each commit. */
  readonly crash: number;
  readonly worker: { readonly crash: number; readonly lostReply: number };
  readonly ledger: {
    readonly faults: readonly (readonly [fault: LedgerFault, rate: number])[];
    readonly outages: readonly Span[];
    /** Between two statements of a request. */
    readonly statementMs: number;
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
    /** For days after the faults: the watchdog must come instead. */
    readonly lost: number;
    /** Of an event that only an operator moves, so that nobody comes instead. */
    readonly lostForGood: number;
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
    /** Events wait, and are sent together at multiples of this time. Zero: each at once. */
    readonly backlogMs: number;
  };
  readonly stripeApi: {
    readonly fails: number;
    readonly slow: number;
    readonly outages: readonly Span[];
    /** The key is wrong meanwhile. */
    readonly refusals: readonly Span[];
  };
  readonly operators: {
    readonly retriesPerDay: number;
    readonly resolves: number;
    /** Of what nobody's account is known for. */
    readonly assigns: number;
  };
  readonly slowCommit: number;
  /** While the first events are purged, faults happen once more. Null: they do not. */
  readonly late: Span | null;
  /** Until the deploy then, the mapper does not know one of the currencies. */
  readonly learnsAt: number;
  /** How far the clock of an instance may be off, in milliseconds. */
  readonly clockSkewMs: number;
}

/** Longer than the retry horizon, in some histories: then it is for operators to come back to what failed. */
const LONGEST_MS = 90 * HOUR;

export function planFaults(random: Random, start: number): FaultPlan {
  const plan = planAnyFaults(random, start);
  return random.chance(0.25) ? rushOn(plan, random, start) : plan;
}

/**
 * Everything comes at once, and what can go wrong is a request to the ledger, or a lane. Where all else fails
 * too, two requests of one account seldom meet.
 */
function rushOn(plan: FaultPlan, random: Random, start: number): FaultPlan {
  return {
    ...plan,
    endsAt: start + random.whole(13, 30) * HOUR,
    crash: random.pick([0, 0.03, 0.1]),
    ledger: {
      faults: MAY_STILL_RUN.map((fault) => [fault, random.next() * 0.3]),
      outages: [],
      statementMs: random.pick([5, 40, 400]),
    },
    stripe: { ...plan.stripe, silences: [], backlogMs: 12 * HOUR },
    learnsAt: start,
  };
}

function planAnyFaults(random: Random, start: number): FaultPlan {
  const endsAt = start + random.magnitude(HOUR, LONGEST_MS);
  const rate = (most: number) => (random.chance(0.5) ? random.next() * most : 0);
  const spans = (most: number, longest: number) => spansOf(random, [start, endsAt], most, longest);
  const isSound = random.chance(0.05);
  return {
    endsAt,
    crash: isSound ? 0 : random.pick([0, 0.002, 0.01, 0.03, 0.1]),
    worker: { crash: rate(0.1), lostReply: rate(0.2) },
    ledger: {
      faults: isSound ? [] : LEDGER_FAULTS.map((fault) => [fault, rate(fault === "rejected" ? 0.05 : 0.25)]),
      outages: isSound ? [] : spans(2, LONGEST_MS),
      statementMs: random.pick([0, 5, 40, 400]),
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
      lostForGood: rate(1),
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
      backlogMs: random.chance(0.5) ? random.magnitude(HOUR, 12 * HOUR) : 0,
    },
    stripeApi: { fails: rate(0.3), slow: rate(0.2), outages: spans(1, DAY), refusals: spans(1, DAY) },
    operators: { retriesPerDay: random.pick([0, 1, 6, 24]), resolves: rate(0.5), assigns: rate(1) },
    slowCommit: rate(0.2),
    late: random.chance(0.3) ? [start + 30 * DAY, start + 33 * DAY] : null,
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
