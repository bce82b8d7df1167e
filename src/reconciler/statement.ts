/**
 * Stripe's balance, per currency: it moved by so much, and where each part of that is. Sums are exact:
 * stored as text and summed as bigint. Pure.
 */
import { z } from "zod";
import { decimalAmount } from "../format-money.ts";
import { countSchema, currencySchema, decimalSchema, minorUnitsSchema } from "../wire-schemas.ts";

/**
 * `open`: clawsettle has an event of it, which is not settled yet or waits for an operator. `accepted`:
 * unexplained, and an operator has accepted that.
 */
export const PARTS = ["booked", "elsewhere", "open", "accepted", "unexplained"] as const;
export type Part = (typeof PARTS)[number];

export const lineSchema = z.strictObject({
  currency: currencySchema,
  /** `moved`: what Stripe says the balance moved by, fees included. The others are the parts of it. */
  part: z.enum(["moved", ...PARTS]),
  /** What kind of money; empty where there is one kind alone. */
  class: z.string(),
  count: countSchema,
  amount_minor: minorUnitsSchema,
});
export type Line = z.infer<typeof lineSchema>;

/** What one balance transaction adds. */
export interface Amount extends Omit<Line, "count" | "amount_minor"> {
  readonly amount: bigint;
}

/** In the order of the reports: by currency, part, class. */
export function addToLines(lines: readonly Line[], amounts: readonly Amount[]): Line[] {
  const sums = new Map(lines.map((line) => [keyOf(line), line]));
  for (const { amount, ...of } of amounts) {
    const key = keyOf(of);
    const { count, amount_minor } = sums.get(key) ?? { count: 0, amount_minor: "0" };
    const sum = (BigInt(amount_minor) + amount).toString();
    sums.set(key, { ...of, count: count + 1, amount_minor: sum });
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
}

const statementSchema = z.strictObject({
  currency: currencySchema,
  moved_minor: minorUnitsSchema,
  booked_minor: minorUnitsSchema,
  elsewhere_minor: minorUnitsSchema,
  open_minor: minorUnitsSchema,
  accepted_minor: minorUnitsSchema,
  unexplained_minor: minorUnitsSchema,
  difference_minor: minorUnitsSchema.meta({
    description: "`moved` less the five parts. Not zero: Stripe's own amounts, fees and nets do not add up.",
  }),
  /** Of the same sums. */
  decimals: z.strictObject({
    moved: decimalSchema,
    booked: decimalSchema,
    elsewhere: decimalSchema,
    open: decimalSchema,
    accepted: decimalSchema,
    unexplained: decimalSchema,
    difference: decimalSchema,
  }),
  lines: z.array(lineSchema.omit({ currency: true }).extend({ amount: decimalSchema })).readonly(),
});
export const statementsSchema = z.array(statementSchema).readonly();
export type Statement = z.infer<typeof statementSchema>;

export function statementsOf(lines: readonly Line[]): Statement[] {
  const byCurrency = Map.groupBy(lines, ({ currency }) => currency);
  return [...byCurrency].map(([currency, its]) => {
    const sum = (part: Line["part"]) =>
      its.reduce((total, line) => (line.part === part ? total + BigInt(line.amount_minor) : total), 0n);
    const difference = PARTS.reduce((rest, part) => rest - sum(part), sum("moved"));
    const decimal = (amount: bigint) => decimalAmount(amount.toString(), currency);
    return {
      currency,
      moved_minor: sum("moved").toString(),
      booked_minor: sum("booked").toString(),
      elsewhere_minor: sum("elsewhere").toString(),
      open_minor: sum("open").toString(),
      accepted_minor: sum("accepted").toString(),
      unexplained_minor: sum("unexplained").toString(),
      difference_minor: difference.toString(),
      decimals: {
        moved: decimal(sum("moved")),
        booked: decimal(sum("booked")),
        elsewhere: decimal(sum("elsewhere")),
        open: decimal(sum("open")),
        accepted: decimal(sum("accepted")),
        unexplained: decimal(sum("unexplained")),
        difference: decimal(difference),
      },
      lines: its.flatMap(({ part, class: which, count, amount_minor }) =>
        part === "moved"
          ? []
          : { part, class: which, count, amount_minor, amount: decimalAmount(amount_minor, currency) },
      ),
    };
  });
}

function keyOf({ currency, part, class: which }: Pick<Line, "currency" | "part" | "class">): string {
  return JSON.stringify([currency, part, which]);
}
