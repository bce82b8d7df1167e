/**
 * The ledger's side of the ingest contract: what it takes, what it answers, and what it refuses.
 *
 * Pure: no I/O, no clock. It shares no schema with the Worker under test on purpose: a mistake there must be
 * refused here. For the same reason it is stricter than the real ledger, which trims and converts what it
 * gets and ignores fields that it does not know.
 */
import { z } from "zod";

/**
 * SQLite's integers end at 19 digits. With 16, the sum of several hundred of the largest amounts still fits.
 */
const AMOUNT_MINOR = /^[1-9][0-9]{0,15}$/;
const MAX_IDEMPOTENCY_KEY_CHARS = 512;

const isoTime = z.iso.datetime({ offset: true });

export const directionSchema = z.enum(["payin", "refund", "payout"]);
export const statusSchema = z.enum(["pending", "confirmed", "failed", "reversed"]);

export const ingestSchema = z.strictObject({
  provider: z.literal("stripe"),
  external_payment_id: z.string().min(1).max(512),
  direction: directionSchema,
  status: statusSchema,
  account_id: z.string().min(1).max(256),
  /** A positive integer in minor units of `currency`, as text. */
  amount_minor: z.string().regex(AMOUNT_MINOR),
  currency: z.string().regex(/^[A-Z]{3}$/),
  network: z.literal("stripe"),
  rail: z.string().min(1).optional(),
  provider_created_at: isoTime.optional(),
  provider_updated_at: isoTime.optional(),
  settled_at: isoTime.optional(),
  metadata: z.record(z.string(), z.unknown()),
});

/** Names one settlement; the ledger allows no two of the same. */
export const naturalKeySchema = ingestSchema.pick({ external_payment_id: true, direction: true });

/**
 * A change that no contract allows. Only a control of the sandbox makes it, so
 * that a reconciliation has to find it.
 */
export const alterSchema = ingestSchema
  .pick({ account_id: true, amount_minor: true, currency: true, status: true })
  .partial()
  /** null: as if the ledger had never made its event. */
  .extend({ ...naturalKeySchema.shape, latest_event_id: z.string().nullable().optional() });

export const idempotencyKeySchema = z.string().min(1).max(MAX_IDEMPOTENCY_KEY_CHARS);

export type IngestBody = z.infer<typeof ingestSchema>;
export type NaturalKey = z.infer<typeof naturalKeySchema>;
export type Changes = Omit<z.infer<typeof alterSchema>, keyof NaturalKey>;
export type Direction = IngestBody["direction"];
export type Status = IngestBody["status"];

/** A settlement as the ledger keeps and shows it. Absent fields are left out. */
export type Settlement = IngestBody & {
  readonly id: string;
  /** The ledger event of its last effect: the only proof that the effect was made. */
  readonly latest_event_id?: string;
  readonly created_at: string;
  readonly updated_at: string;
};

export type LedgerEventType = "payin_settle" | "payin_reverse" | "payout_settle";

/** The answer to an ingest that the ledger took: 200 where it was replayed or deduped, else 201. */
export interface Accepted {
  readonly settlement: Settlement;
  readonly idempotency: {
    readonly key: string;
    /** The same key and the same content came before; this is the first answer again. */
    readonly replayed: boolean;
    /** The settlement already stood in this status; nothing was done. */
    readonly deduped: boolean;
  };
  /** Present when this request made a ledger event. */
  readonly event?: {
    readonly id: string;
    readonly event_type: LedgerEventType;
    readonly event_hash: string;
    readonly created_at: string;
  };
}

/** Why the ledger did not take an ingest. Each arm carries what its answer shows. */
export type Refusal =
  | { readonly code: "INVALID_REQUEST"; readonly why: string }
  | { readonly code: "MISSING_IDEMPOTENCY_KEY" }
  | { readonly code: "IDEMPOTENCY_KEY_REUSED" }
  | { readonly code: "NOT_FOUND"; readonly account_id: string }
  | { readonly code: "DUPLICATE_CONFLICT"; readonly key: NaturalKey }
  | { readonly code: "INVALID_STATUS_TRANSITION"; readonly from: Status; readonly to: Status }
  | {
      readonly code: "INSUFFICIENT_FUNDS";
      readonly account_id: string;
      readonly requested: string;
      readonly available: string;
    }
  | { readonly code: "CONCURRENT_INGESTION_CONFLICT" }
  | { readonly code: "PAYMENT_SETTLEMENT_INGEST_FAILED" };

interface ErrorBody {
  readonly error: string;
  readonly code: string;
  readonly details?: Readonly<Record<string, string>>;
}

export type Answer =
  | { readonly status: 200 | 201; readonly body: Accepted }
  | { readonly status: 400 | 404 | 409 | 422 | 500; readonly body: ErrorBody };

/** The one place where a refusal becomes a status, a message and details. */
export function refuse(refusal: Refusal): Answer {
  const { code } = refusal;
  switch (code) {
    case "INVALID_REQUEST":
      return { status: 400, body: { error: refusal.why, code } };
    case "MISSING_IDEMPOTENCY_KEY":
      return { status: 400, body: { error: "the header Idempotency-Key is missing", code } };
    case "IDEMPOTENCY_KEY_REUSED":
      return { status: 409, body: { error: "this key came with another payload before", code } };
    case "NOT_FOUND":
      return {
        status: 404,
        body: { error: `no account ${refusal.account_id}`, code, details: { field: "account_id" } },
      };
    case "DUPLICATE_CONFLICT": {
      const details = { provider: "stripe", ...refusal.key };
      return {
        status: 409,
        body: { error: "account, amount and currency of a settlement never change", code, details },
      };
    }
    case "INVALID_STATUS_TRANSITION": {
      const { from, to } = refusal;
      return {
        status: 409,
        body: { error: `a ${from} settlement cannot become ${to}`, code, details: { from, to } },
      };
    }
    case "INSUFFICIENT_FUNDS": {
      const { account_id, requested, available } = refusal;
      const details = { account_id, bucket: "available", requested, available };
      return { status: 422, body: { error: "the account holds less than this debit", code, details } };
    }
    case "CONCURRENT_INGESTION_CONFLICT":
      return { status: 409, body: { error: "other requests changed this settlement each time", code } };
    case "PAYMENT_SETTLEMENT_INGEST_FAILED":
      return { status: 500, body: { error: "the settlement went away during its ingest", code } };
  }
}
