/** Accounts as the ledger shows them. Pure. */
import { z } from "zod";

/** Loose: the real ledger takes more than the one field that matters here. */
export const openAccountSchema = z.object({ did: z.string().min(1).max(512) });

export interface Account {
  readonly id: string;
  readonly did: string;
  readonly created_at: string;
}

/** One currency's balance, in minor units. */
export interface CurrencyTotal {
  readonly currency: string;
  readonly total: bigint;
}

export interface AccountView extends Account {
  readonly balances: { readonly available: string; readonly by_currency: Readonly<Record<string, string>> };
}

/**
 * `available` is one number in a contract written for one currency: the total in USD, or else that of the first
 * currency by name, or "0" without entries. Totals of different currencies are never added.
 */
export function accountView(account: Account, totals: readonly CurrencyTotal[]): AccountView {
  const sorted = [...totals].sort((a, b) => (a.currency < b.currency ? -1 : 1));
  const shown = sorted.find(({ currency }) => currency === "USD") ?? sorted[0];
  return {
    ...account,
    balances: {
      available: (shown?.total ?? 0n).toString(),
      by_currency: Object.fromEntries(sorted.map(({ currency, total }) => [currency, total.toString()])),
    },
  };
}
