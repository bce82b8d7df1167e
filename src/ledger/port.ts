/** What clawsettle asks of a ledger, and what it can hear back. Types only. */

/**
 * The outcome of one request to the ledger. A port never throws: silence is an outcome too.
 *
 * - `accepted`: the settlement is in the ledger.
 * - `rejected`: permanent; the same request would be refused for ever.
 * - `unavailable`: refused for now, in a way that can heal.
 * - `unknown`: no usable answer. The ledger may or may not hold the settlement; the same key and bytes find out.
 */
export type LedgerOutcome =
  | { readonly kind: "accepted"; readonly ledger_status: number; readonly settlement_id: string }
  | LedgerRefusal;

export type LedgerRefusal =
  | { readonly kind: "rejected"; readonly ledger_status: number; readonly ledger_code: string | null }
  | {
      readonly kind: "unavailable";
      readonly ledger_status: number;
      readonly ledger_code: string | null;
      /** From `Retry-After`, in milliseconds from the answer; null without a usable one. */
      readonly retry_after_ms: number | null;
    }
  | { readonly kind: "unknown"; readonly why: UnknownWhy; readonly ledger_status: number | null };

export type UnknownWhy =
  | "timeout"
  | "connection_lost"
  | "answer_cut_off"
  /** A 2xx that carries no settlement: a proxy's page, or not the ledger at all. Believing it could lose money. */
  | "answer_not_a_settlement"
  /** The object was reset in the middle of the attempt. */
  | "interrupted";

/** The account of a payment's payin. "Not known yet" is `unavailable`, 404 `ACCOUNT_NOT_RESOLVED`. */
export type AccountLookup = { readonly kind: "found"; readonly account_id: string } | LedgerRefusal;

export interface Ledger {
  /** POSTs the frozen payload, as it stands, under the key. One request, no retry. */
  ingest(payload: string, idempotencyKey: string): Promise<LedgerOutcome>;
  /** Asks for the payin of a Stripe `payment_intent` (`pi_…`). One request, no retry. */
  findPayinAccount(paymentIntent: string): Promise<AccountLookup>;
}

/** What the ledger holds of one movement of money, as far as it can contradict ours. */
export interface LedgerSettlement {
  readonly account_id: string;
  readonly amount_minor: string;
  readonly currency: string;
  readonly status: string;
}

export type SettlementLookup =
  | { readonly kind: "found"; readonly settlement: LedgerSettlement }
  | { readonly kind: "absent" }
  | LedgerRefusal;

/** The ledger's own account of what was settled: for comparing, not for settling. */
export interface LedgerReader {
  /** One request, no retry. The natural key is unique, so there is at most one. */
  findSettlement(externalPaymentId: string, direction: string): Promise<SettlementLookup>;
}
