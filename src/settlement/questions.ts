/**
 * What an attempt must know before its settlement can be frozen, and what each answer means.
 *
 * Pure: no I/O, no clock. The answers come from the ledger, whose record
 * beats any copy, and from Stripe's API.
 */
import { z } from "zod";
import type { IgnoredReason, UnmappableReason } from "./reasons.ts";
import { type AccountSource, type Settlement, type SettlementDraft, withAccount } from "./settlement.ts";

const id = z.string().min(1);

export const questionSchema = z.discriminatedUnion("kind", [
  /** Whose money is it? The ledger's payin of this payment says. */
  z.strictObject({
    kind: z.literal("payin"),
    payment: id,
    /** A "refund" that moved nothing, if it turns out that nobody had paid. */
    may_be_release: z.boolean(),
  }),
  /**
   * Money comes back: does the ledger hold the debit that this undoes?
   * `ignore`: without it, nothing had left.
   */
  z.strictObject({ kind: z.literal("debit"), refund: id, if_absent: z.enum(["wait", "ignore"]) }),
  /** Whose payment is it? What stands around it at Stripe may say. */
  z.strictObject({
    kind: z.literal("account"),
    payment: id,
    customer: id.nullable(),
    stripe_account: id.nullable(),
  }),
  /** Is this refund one, or the part of an authorization that was not captured? */
  z.strictObject({
    kind: z.literal("category"),
    account_id: id,
    transaction: id.nullable(),
    stripe_account: id.nullable(),
  }),
]);

export type Question = z.infer<typeof questionSchema>;

/** What the ledger holds of a movement, as far as an answer depends on it. */
export interface HeldMovement {
  readonly account_id: string;
  readonly status: string;
  readonly amount_minor: string;
  readonly currency: string;
  /** null: the ledger has made no event for it, so it has had no effect, or not yet. */
  readonly latest_event_id: string | null;
  /** Of a payment that was captured in part: what was not captured, in minor units. */
  readonly released_minor: string | null;
}

export type Answer =
  /** To `payin` and `debit`. null: the ledger holds none. */
  | { readonly kind: "held"; readonly held: HeldMovement | null }
  /** To `account`. null: every source was asked. */
  | {
      readonly kind: "account";
      readonly found: { readonly account_id: string; readonly source: AccountSource } | null;
    }
  /** To `category`. null: Stripe's API has no such transaction, or cannot be asked. */
  | { readonly kind: "category"; readonly reporting_category: string | null };

export type WaitCode = "ACCOUNT_NOT_RESOLVED" | "COUNTERPART_NOT_FOUND";

/** What follows from an answer. */
export type Conclusion =
  | { readonly kind: "settlement"; readonly settlement: Settlement }
  | { readonly kind: "question"; readonly question: Question }
  | { readonly kind: "ignored"; readonly reason: IgnoredReason }
  | { readonly kind: "unmappable"; readonly reason: UnmappableReason }
  /** Not yet: it heals by a retry. */
  | { readonly kind: "wait"; readonly code: WaitCode };

export function conclude(draft: SettlementDraft, question: Question, answer: Answer): Conclusion {
  switch (answer.kind) {
    case "held":
      if (question.kind === "payin") return afterPayin(draft, question, answer.held);
      if (question.kind === "debit") return afterDebit(draft, question, answer.held);
      break;
    case "account":
      if (question.kind !== "account") break;
      return answer.found === null
        ? { kind: "unmappable", reason: "account_missing" }
        : settled(draft, answer.found.account_id, answer.found.source);
    case "category":
      if (question.kind !== "category") break;
      return afterCategory(draft, question.account_id, answer.reporting_category);
  }
  throw new Error(`no answer to the question of the ${question.kind}`);
}

/**
 * The payin says whose money it is, whatever a copy of the metadata says: refunds and disputes have none of
 * the payment's, a charge has it as it was once. A payin that is failed or pending has credited nobody.
 */
function afterPayin(
  draft: SettlementDraft,
  { may_be_release }: Extract<Question, { kind: "payin" }>,
  held: HeldMovement | null,
): Conclusion {
  if (held?.status === "failed" && may_be_release)
    return { kind: "ignored", reason: "authorization_released" };
  if (held === null || held.status === "failed" || held.status === "pending")
    return { kind: "wait", code: "ACCOUNT_NOT_RESOLVED" };
  const { stripe_object_id, stripe_balance_transaction, stripe_account } = draft.metadata;
  const isRefund = stripe_object_id === draft.external_payment_id;
  if (!isRefund || held.released_minor !== draft.amount_minor)
    return settled(draft, held.account_id, "payin");
  return {
    kind: "question",
    question: {
      kind: "category",
      account_id: held.account_id,
      transaction: stripe_balance_transaction ?? null,
      stripe_account: stripe_account ?? null,
    },
  };
}

/** Never more comes back than was taken, and nothing before the ledger has proven that it was taken. */
function afterDebit(
  draft: SettlementDraft,
  { if_absent }: Extract<Question, { kind: "debit" }>,
  held: HeldMovement | null,
): Conclusion {
  if (held === null && if_absent === "ignore") return { kind: "ignored", reason: "refund_not_moved" };
  if (held === null || held.status !== "confirmed" || held.latest_event_id === null)
    return { kind: "wait", code: "COUNTERPART_NOT_FOUND" };
  const isCovered =
    held.currency === draft.currency && BigInt(held.amount_minor) >= BigInt(draft.amount_minor);
  return isCovered
    ? settled(draft, held.account_id, "debit")
    : { kind: "unmappable", reason: "debit_differs" };
}

function afterCategory(draft: SettlementDraft, accountId: string, category: string | null): Conclusion {
  if (category === "partial_capture_reversal") return { kind: "ignored", reason: "authorization_released" };
  if (category === "refund") return settled(draft, accountId, "payin");
  return { kind: "unmappable", reason: "partial_capture_or_refund" };
}

/**
 * An account that the object itself names does not count here; where the two disagree, the record shows both.
 */
function settled(draft: SettlementDraft, accountId: string, source: AccountSource): Conclusion {
  const { account_in_metadata, ...metadata } = draft.metadata;
  const disagrees = account_in_metadata !== undefined && account_in_metadata !== accountId;
  const kept = disagrees ? { ...metadata, account_in_metadata } : metadata;
  return { kind: "settlement", settlement: withAccount({ ...draft, metadata: kept }, accountId, source) };
}
