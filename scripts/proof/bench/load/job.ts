/** What the load generator is to do, and what it answers. Types only: both sides of the process boundary load this. */

/** Signed deliveries of the events `indices`. All of them are built and signed before the clock starts. */
export interface Deliveries {
  readonly kind: "deliveries";
  /** Sets this store's events apart from another's. */
  readonly store: string;
  readonly indices: readonly number[];
  readonly secret: string;
}

/** The same GET again and again. */
export interface Gets {
  readonly kind: "gets";
  readonly path: string;
  readonly adminKey: string;
  readonly times: number;
}

/** One signed body of about `bytes`, posted `times` times. */
export interface Posts {
  readonly kind: "posts";
  readonly path: string;
  readonly bytes: number;
  readonly secret: string;
  readonly times: number;
}

export interface Job {
  readonly origin: string;
  /** Requests under way at once, each on a connection of its own: nothing is pipelined. */
  readonly concurrency: number;
  readonly work: Deliveries | Gets | Posts;
  /** Each answer must have this status, and this text in its body: an answer that is quick and wrong counts for nothing. */
  readonly expect: { readonly status: number; readonly text: string };
}

export interface Done {
  readonly seconds: number;
  readonly latenciesMs: readonly number[];
}

export type Answer =
  | { readonly ok: true; readonly done: Done }
  | { readonly ok: false; readonly problem: string };
