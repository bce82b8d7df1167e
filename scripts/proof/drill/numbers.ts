/** The numbers of a drill, from its evidence. Pure. */
import type { CrashResult } from "./crash.ts";
import type { Evidence } from "./evidence.ts";
import type { EventView } from "./operator.ts";
import type { OutageResult, OutageSpan } from "./outage.ts";
import { fateOf } from "./plan-histories.ts";

export interface Spread {
  readonly least: number;
  readonly median: number;
  readonly most: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return { least: sorted[0] ?? 0, median, most: sorted.at(-1) ?? 0 };
}

/** What both drills tell of their load and of its end. */
export function loadNumbers({ events, delivered, views, stats, requests }: Evidence) {
  const told = [...delivered.values()];
  const total = (count: (one: (typeof told)[number]) => number) =>
    told.reduce((sum, one) => sum + count(one), 0);
  return {
    events: events.length,
    money_events: events.filter(({ expected }) => expected === "money").length,
    deliveries: total(({ deliveries }) => deliveries),
    deliveries_refused: total(({ refused }) => refused),
    deliveries_without_answer: total(({ lost }) => lost),
    ledger_requests: requests.length,
    ledger_requests_by_fault: countBy(requests, ({ fault }) => fault ?? "none"),
    end_states: countBy(views.values(), ({ state }) => state),
    waiting_for_operators: countBy(
      events.filter(({ id }) => views.get(id)?.state === "failed"),
      (event) => (fateOf(event) === "forwarded_or_overtaken" ? "overtaken" : fateOf(event)),
    ),
    attempts: attemptNumbers(events.flatMap(({ id }) => views.get(id) ?? [])),
    rescues: stats.rescues,
  };
}

/** Of events that were attempted at all, and have come to their end: what waits for ever counts its attempts for ever. */
function attemptNumbers(views: readonly EventView[]) {
  const done = views.filter(({ state, attempts }) => state === "forwarded" && attempts > 0);
  return {
    per_forwarded_event: spreadOf(done.map(({ attempts }) => attempts)),
    by_trigger: countBy(
      done.flatMap(({ attempt_log }) => attempt_log),
      ({ trigger }) => trigger,
    ),
    that_forwarded_by_trigger: countBy(
      done.flatMap(({ attempt_log }) => attempt_log.filter(({ outcome }) => outcome === "accepted")),
      ({ trigger }) => trigger,
    ),
  };
}

export function crashNumbers({ options, kills, settled, evidence, disagreements, seconds }: CrashResult) {
  const cutOff = [...evidence.views.values()].filter((view) =>
    view.attempt_log.some((attempt) => kills.some(({ at }) => spans(attempt, at))),
  );
  return {
    ...options,
    seconds: Math.round(seconds),
    kills: {
      count: kills.length,
      by_aim: countBy(kills, ({ aim }) => aim),
      by_ledger: countBy(kills, ({ weather }) => weather),
      deliveries_in_flight: spreadOf(kills.map(({ inFlight }) => inFlight)),
      deliveries_in_flight_in_all: kills.reduce((sum, { inFlight }) => sum + inFlight, 0),
      seconds_until_up_again: spreadOf(kills.map(({ restartMs }) => Math.round(restartMs / 100) / 10)),
    },
    events_with_an_attempt_cut_off: cutOff.length,
    load: loadNumbers(evidence),
    seconds_until_at_rest: Math.round(settled.seconds * 10) / 10,
    tried_again_by_an_operator: settled.operatorRetries,
    disagreements: disagreements.length,
  };
}

/** No attempt outlives its process, so one that was under way at a kill was cut off, and closed by its successor. */
function spans({ started_at, duration_ms }: EventView["attempt_log"][number], at: number): boolean {
  const from = Date.parse(started_at);
  return from <= at && from + duration_ms >= at;
}

/** After an outage the ledger must not see more than this many times what it sees when all is well. */
export const STAMPEDE_FACTOR = 4;
/** Of the recovery, as told second by second. */
const HISTOGRAM_SECONDS = 60;

export function outageNumbers({ options, spans: outages, evidence, disagreements, seconds }: OutageResult) {
  return {
    ...options,
    total_seconds: Math.round(seconds),
    outages: outages.map((span) => recoveryNumbers(span, evidence, options.rate)),
    load: loadNumbers(evidence),
    disagreements: disagreements.length,
  };
}

export function recoveryNumbers(
  { kind, from, until, atRestAt }: OutageSpan,
  evidence: Evidence,
  rate: number,
) {
  const waited = [...evidence.views.values()].flatMap((view) => {
    const accepted = acceptedAt(view);
    const received = Date.parse(view.received_at);
    return accepted !== null && received >= from && received < until && accepted >= until
      ? [{ afterSeconds: (accepted - until) / 1000, attempts: view.attempts }]
      : [];
  });
  const arrivals = evidence.requests.map(({ received_at }) => Date.parse(received_at));
  const perSecond = Array.from({ length: HISTOGRAM_SECONDS }, (_, n) => {
    const begin = until + n * 1000;
    return arrivals.filter((at) => at >= begin && at < begin + 1000).length;
  });
  const peak = Math.max(...perSecond);
  return {
    kind,
    seconds_away: Math.round((until - from) / 100) / 10,
    events_that_waited: waited.length,
    /** From the ledger's return. */
    seconds_until_half_were_forwarded: round(spreadOf(waited.map(({ afterSeconds }) => afterSeconds)).median),
    seconds_until_all_were_forwarded: round(Math.max(0, ...waited.map(({ afterSeconds }) => afterSeconds))),
    attempts_per_event_that_waited: spreadOf(waited.map(({ attempts }) => attempts)),
    came_to_rest: atRestAt !== null,
    requests_per_second: perSecond,
    peak_per_second: peak,
    peak_allowed: rate * STAMPEDE_FACTOR,
    stampede: peak > rate * STAMPEDE_FACTOR,
  };
}

function acceptedAt({ attempt_log }: EventView): number | null {
  const accepted = attempt_log.find(({ outcome }) => outcome === "accepted");
  return accepted === undefined ? null : Date.parse(accepted.started_at) + accepted.duration_ms;
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

function countBy<T>(items: Iterable<T>, key: (item: T) => string): Record<string, number> {
  const groups = Map.groupBy(items, key);
  return Object.fromEntries([...groups].map(([name, { length }]) => [name, length] as const).sort());
}
