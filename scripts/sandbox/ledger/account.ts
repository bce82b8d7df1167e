/** Accounts as the ledger shows them. Pure. */
import { z } from "zod";
import type { Account, JournalEntry } from "./store.ts";

export const openAccountSchema = z.object({ did: z.string().min(1) });
export const didSchema = z.string().regex(/^did:[a-z0-9]+:[A-Za-z0-9._%-]+$/);

/** Minor units per currency, as text. A currency without entries is not there. */
export type Sums = Readonly<Record<string, string>>;

/**
 * `available` is one number, in a contract that has no currency. In one bucket it is the sum of all
 * currencies, as in the real ledger. Else it is the balance in USD, or in the first currency by name, and
 * `by_currency` shows all of them.
 */
export function accountView(
  { id, did, created_at }: Account,
  journal: readonly JournalEntry[],
  oneBucket: boolean,
) {
  const by_currency = sums(journal);
  const shown = by_currency["USD"] ?? Object.values(by_currency)[0] ?? "0";
  const available = oneBucket
    ? journal.reduce((sum, { delta_minor }) => sum + delta_minor, 0n).toString()
    : shown;
  return {
    id,
    did,
    balances: {
      available,
      held: "0",
      bonded: "0",
      feePool: "0",
      promo: "0",
      total: available,
      ...(!oneBucket && { by_currency }),
    },
    createdAt: created_at,
    updatedAt:
      journal
        .map(({ at }) => at)
        .sort()
        .at(-1) ?? created_at,
  };
}

export function sums(effects: Iterable<{ readonly currency: string; readonly delta_minor: bigint }>): Sums {
  const totals = new Map<string, bigint>();
  for (const { currency, delta_minor } of effects) {
    totals.set(currency, (totals.get(currency) ?? 0n) + delta_minor);
  }
  return Object.fromEntries([...totals].sort().map(([currency, total]) => [currency, total.toString()]));
}
