/**
 * The ledger's side of the ingest contract: what it takes, what it answers, and what it refuses.
 *
 * Pure: no I/O, no clock. It shares no schema with the Worker under test on purpose: a mistake there must be
 * refused here, not agreed with.
 */
import { z } from "zod";

/** SQLite's integers end at 19 digits. 16 leave room for the sum of several hundred of the largest amounts. */
const AMOUNT_MINOR = /^[1-9][0-9]{0,15}$/;
const MAX_IDEMPOTENCY_KEY_CHARS = 512;

const isoTime = z.iso.datetime({ offset: true });

export const directionSchema = z.enum(["payin", "refund", "payout"]);

export const ingestSchema = z.strictObject({
  provider: z.literal("stripe"),
  external_payment_id: z.string().min(1).max(512),
  direction: directionSchema,
  status: z.enum(["pending", "confirmed", "failed", "reversed"]),
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

/** What somebody could do to a settlement behind everybody's back. No contract allows it: a control of the sandbox. */
export const alterSchema = ingestSchema
  .pick({ account_id: true, amount_minor: true, currency: true, status: true })
  .partial()
  .extend(ingestSchema.pick({ external_payment_id: true, direction: true }).shape);

export type Changes = Omit<z.infer<typeof alterSchema>, "external_payment_id" | "direction">;

export const idempotencyKeySchema = z.string().min(1).max(MAX_IDEMPOTENCY_KEY_CHARS);

export type IngestBody = z.infer<typeof ingestSchema>;
export type Direction = IngestBody["direction"];
export type Status = IngestBody["status"];

/** A settlement as the ledger keeps and shows it. */
export type Settlement = IngestBody & {
  readonly id: string;
  readonly created_at: string;
  readonly updated_at: string;
};

/** The answer to an ingest that the ledger took: 201 for a new settlement, else 200. */
export interface Accepted {
  readonly settlement: Settlement;
  readonly idempotency: {
    readonly key: string;
    /** The same key and the same bytes came before; this is the first answer again. */
    readonly replayed: boolean;
    /** The settlement already stood in this state under another key; nothing was done. */
    readonly deduped: boolean;
  };
  /** Only when money moved: which effect, and the signed change of the balance in minor units. */
  readonly event?: { readonly type: string; readonly delta_minor: string };
}

/** Why the ledger did not take an ingest. Each arm carries what its message names. */
export type Refusal =
  | { readonly code: "INVALID_REQUEST"; readonly why: string }
  | { readonly code: "IDEMPOTENCY_KEY_REUSED"; readonly key: string }
  | { readonly code: "NOT_FOUND"; readonly account_id: string }
  | { readonly code: "DUPLICATE_CONFLICT"; readonly field: string }
  | { readonly code: "INVALID_STATUS_TRANSITION"; readonly from: Status; readonly to: Status }
  | { readonly code: "INSUFFICIENT_FUNDS"; readonly available: string; readonly needed: string };

export interface ErrorBody {
  readonly error: string;
  readonly code: string;
}

export type Answer =
  | { readonly status: 200 | 201; readonly body: Accepted }
  | { readonly status: 400 | 404 | 409 | 422; readonly body: ErrorBody };

/** The one place where a refusal becomes a status and a message. */
export function refuse(refusal: Refusal): Answer {
  const { code } = refusal;
  switch (code) {
    case "INVALID_REQUEST":
      return { status: 400, body: { error: refusal.why, code } };
    case "IDEMPOTENCY_KEY_REUSED":
      return { status: 409, body: { error: `key ${refusal.key} came with another payload before`, code } };
    case "NOT_FOUND":
      return { status: 404, body: { error: `no account ${refusal.account_id}`, code } };
    case "DUPLICATE_CONFLICT":
      return { status: 409, body: { error: `${refusal.field} of a settlement never changes`, code } };
    case "INVALID_STATUS_TRANSITION":
      return { status: 409, body: { error: `a ${refusal.from} settlement cannot be ${refusal.to}`, code } };
    case "INSUFFICIENT_FUNDS":
      return {
        status: 422,
        body: { error: `available ${refusal.available}, needed ${refusal.needed}`, code },
      };
  }
}
