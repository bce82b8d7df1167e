/** What the load generator is to do, and what it answers. Types only: both processes load this. */

type Work =
  /** Signed deliveries of the events `indices`; `store` sets them apart from another store's. */
  | { readonly kind: "deliveries"; store: string; indices: readonly number[]; secret: string }
  /** The same GET again and again. */
  | { readonly kind: "gets"; path: string; adminKey: string; times: number }
  /** One signed body of about `bytes`, posted `times` times. */
  | { readonly kind: "posts"; path: string; bytes: number; secret: string; times: number };

export interface Job {
  readonly origin: string;
  /** Requests under way at once, each on a connection of its own: nothing is pipelined. */
  readonly concurrency: number;
  readonly work: Work;
  /** Each answer must have this status, and this text in its body: quick and wrong counts for nothing. */
  readonly expect: { readonly status: number; readonly text: string };
}

export interface Done {
  readonly seconds: number;
  readonly latenciesMs: readonly number[];
}

export type Answer =
  | { readonly ok: true; readonly done: Done }
  | { readonly ok: false; readonly problem: string };
