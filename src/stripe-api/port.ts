/** What clawsettle asks of Stripe's API, and what it can get back. Types only. */

export interface EventsQuery {
  readonly types: readonly string[];
  /** Unix seconds, inclusive. */
  readonly createdGte: number;
  /** Unix seconds, exclusive. */
  readonly createdLt: number;
  /** The last event of the page before; null: the newest come first. */
  readonly startingAfter: string | null;
  readonly limit: number;
}

/**
 * A port never throws, and passes on no text of Stripe's.
 *
 * - `refused`: the key is wrong, or may not read events. The same request would get the same answer.
 * - `starting_after_unknown`: Stripe does not know `startingAfter` (any more).
 * - `rejected`: Stripe does not accept the request.
 * - `unavailable`: a rate limit, an outage, a lost connection: the same request again, later.
 */
export type EventsAnswer =
  | { readonly kind: "page"; readonly events: readonly unknown[]; readonly hasMore: boolean }
  | { readonly kind: "refused"; readonly status: number }
  | { readonly kind: "starting_after_unknown" }
  | { readonly kind: "rejected"; readonly status: number }
  | {
      readonly kind: "unavailable";
      /** null: no answer. */
      readonly status: number | null;
      readonly retryAfter: string | null;
    };

export interface StripeEvents {
  /** One request, newest first. */
  list(query: EventsQuery): Promise<EventsAnswer>;
}
