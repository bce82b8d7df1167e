/** What clawsettle asks of Stripe's API, and what it can get back. Types only. */

/** A page of one of Stripe's lists. */
export interface ListQuery {
  /** Unix seconds, inclusive. */
  readonly createdGte: number;
  /** Unix seconds, exclusive. */
  readonly createdLt: number;
  /** The last item of the page before; null: the newest come first. */
  readonly startingAfter: string | null;
  readonly limit: number;
}

export interface EventsQuery extends ListQuery {
  readonly types: readonly string[];
}

/**
 * A port never throws, and passes on no text of Stripe's.
 *
 * - `refused`: the key is wrong, or may not read this. The same request would get the same answer.
 * - `starting_after_unknown`: Stripe does not know `startingAfter` (any more).
 * - `rejected`: Stripe does not accept the request.
 * - `unavailable`: a rate limit, an outage, a lost connection: the same request again, later.
 */
export type ListAnswer =
  | { readonly kind: "page"; readonly items: readonly unknown[]; readonly hasMore: boolean }
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
  list(query: EventsQuery): Promise<ListAnswer>;
}

export interface StripeMoney {
  /** One request: balance transactions, newest first, each with the object that it belongs to. */
  listTransactions(query: ListQuery): Promise<ListAnswer>;
  /** Whose key it is: two requests. */
  findOwnAccount(): Promise<OwnAccountAnswer>;
  /** Whether the key may act for the connected account that is asked about. */
  findConnectedAccount(): Promise<ConnectedAccountAnswer>;
}

/** The account behind the key. */
export type OwnAccountAnswer =
  | { readonly kind: "found"; readonly account: { readonly id: string; readonly livemode: boolean } }
  | Exclude<ListAnswer, { kind: "page" | "starting_after_unknown" }>;

export type ConnectedAccountAnswer =
  | { readonly kind: "found" }
  /**
   * It was disconnected, it does not exist, or the key lacks the permission. The
   * same request would get the same answer.
   */
  | { readonly kind: "connected_account_refused" }
  | Extract<ListAnswer, { kind: "unavailable" }>;

export interface PaymentQuestion {
  /** `pi_…`, or `ch_…` of a charge without an intent. */
  readonly payment: string;
  /** `cus_…`; null: the payment's own event names none. */
  readonly customer: string | null;
  /** `acct_…`: asked as that connected account. null: as the account of the key. */
  readonly stripe_account: string | null;
}

/** Where the account's id was read. */
export type StripeAccountSource =
  | "checkout_session"
  | "client_reference_id"
  | "invoice"
  | "subscription"
  | "customer";

/**
 * A rate limit, an outage, a lost connection, an answer that is not Stripe's, and a refusal too: a wrong key
 * or a missing permission heals once somebody repairs it.
 */
export type StripeUnavailable = { readonly kind: "unavailable"; readonly retry_after_ms: number | null };

export type AccountFound = {
  readonly kind: "found";
  readonly account_id: string;
  readonly source: StripeAccountSource;
};

export interface StripeLookups {
  /**
   * In the order of the sources. `none` is an answer: all were asked, and none names an account; or the first
   * that does names two different ones, which no further question decides.
   */
  findAccount(
    question: PaymentQuestion,
  ): Promise<AccountFound | { readonly kind: "none" } | StripeUnavailable>;
  /** `reporting_category` of a balance transaction. `none`: Stripe does not know the transaction. */
  findReportingCategory(
    transaction: string,
    stripeAccount: string | null,
  ): Promise<
    | { readonly kind: "found"; readonly reporting_category: string }
    | { readonly kind: "none" }
    | StripeUnavailable
  >;
}
