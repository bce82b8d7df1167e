/** What clawsettle asks of a ledger, and what it can get back. Types only. */
import type { HeldMovement } from "../settlement/questions.ts";

/**
 * The outcome of one request to the ledger. A port never throws: silence is an outcome too.
 *
 * - `accepted`: the settlement is in the ledger. `ledger_event_id` is the ledger's own event, which proves
 *   the effect; null where the answer names none.
 * - `rejected`: permanent; the same request would be refused every time.
 * - `unavailable`: refused for now, in a way that can heal.
 * - `unknown`: no usable answer. The ledger may or may not hold the
 *   settlement; the same key and bytes find out.
 */
export type LedgerOutcome =
  | {
      readonly kind: "accepted";
      readonly ledger_status: number;
      readonly settlement_id: string;
      readonly ledger_event_id: string | null;
    }
  | LedgerRefusal;

export type LedgerRefusal =
  | { readonly kind: "rejected"; readonly ledger_status: number; readonly ledger_code: string }
  | {
      readonly kind: "unavailable";
      /** null: it was not the ledger that could not be asked. */
      readonly ledger_status: number | null;
      readonly ledger_code: string | null;
      /** From `Retry-After`, in milliseconds from the answer; null without a usable one. */
      readonly retry_after_ms: number | null;
    }
  | {
      readonly kind: "unknown";
      readonly why: UnknownWhy;
      readonly ledger_status: number | null;
      /** A rate limit in front of the ledger has no error body of the ledger's, but it can say when. */
      readonly retry_after_ms?: number;
    };

export type UnknownWhy =
  | "timeout"
  | "connection_lost"
  | "answer_cut_off"
  /** A 2xx that carries no settlement, or a 4xx without the ledger's error body: something else answered. */
  | "answer_not_the_ledgers"
  /** An object was reset in the middle of the attempt. */
  | "interrupted";

/**
 * The outcome of an attempt: a turn in the lane of the settlement's account.
 *
 * - `unproven`: the ledger answered 2xx for money that moves, but neither its
 *   answer nor its books show an effect.
 * - `busy`: the turn did not come in time. Nothing was sent.
 * - `overtaken`: the ledger already holds what came of this movement later.
 * - `movement_resolved`: an operator closed another event of this movement, and
 *   booked it by hand. Nothing was sent.
 */
export type SettleOutcome =
  | LedgerOutcome
  | { readonly kind: "unproven"; readonly ledger_status: number; readonly settlement_id: string }
  | { readonly kind: "busy"; readonly retry_after_ms: number }
  | { readonly kind: "overtaken"; readonly ledger_status: number }
  | { readonly kind: "movement_resolved" };

/** What the ledger holds of one movement of money, as far as it can contradict ours or prove an effect. */
export interface LedgerSettlement extends HeldMovement {
  readonly id: string;
}

export type SettlementLookup =
  | { readonly kind: "found"; readonly settlement: LedgerSettlement }
  | { readonly kind: "absent" }
  | LedgerRefusal;

export type AccountLookup = { readonly kind: "found" } | { readonly kind: "absent" } | LedgerRefusal;

/** As the ledger lists it, with what says when and where it belongs. Times are ISO 8601. */
export interface ListedSettlement extends Omit<LedgerSettlement, "released_minor"> {
  readonly external_payment_id: string;
  readonly direction: string;
  readonly settled_at: string | null;
  readonly provider_created_at: string | null;
  readonly created_at: string;
  /** Of its metadata: null where it has none. */
  readonly stripe_account: string | null;
  readonly stripe_balance_transaction: string | null;
}

export type SettlementPage =
  | {
      readonly kind: "page";
      readonly settlements: readonly ListedSettlement[];
      /** null: there are no more. */
      readonly next_cursor: string | null;
    }
  | LedgerRefusal;

/** The ledger itself. Each method is one request, no retry. `timeoutMs`: less than the client's own limit. */
export interface Ledger {
  /** POSTs the frozen payload, as it stands, under the key. */
  ingest(payload: string, idempotencyKey: string, timeoutMs?: number): Promise<LedgerOutcome>;
  /** The natural key is unique, so there is at most one. */
  findSettlement(externalPaymentId: string, direction: string, timeoutMs?: number): Promise<SettlementLookup>;
  /** Whether there is an account of this id. */
  findAccount(accountId: string): Promise<AccountLookup>;
  /**
   * Stripe's, newest first by when they came to the ledger. `cursor`: of the page before; null: the first.
   */
  listSettlements(cursor: string | null): Promise<SettlementPage>;
}

export type LedgerReader = Pick<Ledger, "findSettlement">;

/** A movement of money that an operator closed with an event. */
export interface ClosedMovement {
  /** Its natural key: see `movementOf`. */
  readonly name: string;
  /** null: nobody knows it. */
  readonly accountId: string | null;
  /** Of the event that an operator closed. */
  readonly eventId: string;
}
