/**
 * A dispute's balance transactions: what it took, and what came back of it.
 *
 * Each is a movement of its own, for a dispute may take money twice (it is won, then lost again) and give it
 * back in parts. They stand in the order in which they happened. https://docs.stripe.com/api/disputes/object
 *
 * Pure: no I/O, no clock.
 */
import { currencyOf } from "./currency.ts";
import { isObject, readAmount, type Reading, read, type StripeObject, textOf, unreadable } from "./fields.ts";

export interface DisputeMovement {
  readonly transaction: string;
  /** In the dispute's currency, minor units, positive. */
  readonly amount: Reading<number>;
  /** Of a return: the withdrawal before it. */
  readonly withdrawal: string | null;
}

interface Transaction {
  readonly id: string;
  readonly amount: number;
  readonly currency: unknown;
}

/** Whether it is known that the dispute has taken nothing. */
export function tookNothing(dispute: StripeObject): boolean {
  return transactionsOf(dispute)?.every(({ amount }) => amount >= 0) ?? false;
}

export function latestWithdrawal(dispute: StripeObject): Reading<DisputeMovement> {
  const withdrawals = (transactionsOf(dispute) ?? []).filter(({ amount }) => amount < 0);
  const latest = withdrawals.at(-1);
  if (latest === undefined) return unreadable("dispute_transaction_missing");
  const amount = inDisputesCurrency(dispute, latest, latest === withdrawals[0]);
  return read({ transaction: latest.id, amount, withdrawal: null });
}

export function latestReturn(dispute: StripeObject): Reading<DisputeMovement> {
  const transactions = transactionsOf(dispute) ?? [];
  const index = transactions.findLastIndex(({ amount }) => amount > 0);
  const latest = transactions[index];
  const withdrawal = transactions.slice(0, Math.max(0, index)).findLast(({ amount }) => amount < 0);
  if (latest === undefined || withdrawal === undefined) return unreadable("dispute_transaction_missing");
  const isWhole = latest.currency === withdrawal.currency && latest.amount === -withdrawal.amount;
  const amount = inDisputesCurrency(dispute, latest, isWhole);
  return read({ transaction: latest.id, amount, withdrawal: withdrawal.id });
}

/** The balance may have another currency. What a part of the amount was in the dispute's, nobody says. */
function inDisputesCurrency(
  dispute: StripeObject,
  { amount, currency }: Transaction,
  isWhole: boolean,
): Reading<number> {
  const [ours, theirs] = [currencyOf(dispute["currency"]), currencyOf(currency)];
  if (ours.ok && theirs.ok && ours.value === theirs.value) return readAmount(Math.abs(amount));
  return isWhole ? readAmount(dispute["amount"]) : unreadable("amount_in_other_currency");
}

/** null: they cannot be read, so nothing is known about what moved. */
function transactionsOf(dispute: StripeObject): readonly Transaction[] | null {
  const list = dispute["balance_transactions"];
  if (!Array.isArray(list)) return null;
  const transactions = list.flatMap((each: unknown) => {
    if (!isObject(each)) return [];
    const { amount, currency } = each;
    const id = textOf(each["id"]);
    return id === null || !Number.isSafeInteger(amount) ? [] : [{ id, amount: amount as number, currency }];
  });
  return transactions.length === list.length ? transactions : null;
}
