/** A drill's numbers in words, for people, as Markdown. Pure. */
import type {
  crashNumbers,
  loadNumbers,
  outageNumbers,
  reconcileNumbers,
  recoveryNumbers,
  Spread,
} from "./numbers.ts";
import type { auditDrill } from "./audit.ts";
import type { ledgerDrill } from "./ledger-kills.ts";
import type { accountDrill } from "./one-account.ts";
import type { Disagreement } from "./verdict/disagreement.ts";

type Numbers<Drill extends (...args: never[]) => Promise<object>> = Omit<
  Awaited<ReturnType<Drill>>,
  "disagreements"
>;

type Crash = ReturnType<typeof crashNumbers>;
type Outages = ReturnType<typeof outageNumbers>;
type Load = ReturnType<typeof loadNumbers>;
type Reconciliation = ReturnType<typeof reconcileNumbers>;
type Recovery = ReturnType<typeof recoveryNumbers>;

/** A broken drill can find thousands; the first ones are enough. */
const SHOWN_DISAGREEMENTS = 50;
const BAR_WIDTH = 40;

export function crashReport(numbers: Crash): string {
  const { kills, load } = numbers;
  return [
    `## Crash drill, seed ${numbers.seed}`,
    "",
    table([
      ["kills with `kill -9`", `${kills.count}: ${counted(kills.by_aim)}`],
      ["the ledger meanwhile", counted(kills.by_ledger)],
      [
        "deliveries in flight at a kill",
        `${spread(kills.deliveries_in_flight)}; ${kills.deliveries_in_flight_in_all} in all`,
      ],
      ["up again after", `${spread(kills.seconds_until_up_again)} s`],
      ["events with an attempt cut off by a kill", numbers.events_with_an_attempt_cut_off],
      ...loadRows(load),
      ["after the faults, at rest within", `${numbers.seconds_until_at_rest} s`],
      ["failed for good by a false refusal: tried again by an operator", numbers.tried_again_by_an_operator],
      [
        "effects that the ledger had lost, completed by an operator",
        numbers.effects_completed_by_an_operator,
      ],
      ["whole drill", `${numbers.seconds} s`],
    ]),
  ].join("\n");
}

export function outageReport(numbers: Outages): string {
  return [
    `## Outage drill, seed ${numbers.seed}, ${numbers.rate} new events a second`,
    "",
    ...numbers.outages.flatMap((recovery) => [...recoveryReport(recovery), ""]),
    "### All of it",
    "",
    table(loadRows(numbers.load)),
  ].join("\n");
}

export function reconcileReport(numbers: Reconciliation, seed: number): string {
  const run = (of: Reconciliation["first_run"]) =>
    `${of?.seconds} s, ${of?.pages} pages, found ${JSON.stringify(of?.found)}`;
  return [
    `## Reconciliation drill, seed ${seed}`,
    "",
    table([
      [
        "payments at Stripe, of them lost, altered at the ledger",
        `${numbers.payments}, ${numbers.lost}, ${numbers.altered}`,
      ],
      ["kills during the first run", numbers.kills],
      ["Stripe's faults", numbers.stripe_faults],
      ["payments delivered meanwhile", numbers.live_payments],
      ["first run", run(numbers.first_run)],
      ["second run", run(numbers.second_run)],
      ["lost deliveries that came late, and were replays", numbers.late_deliveries_that_were_replays],
      ["accounts whose balance is Stripe's truth", numbers.balances_compared],
      ["whole drill", `${numbers.seconds} s`],
    ]),
  ].join("\n");
}

function recoveryReport(recovery: Recovery): string[] {
  const { peak_per_second, peak_allowed, requests_per_second, stampede } = recovery;
  return [
    `### The ledger was away: ${recovery.kind}, ${recovery.seconds_away} s`,
    "",
    table([
      ["events that waited", recovery.events_that_waited],
      ["half of them forwarded, after its return", `${recovery.seconds_until_half_were_forwarded} s`],
      ["all of them forwarded", `${recovery.seconds_until_all_were_forwarded} s`],
      ["attempts each", spread(recovery.attempts_per_event_that_waited)],
      [
        "most requests in one second after its return",
        `${peak_per_second}, allowed ${peak_allowed}: ${stampede ? "**a stampede**" : "no stampede"}`,
      ],
    ]),
    "",
    "```",
    "requests at the ledger, second by second after its return",
    ...histogram(requests_per_second),
    "```",
  ];
}

