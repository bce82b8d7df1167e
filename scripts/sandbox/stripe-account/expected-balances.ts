/**
 * What the ledger must hold in the end, from Stripe's balance transactions alone: whose payment each belongs
 * to, and how much it is in the currency that the customer paid in. Fees are the platform's, payouts change
 * no balance.
 */
import type { StripeObject } from "../events/stripe-objects.ts";
import type { BalanceTransaction } from "./balance-transaction.ts";
import type { Books } from "./books.ts";

/** Ledger account → currency, in capitals → minor units. */
export type Balances = ReadonlyMap<string, ReadonlyMap<string, bigint>>;

interface ExpectedBalances {
  readonly balances: Balances;
  /** Of payments whose owner nobody names, and of no payment: an operator must see them. */
  readonly unowned: readonly BalanceTransaction[];
}

/** A balance transaction of a payment's, or of money that came in by none. */
interface OwnTransaction {
  readonly id: string;
  readonly category: string;
  readonly source: StripeObject;
  /** `pi_…`, or `ch_…` without an intent. Empty for what belongs to no payment. */
  readonly payment: string;
  /** In capitals: what the customer paid in. */
  readonly currency: string;
  /** Signed, in minor units of it. */
  readonly amount: bigint;
  readonly transaction: BalanceTransaction;
}

/**
 * In the order in which they happened, without payouts. A connected account that is not listed has no money
 * at the ledger, whatever its objects claim. `transactions`: if it is only some that the ledger can know of.
 */
export function ownTransactions(
  account: Books,
  transactions: readonly BalanceTransaction[] = account.transactions,
): OwnTransaction[] {
  return (account.isListed ? transactions : []).flatMap((transaction) => {
    const source = account.object(transaction.source);
    if (source["object"] === "payout") return [];
    const currency = String(source["currency"]);
    return {
      id: transaction.id,
      category: transaction.reporting_category,
      source,
      payment: paymentOf(source),
      currency: currency.toUpperCase(),
      amount: BigInt(amountIn(currency, transaction, source, account)),
      transaction,
    };
  });
}

/** What the transactions come to: see `ownTransactions`. */
export function expectedBalances(
  account: Books,
  transactions: readonly BalanceTransaction[] = account.transactions,
): ExpectedBalances {
  const balances = new Map<string, Map<string, bigint>>();
  const unowned: BalanceTransaction[] = [];
  for (const { payment, currency, amount, transaction } of ownTransactions(account, transactions)) {
    const owner = account.owners.get(payment) ?? null;
    if (owner === null) {
      unowned.push(transaction);
      continue;
    }
    const sums = balances.get(owner) ?? new Map<string, bigint>();
    balances.set(owner, sums.set(currency, (sums.get(currency) ?? 0n) + amount));
  }
  return { balances, unowned };
}

/** An intent, or a charge without one. Empty for what belongs to no payment. */
function paymentOf(source: StripeObject): string {
  const charge = source["object"] === "charge" ? source["id"] : source["charge"];
  return String(source["payment_intent"] ?? charge ?? "");
}

/** A transaction in another currency counts as what its source says in its own: it is never part of it. */
function amountIn(
  currency: string,
  { currency: settled, amount }: BalanceTransaction,
  source: StripeObject,
  { releasesByRefund }: Books,
): number {
  if (settled === currency) return amount;
  if (source["object"] !== "charge") return Math.sign(amount) * Number(source["amount"]);
  const captured = Number(source["amount_captured"]);
  const taken = releasesByRefund ? Math.max(captured, Number(source["amount"])) : captured;
  return Math.sign(amount) * taken;
}
