/**
 * Dollars for what an event uses, by Cloudflare's price list of 2026 (Workers Paid, beyond what is included):
 * developers.cloudflare.com/durable-objects/platform/pricing and …/workers/platform/pricing. Pure.
 */

/** US dollars per million of each, but for storage: per GB and month. */
export const PRICES = {
  workerRequests: 0.3,
  /** RPC calls and alarm runs. */
  objectRequests: 0.15,
  /** Each `put`, each `setAlarm`, each row inserted, changed or deleted. */
  rows: 1,
  /** Of an object's active time, at 128 MB whatever it uses. */
  gigabyteSeconds: 12.5,
  gigabyteMonths: 0.2,
} as const;

/** What each counts, for a reader of the bill. */
export const PRICED: Readonly<Record<keyof typeof PRICES, string>> = {
  workerRequests: "million Worker requests",
  objectRequests: "million requests to Durable Objects, alarm runs among them",
  rows: "million rows written; each alarm set and each row deleted is one",
  gigabyteSeconds: "million GB-s of objects' active time, each at 128 MB",
  gigabyteMonths: "GB and month of storage",
};

const OBJECT_GB = 0.128;
const DAYS_PER_MONTH = 30;

/** What one event uses in its whole life, its purge included. */
export interface Usage {
  readonly workerRequests: number;
  readonly objectRequests: number;
  readonly rows: number;
  readonly activeMs: number;
  readonly restingBytes: number;
}

export interface Dollars {
  readonly requests: number;
  readonly rows: number;
  readonly duration: number;
  readonly storage: number;
  readonly total: number;
}

/** For a million such events, each kept for `days`. */
export function dollarsPerMillion(usage: Usage, days: number): Dollars {
  const requests =
    usage.workerRequests * PRICES.workerRequests + usage.objectRequests * PRICES.objectRequests;
  const rows = usage.rows * PRICES.rows;
  const duration = (usage.activeMs / 1_000) * OBJECT_GB * PRICES.gigabyteSeconds;
  // A million events of so many bytes are so many thousandths of a GB.
  const storage = (usage.restingBytes / 1_000) * (days / DAYS_PER_MONTH) * PRICES.gigabyteMonths;
  return { requests, rows, duration, storage, total: requests + rows + duration + storage };
}
