/** One row of the index: what each event publishes of itself. */
import { z } from "zod";

/** Not over: an alarm or an operator moves it on. */
export const OPEN_STATES = ["received", "forwarding", "failed"] as const;
export const FINAL_STATES = ["forwarded", "resolved", "ignored"] as const;

export const stateSchema = z.enum([...OPEN_STATES, ...FINAL_STATES]);
export type State = z.infer<typeof stateSchema>;

/** Times are epoch milliseconds. */
export interface EventSummary {
  readonly event_id: string;
  readonly revision: number;
  readonly event_type: string;
  readonly state: State;
  readonly reason: string | null;
  readonly error_code: string | null;
  readonly account_id: string | null;
  /** The settlement's `external_payment_id`: `pi_…`, `ch_…`, `re_…`, `txn_…` or `po_…`. */
  readonly payment_id: string | null;
  /**
   * The payment that the money came in by: what its refunds and disputes
   * have in common. A payin's is its own.
   */
  readonly source_payment_id: string | null;
  readonly amount_minor: string | null;
  readonly currency: string | null;
  readonly attempts: number;
  readonly received_at: number;
  readonly updated_at: number;
  readonly next_retry_at: number | null;
}

/** Stripe can resend an event for 30 days after it made it, which was before it was received. */
export const RESENDABLE_MS = 31 * 86_400_000;
