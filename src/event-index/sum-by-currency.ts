/**
 * Sums per currency, exact: amounts reach 2⁵³, so two of them may already be
 * more than a JSON number can hold. Pure.
 */
import { z } from "zod";
import { countSchema, currencySchema, minorUnitsSchema } from "../wire-schemas.ts";

export const moneySchema = z.strictObject({
  currency: currencySchema
    .nullable()
    .meta({ description: "null: of these events the amount or its currency could not be read." }),
  count: countSchema,
  /** null without a currency. */
  amount_minor: minorUnitsSchema.nullable(),
});
export type Money = z.infer<typeof moneySchema>;

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
