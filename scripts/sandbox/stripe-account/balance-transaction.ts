/**
 * Balance transactions: docs.stripe.com/api/balance_transactions,
 * docs.stripe.com/reports/reporting-categories.
 */

/** What the account settles in, when a payment is in another currency. */
export interface Conversion {
  readonly currency: string;
  readonly rate: number;
}

export interface Movement {
  /** The object that it belongs to. */
  readonly source: string;
  /** Signed, in minor units of `currency`, before any conversion. */
  readonly amount: number;
  readonly currency: string;
  readonly type: string;
  readonly category: string;
  readonly fee?: number;
  readonly conversion?: Conversion | null;
}

export type BalanceTransaction = ReturnType<typeof balanceTransaction>;

const AVAILABLE_AFTER_SECONDS = 2 * 86_400;

export function balanceTransaction(
  { source, amount, currency, type, category, fee = 0, conversion = null }: Movement,
  { id, created }: { readonly id: string; readonly created: number },
) {
  const moved = conversion === null ? amount : Math.round(amount * conversion.rate);
  const settled = conversion?.currency ?? currency;
  return {
    id,
    object: "balance_transaction",
    amount: moved,
    available_on: created + AVAILABLE_AFTER_SECONDS,
    balance_type: "payments",
    created,
    currency: settled,
    description: null,
    exchange_rate: conversion?.rate ?? null,
    fee,
    fee_details: fee === 0 ? [] : [{ amount: fee, currency: settled, type: "stripe_fee" }],
    net: moved - fee,
    reporting_category: category,
    source,
    status: "pending",
    type,
  };
}
