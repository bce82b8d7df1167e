/**
 * The canonical settlement: what clawsettle tells the ledger about one movement of money.
 *
 * Pure: no I/O, no clock. The shape is the ledger's ingest contract (docs/contracts.md, "Clawsettle → ledger").
 */
import { z } from "zod";

/** Above this a JSON number is no longer exact, so an amount above it could already be wrong when we read it. */
export const MAX_AMOUNT_MINOR = Number.MAX_SAFE_INTEGER;

const isoTime = z.iso.datetime();

/** A settlement whose account is still unknown: a refund or a dispute does not inherit its payment's metadata. */
export const settlementDraftSchema = z.strictObject({
  provider: z.literal("stripe"),
  /** Unique per movement of money within a direction; the ledger's natural key is (provider, this, direction). */
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

/** Why an event moves no money for the ledger. A closed list, explained in docs/mapping.md. */
export type IgnoredReason =
  | "not_a_settlement_event"
  | `covered_by:${string}`
  /** A failed attempt leaves the intent payable; marking it failed would make the ledger refuse the success. */
  | "attempt_not_final"
  /** An intent given up before anybody's account was attached to it. */
  | "canceled_without_account"
  /** A refund that is still pending, needs action, or was canceled: no money has moved. */
  | "refund_not_succeeded"
  /** An uncaptured payment was given up or expired: Stripe calls that a refund, but nobody had paid. */
  | "authorization_released"
  | "zero_amount"
  /** Stripe's own schedule pays out the platform's balance; it belongs to no ledger account. */
  | "automatic_payout";

/** Why a money event cannot become a settlement. A closed list, explained in docs/mapping.md. */
export type UnmappableReason =
  | "account_missing"
  | "object_id_missing"
  | "amount_missing"
  | "amount_not_a_number"
  | "amount_not_an_integer"
  | "amount_negative"
  | "amount_too_large"
  | "currency_missing"
  | "currency_unknown"
  | "created_missing";

/** What the table in `map.ts` makes of one event. */
export type Mapping =
  | { readonly kind: "settlement"; readonly settlement: Settlement }
  /** The ledger knows the account: it is that of the payin of `payment_intent`. */
  | { readonly kind: "account_lookup"; readonly draft: SettlementDraft; readonly payment_intent: string }
  | { readonly kind: "ignored"; readonly reason: IgnoredReason }
  | { readonly kind: "unmappable"; readonly reason: UnmappableReason };

/** The key under which the ledger deduplicates. It never changes, so a retry after an unknown outcome is safe. */
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
 * The inverse of {@link freeze}, for text that `freeze` made. Not checked again: were the schema ever tightened, an
 * event that settled under the older one must still be shown and replayed.
 */
export function thaw(payload: string): Settlement {
  return JSON.parse(payload) as Settlement;
}

/** A draft whose account the ledger told us. The source stands in the metadata, so that the record shows it. */
export function withAccount(draft: SettlementDraft, accountId: string): Settlement {
  return { ...draft, account_id: accountId, metadata: { ...draft.metadata, account_source: "payin_lookup" } };
}

const IDENTITY = ["external_payment_id", "direction", "status", "amount_minor", "currency"] as const;

/**
 * Whether two mappings of one event_id tell of different money: then one of them is wrong, and nobody but an
 * operator can say which. Accounts are compared only where both are known. Times and metadata may differ.
 */
export function conflicts(
  a: SettlementDraft & { account_id?: string | undefined },
  b: SettlementDraft & { account_id?: string | undefined },
): boolean {
  if (IDENTITY.some((field) => a[field] !== b[field])) return true;
  return a.account_id !== undefined && b.account_id !== undefined && a.account_id !== b.account_id;
}
