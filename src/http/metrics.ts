/** The statistics as Prometheus reads them (text exposition format 0.0.4). Pure. */
import type { Statistics } from "../operators/statistics-schema.ts";

/**
 * Values are numbers, or amounts as text. Labels are names of ours, currencies and the ids of Stripe's
 * accounts: nothing in them needs escaping.
 */
type Sample = readonly [labels: string, value: number | string];

/** Sums over events shrink when old ones are purged, so only what never shrinks is called a counter. */
export function metricsOf(stats: Statistics): string {
  const { states, open, last_24h } = stats;
  const amounts = open.flatMap(({ currency, amount_minor }): Sample[] =>
    amount_minor === null ? [] : [[label("currency", currency ?? ""), amount_minor]],
  );
  return [
    family("events", "gauge", "Events that are kept, by state.", labelled("state", states)),
    family(
      "open_events",
      "gauge",
      "Events that are neither settled nor closed; currency unknown: it, or the amount, could not be read.",
      open.map(({ currency, count }) => [label("currency", currency ?? "unknown"), count]),
    ),
    family("open_amount_minor", "gauge", "Money in open events, in minor units of the currency.", amounts),
    family("oldest_open_age_seconds", "gauge", "Age of the oldest open event; 0 when none is open.", [
      ["", stats.oldest_open_age_seconds ?? 0],
    ]),
    family("attempts", "gauge", "Requests to the ledger that the kept events took.", [["", stats.attempts]]),
    family("watchdog_rescues_total", "counter", "Events whose alarm was lost, and that the watchdog woke.", [
      ["", stats.rescues],
    ]),
    family(
      "last_24h",
      "gauge",
      "Events received in the last 24 hours, from a full hour on; where they stand now, and the attempts they took.",
      labelled("count", last_24h),
    ),
    ...unlistedMetrics(stats.unlisted_accounts),
    ...refusedMetrics(stats.refused_deliveries),
    ...gaugeIfKnown(
      "last_sweep_age_seconds",
      "How long ago the cron last woke what was overdue; under 300 is usual.",
      stats.last_sweep_age_seconds,
    ),
    ...watermarkMetrics(stats.reconciliation),
  ].join("");
}

function unlistedMetrics(accounts: Statistics["unlisted_accounts"]): string[] {
  const help =
    "Events of connected accounts that are not listed. One of which none came for the retention is forgotten.";
  const samples = accounts.map(({ account, events }): Sample => [
    label("account", account ?? "others"),
    events,
  ]);
  return samples.length === 0 ? [] : [family("unlisted_account_events", "gauge", help, samples)];
}

function refusedMetrics(refused: Statistics["refused_deliveries"]): string[] {
  const help =
    "Deliveries of the last 24 hours that were refused although Stripe signed them, or were too large to check.";
  const samples = refused.map(({ reason, last_24h }): Sample => [label("reason", reason), last_24h]);
  return samples.length === 0 ? [] : [family("refused_deliveries_last_24h", "gauge", help, samples)];
}

function watermarkMetrics(watermark: Statistics["reconciliation"]): string[] {
  if (watermark === null) return [];
  const { configured, complete_up_to, behind_seconds, last_run } = watermark;
  return [
    ...gaugeIfKnown(
      "reconciliation_configured",
      "1 when there is a key for Stripe's API.",
      configured ? 1 : 0,
    ),
    ...gaugeIfKnown(
      "reconciliation_complete_up_to_seconds",
      "Everything that Stripe knows up to this Unix time is known here.",
      complete_up_to === null ? null : Date.parse(complete_up_to) / 1_000,
    ),
    ...gaugeIfKnown(
      "reconciliation_behind_seconds",
      "How long ago that was; about an hour is usual.",
      behind_seconds,
    ),
    ...gaugeIfKnown(
      "reconciliation_last_run_complete",
      "1 when the last hourly run came to its end.",
      last_run === null ? null : Number(last_run.status === "complete"),
    ),
  ];
}

/** A value that is not known (out of reach, never switched on, or not yet) has no sample. */
function gaugeIfKnown(name: string, help: string, value: number | null): string[] {
  return value === null ? [] : [family(name, "gauge", help, [["", value]])];
}

function family(name: string, type: "gauge" | "counter", help: string, samples: readonly Sample[]): string {
  const full = `clawsettle_${name}`;
  const lines = samples.map(([labels, value]) => `${full}${labels} ${value}\n`);
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join("")}`;
}

function labelled(name: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([key, value]) => [label(name, key), value]);
}

function label(name: string, value: string): string {
  return `{${name}="${value}"}`;
}