function loadRows(load: Load): [string, string | number][] {
  const { attempts } = load;
  return [
    ["events", `${load.events}, of which ${load.money_events} move money`],
    [
      "deliveries",
      `${load.deliveries}: ${load.deliveries_refused} answered with an error, ${load.deliveries_without_answer} not at all`,
    ],
    ["requests at the ledger", `${load.ledger_requests}: ${counted(load.ledger_requests_by_fault)}`],
    ["attempts per forwarded event", spread(attempts.per_forwarded_event)],
    ["forwarded by an attempt of", counted(attempts.that_forwarded_by_trigger)],
    ["in the end", counted(load.end_states)],
    ["rightly waiting for an operator", counted(load.waiting_for_operators)],
    ["rescued by the watchdog", load.rescues],
  ];
}

export function auditReport(numbers: Numbers<typeof auditDrill>): string {
  const { payments, transactions, lost, never, altered, invented, effectless, twice, misread } = numbers;
  return [
    `## Audit drill, seed ${numbers.seed}`,
    "",
    table([
      ["payments, balance transactions at Stripe", `${payments}, ${transactions}`],
      ["deliveries lost, events never made", `${lost}, ${never}`],
      [
        "settlements altered, invented, without effect, booked twice",
        `${altered}, ${invented}, ${effectless}, ${twice}`,
      ],
      ["refunds booked at the running total", `${misread}`],
      [
        "four runs, the third after the repair, the last after the rest is accepted",
        numbers.run_seconds.map((s) => `${s} s`).join(", "),
      ],
      ["found", numbers.found.map((found) => JSON.stringify(found)).join(" · ")],
      ["whole drill", `${numbers.seconds} s`],
    ]),
  ].join("\n");
}

export function ledgerReport({ options, failed, credited, seconds }: Numbers<typeof ledgerDrill>): string {
  return [
    `## Ledger drill, seed ${options.seed}`,
    "",
    table([
      ["payments, accounts", `${options.payments}, ${options.accounts}`],
      ["kills of the ledger with `kill -9`", options.kills],
      [
        "effects that stood unproven in front of an operator",
        `${failed}, of which ${credited} had been credited`,
      ],
      ["whole drill", `${seconds} s`],
    ]),
  ].join("\n");
}

export function accountReport(numbers: Numbers<typeof accountDrill>): string {
  const { options, by_delivery, refused_for_now, p50_ms, p99_ms, seconds } = numbers;
  return [
    `## Account drill, seed ${options.seed}`,
    "",
    table([
      ["payments of one account", options.events],
      ["settled by their delivery, by their alarm", `${by_delivery}, ${refused_for_now}`],
      ["other accounts' p50: alone, meanwhile", `${p50_ms.alone}, ${p50_ms.during} ms`],
      ["other accounts' p99: alone, meanwhile", `${p99_ms.alone}, ${p99_ms.during} ms`],
      ["whole drill", `${seconds} s`],
    ]),
  ].join("\n");
}

export function verdictText(disagreements: readonly Disagreement[]): string {
  if (disagreements.length === 0) {
    return "**Stripe's truth, clawsettle's states and the ledger's books agree, event by event.**";
  }
  const shown = disagreements.slice(0, SHOWN_DISAGREEMENTS).map(({ about, what }) => `- ${about} ${what}`);
  const rest = disagreements.length - shown.length;
  return [
    `**${disagreements.length} disagreements:**`,
    "",
    ...shown,
    ...(rest > 0 ? [`- and ${rest} more`] : []),
  ].join("\n");
}

function histogram(perSecond: readonly number[]): string[] {
  const peak = Math.max(1, ...perSecond);
  return perSecond.map((count, second) => {
    const bar = "#".repeat(Math.round((count / peak) * BAR_WIDTH));
    return `${String(second).padStart(3)} s ${String(count).padStart(5)} ${bar}`.trimEnd();
  });
}

function table(rows: readonly (readonly [string, string | number])[]): string {
  return ["| | |", "|---|---|", ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join("\n");
}

function spread({ least, median, most }: Spread): string {
  return `${least} to ${most}, median ${median}`;
}

function counted(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return parts.length === 0 ? "none" : parts.join(", ");
}
