/** How much is measured. A short run has the same rows; its ratios waver more. */

export const FULL = {
  /** How often each comparison is repeated, side after side. */
  rounds: 15,
  /** Requests per run. */
  settle: 400,
  replay: 300,
  forged: 1_500,
  /** In one request: a Worker's clock stands still while it computes. */
  verifications: 5_000,
  lists: 150,
  /** Stored events at which the large store is compared with one of `fewEvents`. The last is the target's. */
  storedEvents: [10_000, 100_000],
  fewEvents: 1_000,
  /** How often what grows is measured. */
  growthRounds: 5,
};
export type Effort = Readonly<typeof FULL>;

export const QUICK: Effort = {
  ...FULL,
  rounds: 7,
  settle: 250,
  replay: 200,
  forged: 800,
  verifications: 2_500,
  lists: 100,
  storedEvents: [10_000],
  growthRounds: 3,
};

/** Enough that a Worker is never idle, and few enough that p99 is not just the queue. */
export const CONCURRENCY = 16;
/** For latencies: what one sender sees, not what a crowd does. */
export const FEW_AT_ONCE = 2;
