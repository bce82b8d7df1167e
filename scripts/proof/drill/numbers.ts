/** The numbers of a drill, from its evidence. Pure. */
import type { EventState } from "../../../src/event/event-state.ts";
import { percentile, rounded } from "../../lib/statistics.ts";
import type { CrashResult } from "./crash.ts";
import type { Evidence } from "./evidence.ts";
import { expectedEnd } from "./expected-end.ts";
import type { OutageResult, OutageSpan } from "./outage.ts";
import type { ReconcileResult } from "./reconcile.ts";

export type Spread = ReturnType<typeof spreadOf>;

export function spreadOf(values: readonly number[]) {
  if (values.length === 0) return { least: 0, median: 0, most: 0 };
  return { least: Math.min(...values), median: percentile(values, 0.5), most: Math.max(...values) };
}

/** Of the load of a crash or outage drill, and of its end. */
export function loadNumbers({ events, delivered, views, stats, requests }: Evidence) {
  const total = (field: "deliveries" | "refused" | "lost") =>
    [...delivered.values()].reduce((sum, one) => sum + one[field], 0);
  return {
    events: events.length,
    money_events: events.filter(({ movement, heldFor }) => movement !== null && heldFor === null).length,
    deliveries: total("deliveries"),
    deliveries_refused: total("refused"),
    deliveries_without_answer: total("lost"),
    ledger_requests: requests.length,
    ledger_requests_by_fault: countBy(requests, ({ fault }) => fault ?? "none"),
    end_states: countBy(views.values(), ({ state }) => state),
    waiting_for_operators: countBy(
      events.filter(({ id }) => views.get(id)?.state === "failed"),
      expectedEnd,
    ),
    attempts: attemptNumbers(events.flatMap(({ id }) => views.get(id) ?? [])),
    rescues: stats.rescues,
  };
}

/** Of attempted events that came to their end: what waits for ever counts its attempts for ever. */
function attemptNumbers(views: readonly EventState[]) {
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

export function crashNumbers({ options, kills, healed, evidence, disagreements, seconds }: CrashResult) {
  const cutOff = [...evidence.views.values()].filter((view) =>
    view.attempt_log.some((attempt) => kills.some(({ at }) => spans(attempt, at))),
  );
  return {
    ...options,
    seconds: Math.round(seconds),
    kills: {
      count: kills.length,
      by_aim: countBy(kills, ({ aim }) => aim),
      by_ledger: countBy(kills, ({ ledger }) => ledger),
      deliveries_in_flight: spreadOf(kills.map(({ inFlight }) => inFlight)),
      deliveries_in_flight_in_all: kills.reduce((sum, { inFlight }) => sum + inFlight, 0),
      seconds_until_up_again: spreadOf(kills.map(({ restartMs }) => rounded(restartMs / 1000))),
    },
    events_with_an_attempt_cut_off: cutOff.length,
    load: loadNumbers(evidence),
    seconds_until_at_rest: rounded(healed.seconds),
    tried_again_by_an_operator: healed.operatorRetries,
    effects_completed_by_an_operator: healed.repairs,
    disagreements: disagreements.length,
  };
}

/** No attempt outlives its process: one under way at a kill was cut off, and closed by its successor. */
function spans({ started_at, duration_ms }: EventState["attempt_log"][number], at: number): boolean {
  const from = Date.parse(started_at);
  return from <= at && from + duration_ms >= at;
}

/** After an outage the ledger must not see more than this many times what it sees when all is well. */
export const STAMPEDE_FACTOR = 4;
/** Of the recovery, second by second. */
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
    seconds_away: rounded((until - from) / 1000),
    events_that_waited: waited.length,
    /** From the ledger's return. */
    seconds_until_half_were_forwarded: rounded(
      spreadOf(waited.map(({ afterSeconds }) => afterSeconds)).median,
    ),
    seconds_until_all_were_forwarded: rounded(Math.max(0, ...waited.map(({ afterSeconds }) => afterSeconds))),
    attempts_per_event_that_waited: spreadOf(waited.map(({ attempts }) => attempts)),
    came_to_rest: atRestAt !== null,
    requests_per_second: perSecond,
    peak_per_second: peak,
    peak_allowed: rate * STAMPEDE_FACTOR,
    stampede: peak > rate * STAMPEDE_FACTOR,
  };
}

function acceptedAt({ attempt_log }: EventState): number | null {
  const accepted = attempt_log.find(({ outcome }) => outcome === "accepted");
  return accepted === undefined ? null : Date.parse(accepted.started_at) + accepted.duration_ms;
}

export function reconcileNumbers({ options, plan, evidence, runs, seconds }: ReconcileResult) {
  const [first, second] = runs.map(({ report, seconds: took }) => ({
    seconds: rounded(took),
    pages: report.progress.pages,
    events: report.progress.events,
    found: Object.fromEntries(Object.entries(report.counts).filter(([, count]) => count > 0)),
  }));
  return {
    payments: options.payments,
    lost: options.lost,
    altered: options.altered,
    kills: options.kills,
    stripe_faults: options.faults ? "429 or 500 on one page in five" : "none",
    live_payments: plan.live.length,
    first_run: first,
    second_run: second,
    late_deliveries_that_were_replays: plan.lost.filter(({ id }) => evidence.delivered.get(id)?.firsts === 0)
      .length,
    balances_compared: evidence.balances.size,
    seconds: rounded(seconds),
  };
}

function countBy<T>(items: Iterable<T>, key: (item: T) => string): Record<string, number> {
  const groups = Map.groupBy(items, key);
  return Object.fromEntries([...groups].map(([name, { length }]) => [name, length] as const).sort());
}
