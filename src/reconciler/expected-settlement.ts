/**
 * Which settlement a balance transaction must have in the ledger: by ids alone, and without the mapping of
 * events, so that a mistake in the mapping shows. Pure.
 */
import type { Source, Transaction } from "./transaction.ts";
import { type ClassElsewhere, familyOf, isElsewhere } from "./transaction-types.ts";

/** A natural key at the ledger. The provider is always Stripe. */
export interface Key {
  readonly external_payment_id: string;
  readonly direction: "payin" | "refund" | "payout";
}

/** What is booked, as a statement sums it. */
export const CLASSES_BOOKED = [
  "payins",
  "released",
  "refunds",
  "refunds_returned",
  "disputes",
  "disputes_returned",
  "payouts",
] as const;
export type ClassBooked = (typeof CLASSES_BOOKED)[number];

export interface Expected {
  readonly kind: "settlement";
  readonly class: ClassBooked;
  readonly key: Key;
  /** Other names of the same money, under which somebody may have booked it by hand. */
  readonly aliases: readonly Key[];
  /** By which ids events are looked for. */
  readonly names: readonly string[];
  /** In the currency that the settlement must have; null: nothing to compare with. */
  readonly amount: { readonly amount_minor: string; readonly currency: string } | null;
  /** Whose payin must be of the same account; null: it is a payin or a payout itself. */
  readonly payment: string | null;
  /** What it is if the ledger has no such settlement, and needs none. */
  readonly otherwise: ClassElsewhere | null;
}

export type Meaning =
  | Expected
  | { readonly kind: "elsewhere"; readonly class: ClassElsewhere }
  | { readonly kind: "unknown"; readonly why: string };

export function meaningOf(transaction: Transaction): Meaning {
  const { type, reporting_category, amount, source } = transaction;
  const family = familyOf(type);
  if (family === "unknown") return { kind: "unknown", why: "type" };
  if (amount === 0) return elsewhere("zero_amount");
  if (isElsewhere(family)) return elsewhere(family);
  if (source === "not_shown") return { kind: "unknown", why: "source_not_shown" };
  const kind = family === "adjustment" ? adjustmentOf(reporting_category ?? "") : family;
  if (kind === null) {
    return source === null ? elsewhere("other_adjustments") : { kind: "unknown", why: "adjustment" };
  }
  if (source === null) return { kind: "unknown", why: "source_not_shown" };
  if (source.object !== OBJECTS[kind]) return { kind: "unknown", why: "source_of_other_kind" };
  return BY_KIND[kind](transaction, source);
}

type Kind = "payment" | "refund" | "dispute" | "payout";
const OBJECTS: Readonly<Record<Kind, string>> = {
  payment: "charge",
  refund: "refund",
  dispute: "dispute",
  payout: "payout",
};

/** An adjustment without a source is Stripe's own correction. */
function adjustmentOf(category: string): Kind | null {
  if (category === "dispute" || category === "dispute_reversal") return "dispute";
  return category === "refund_failure" || category === "refund" ? "refund" : null;
}

const BY_KIND: Readonly<Record<Kind, (transaction: Transaction, source: Source) => Meaning>> = {
  payment: (transaction, charge) => {
    // Delayed methods have their money in the balance before it is known whether it stays.
    if (charge.status === "pending") return elsewhere("payments_under_way");
    if (charge.status === "failed") return elsewhere("failed_payments");
    const payment = charge.payment_intent ?? charge.id;
    return expected(transaction, {
      class: "payins",
      key: payin(payment),
      aliases: charge.payment_intent === null ? [] : [payin(charge.id)],
      amount: amountOf(charge.amount_captured, charge.currency),
    });
  },

  refund: (transaction, refund) => {
    const { id, payment_intent, charge } = refund;
    const payment = payment_intent ?? charge;
    const amount = amountOf(refund.amount, refund.currency);
    if (transaction.reporting_category === "partial_capture_reversal") {
      if (payment === null) return { kind: "unknown", why: "release_of_no_payment" };
      // With the whole charge it makes the payin, whose amount the charge says. A
      // refund of its own would be too much.
      return expected(transaction, { class: "released", key: payin(payment), aliases: [debit(id)] });
    }
    return transaction.amount < 0
      ? expected(transaction, { class: "refunds", key: debit(id), amount, payment })
      : expected(transaction, { class: "refunds_returned", key: payin(id), amount, payment });
  },

  dispute: (transaction, dispute) => {
    const isReturn = transaction.amount > 0;
    const key = isReturn ? payin : debit;
    return expected(transaction, {
      class: isReturn ? "disputes_returned" : "disputes",
      key: key(transaction.id),
      aliases: [key(dispute.id)],
      amount: amountOfDispute(transaction, dispute),
      payment: dispute.payment_intent ?? dispute.charge,
    });
  },

  payout: (transaction, payout) => {
    const isUnderWay = payout.status === "pending" || payout.status === "in_transit";
    return expected(transaction, {
      class: "payouts",
      key: { external_payment_id: payout.id, direction: "payout" },
      amount: amountOf(payout.amount === undefined ? null : Math.abs(payout.amount), payout.currency),
      otherwise: payout.automatic === true ? "automatic_payouts" : isUnderWay ? "payouts_under_way" : null,
    });
  },
};

function expected({ id }: Transaction, given: Pick<Expected, "class" | "key"> & Partial<Expected>): Expected {
  const { aliases = [], key } = given;
  const byTransaction = { ...key, external_payment_id: id };
  const names = [key, byTransaction, ...aliases].map(({ external_payment_id }) => external_payment_id);
  return {
    amount: null,
    payment: null,
    otherwise: null,
    ...given,
    kind: "settlement",
    aliases: key.external_payment_id === id ? aliases : [...aliases, byTransaction],
    names: [...new Set(names)],
  };
}

/**
 * As the transaction's own if it moved in the dispute's currency; else the whole
 * dispute's, when it moved as a whole.
 */
function amountOfDispute({ id, amount, currency }: Transaction, dispute: Source): Expected["amount"] {
  if (currency === dispute.currency) return amountOf(Math.abs(amount), currency);
  const moved = dispute.balance_transactions ?? [];
  const first = moved.find((each) => each.amount < 0);
  const isWhole = first !== undefined && (first.id === id || first.amount === -amount);
  return isWhole && first.currency === currency ? amountOf(dispute.amount, dispute.currency) : null;
}

function amountOf(amount: number | null | undefined, currency: string | undefined): Expected["amount"] {
  if (typeof amount !== "number" || amount <= 0 || currency === undefined) return null;
  return { amount_minor: String(amount), currency };
}

function elsewhere(which: ClassElsewhere): Meaning {
  return { kind: "elsewhere", class: which };
}

function payin(external_payment_id: string): Key {
  return { external_payment_id, direction: "payin" };
}

function debit(external_payment_id: string): Key {
  return { external_payment_id, direction: "refund" };
}
