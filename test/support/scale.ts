/**
 * What a deployment needs at a rate of settled events that never rests, with
 * 30 days of retention. On paper. Pure.
 */
import { dollarsPerMillion, PRICES, type Usage } from "./price-list.ts";

const SECONDS_PER_DAY = 86_400;
const DAYS = 30;
/** An object holds up to 10 GB, and commits some 200 times a second with ease. */
const OBJECT_GB = 10;
const OBJECT_WRITES_PER_SECOND = 200;
/** The default, and the most that can be configured. */
const SHARDS = [8, 600] as const;
const LEDGER_SECONDS = 0.1;

/** Events per second; the last is the rate that makes 10\u2079 stored events. */
const RATES = [10, 1_000, 10_000, 1e9 / (DAYS * SECONDS_PER_DAY)];

type Row = readonly [name: string, cell: (rate: number) => string];

export function scaleTable(settled: Usage, indexBytes: number): [head: string[], rows: string[][]] {
  const stored = (rate: number) => rate * SECONDS_PER_DAY * DAYS;
  const gigabytes = (rate: number) => (stored(rate) * settled.restingBytes) / 1e9;
  const indexGigabytes = (rate: number) => (stored(rate) * indexBytes) / 1e9;
  const rows: readonly Row[] = [
    ["objects made per second", (rate) => count(rate)],
    ["events stored", (rate) => count(stored(rate))],
    ["at rest", (rate) => `${count(gigabytes(rate))} GB`],
    ["of that, in the index", (rate) => `${count(indexGigabytes(rate))} GB`],
    ...SHARDS.map((shards): Row => [
      `rows per second and shard, of ${shards}`,
      (rate) => judged(rate / shards, OBJECT_WRITES_PER_SECOND, ""),
    ]),
    ...SHARDS.map((shards): Row => [
      `bytes per shard, of ${shards}`,
      (rate) => judged(indexGigabytes(rate) / shards, OBJECT_GB, " GB"),
    ]),
    ["shards needed for the bytes", (rate) => count(Math.ceil(indexGigabytes(rate) / OBJECT_GB))],
    [
      "requests to the ledger per second, and under way",
      (rate) => `${count(rate)}, ${count(rate * LEDGER_SECONDS)}`,
    ],
    ["storage, $ per month", (rate) => count(gigabytes(rate) * PRICES.gigabyteMonths)],
    ["all in, $ per month", (rate) => count((stored(rate) / 1e6) * dollarsPerMillion(settled, DAYS).total)],
  ];
  const head = ["", ...RATES.map((rate) => `${count(rate)} events/s`)];
  return [head, rows.map(([name, cell]) => [name].concat(RATES.map(cell)))];
}

/** What passes its limit stands out. */
function judged(value: number, limit: number, unit: string): string {
  const text = `${count(value)}${unit}`;
  return value > limit ? `**${text}**` : text;
}

/** Three digits say enough on paper. */
function count(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 2 });
}
