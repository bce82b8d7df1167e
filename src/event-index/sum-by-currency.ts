/** Sums per currency, exact: amounts reach 2⁵³, so two of them may already be more than a JSON number can hold. Pure. */

export interface Money {
  /** null: the event could not be mapped, so its amount is unknown. */
  readonly currency: string | null;
  readonly count: number;
  /** Minor units, as text; null without a currency. */
  readonly amount_minor: string | null;
}

/** By currency; what has none comes last. */
export function sumByCurrency(parts: readonly Money[]): Money[] {
  const totals = new Map<string | null, { count: number; amount: bigint }>();
  for (const { currency, count, amount_minor } of parts) {
    const total = totals.get(currency) ?? { count: 0, amount: 0n };
    totals.set(currency, {
      count: total.count + count,
      amount: total.amount + BigInt(amount_minor ?? 0),
    });
  }
  return [...totals]
    .sort(([a], [b]) => (a === null ? 1 : b === null ? -1 : a.localeCompare(b, "en")))
    .map(([currency, { count, amount }]) => ({
      currency,
      count,
      amount_minor: currency === null ? null : amount.toString(),
    }));
}
