/**
 * Sums and counts of the three sides, exact: amounts reach 2⁵³, so they are
 * stored as text and summed as bigint. Pure.
 *
 * Counted by events. Twin events of one change count twice, on all three sides alike: so equal sides
 * are right, and a sum is no turnover.
 */
import { z } from "zod";
import { countSchema, minorUnitsSchema } from "../wire-schemas.ts";
import { type Amount, SIDES } from "./findings.ts";

const sumSchema = z.strictObject({ count: countSchema, amount_minor: minorUnitsSchema });

export const totalSchema = z.strictObject({
  currency: z.string(),
  direction: z.string(),
  status: z.string(),
  stripe: sumSchema,
  clawsettle: sumSchema,
  ledger: sumSchema,
});

type Sum = z.infer<typeof sumSchema>;
export type Total = z.infer<typeof totalSchema>;

const NOTHING: Sum = { count: 0, amount_minor: "0" };

/** In the order of the reports: by currency, direction, status. */
export function addAmounts(totals: readonly Total[], amounts: readonly Amount[]): Total[] {
  const sums = new Map(totals.map((total) => [keyOf(total), total]));
  for (const amount of amounts) {
    const { currency, direction, status, side, amount_minor } = amount;
    const key = keyOf(amount);
    const total = sums.get(key) ?? {
      currency,
      direction,
      status,
      stripe: NOTHING,
      clawsettle: NOTHING,
      ledger: NOTHING,
    };
    sums.set(key, { ...total, [side]: plus(total[side], amount_minor) });
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, total]) => total);
}

/** Whether the three sides say the same of every currency, direction and status. */
export function isBalanced(totals: readonly Total[]): boolean {
  return totals.every((total) =>
    SIDES.every(
      (side) =>
        total[side].count === total.stripe.count && total[side].amount_minor === total.stripe.amount_minor,
    ),
  );
}

function plus({ count, amount_minor }: Sum, more: string): Sum {
  return { count: count + 1, amount_minor: (BigInt(amount_minor) + BigInt(more)).toString() };
}

function keyOf({ currency, direction, status }: Pick<Amount, "currency" | "direction" | "status">): string {
  return JSON.stringify([currency, direction, status]);
}
