/**
 * The canonical settlement: what clawsettle tells the ledger about one movement of money.
 *
 * Pure: no I/O, no clock. The shape is the ledger's ingest contract
 * (docs/contracts.md, "Clawsettle → ledger").
 */
import { z } from "zod";

/**
 * Above this a JSON number is no longer exact, so an amount above it could already be wrong when we read it.
 */
export const MAX_AMOUNT_MINOR = Number.MAX_SAFE_INTEGER;

const isoTime = z.iso.datetime();

/** A settlement whose account is not known yet. */
export const settlementDraftSchema = z.strictObject({
  provider: z.literal("stripe"),
  /**
   * Unique per movement of money within a direction; the ledger's natural key is (provider, this, direction).
   */
  external_payment_id: z.string().min(1),
  direction: z.enum(["payin", "refund", "payout"]),
  status: z.enum(["pending", "confirmed", "failed", "reversed"]),
  /** A positive integer in minor units of `currency`, as text. */
  amount_minor: z.string().regex(/^[1-9][0-9]{0,15}$/),
  /** ISO 4217, three capitals. */
  currency: z.string().regex(/^[A-Z]{3}$/),
  network: z.literal("stripe"),
  /** How the money travelled, as Stripe names it: `card`, `sepa_debit`, … */
  rail: z.string().min(1).optional(),
  provider_created_at: isoTime.optional(),
  provider_updated_at: isoTime.optional(),
  settled_at: isoTime.optional(),
  metadata: z.record(z.string(), z.string()),
});

export const settlementSchema = settlementDraftSchema.extend({ account_id: z.string().min(1) });

export type SettlementDraft = z.infer<typeof settlementDraftSchema>;
export type Settlement = z.infer<typeof settlementSchema>;

/**
 * The key under which the ledger deduplicates. It never changes, so a retry after an unknown outcome is safe.
 */
export function idempotencyKey(eventId: string): string {
  return `stripe:event:${eventId}`;
}

/**
 * The request body for the ledger, made once per event and kept as text until the ledger has accepted it:
 * the ledger's idempotency hash covers every byte, so a payload built again could be refused as another one.
 */
export function freeze(settlement: Settlement): string {
  return JSON.stringify(settlementSchema.parse(settlement));
}

/**
 * The inverse of {@link freeze}, for text that `freeze` made. Not checked again: were the schema ever
 * tightened, an event that settled under the older one must still be shown and replayed.
 */
export function thaw(payload: string): Settlement {
  return JSON.parse(payload) as Settlement;
}

/** Where the account comes from, if the event's own object does not name it. Stands in the metadata. */
export type AccountSource =
  | "payin"
  | "debit"
  | "operator"
  | "checkout_session"
  | "client_reference_id"
  | "invoice"
  | "subscription"
  | "customer";

/** A draft of which the account was found out. */
export function withAccount(draft: SettlementDraft, accountId: string, source: AccountSource): Settlement {
  return { ...draft, account_id: accountId, metadata: { ...draft.metadata, account_source: source } };
}

/** The payment (`pi_…`, or `ch_…` without an intent) that this money came in by; null for a payout. */
export function sourcePaymentOf(settlement: SettlementDraft): string | null {
  const { stripe_payment_intent_id, stripe_charge_id } = settlement.metadata;
  const payment = stripe_payment_intent_id ?? stripe_charge_id;
  if (payment !== undefined) return payment;
  return settlement.direction === "payin" ? settlement.external_payment_id : null;
}

/** The natural key of the movement at the ledger, as one word. */
export function movementOf({
  direction,
  external_payment_id,
}: Pick<SettlementDraft, "direction" | "external_payment_id">): string {
  return `${direction}:${external_payment_id}`;
}

/** A settlement of which the account may not be known yet. */
export type KnownSettlement = SettlementDraft & { readonly account_id?: string | undefined };

/**
 * Whether two mappings of one event_id tell of different money: then one of them is wrong, and nobody but an
 * operator can say which. Accounts are compared only where both are known. Times and metadata may differ.
 *
 * Another external id of the same object is no contradiction: a later version of the mapping names movements
 * otherwise, and what was sent under the older name stays as it is.
 */
export function conflicts(recorded: KnownSettlement, delivered: KnownSettlement): boolean {
  if (recorded.external_payment_id !== delivered.external_payment_id) {
    return recorded.metadata["stripe_object_id"] !== delivered.metadata["stripe_object_id"];
  }
  if (
    (["direction", "status", "amount_minor", "currency"] as const).some((f) => recorded[f] !== delivered[f])
  )
    return true;
  const [ours, theirs] = [recorded.account_id, delivered.account_id];
  return ours !== undefined && theirs !== undefined && ours !== theirs;
}
