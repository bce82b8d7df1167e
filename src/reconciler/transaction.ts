/** A balance transaction with its source, as far as the audit of money reads it. Pure. */
import { z } from "zod";

const id = z.string().min(1).max(255);
const minorUnits = z.int();
const currency = z
  .string()
  .regex(/^[A-Za-z]{3}$/)
  .transform((code) => code.toUpperCase());
/** A reference is the other object's id or, expanded, that object. */
const reference = z
  .union([id, z.object({ id }).transform((object) => object.id)])
  .nullish()
  .transform((value) => value ?? null);

/** Of a charge, a refund, a dispute or a payout. What one of them lacks is absent. */
const sourceSchema = z.object({
  id,
  object: z.string(),
  amount: minorUnits.optional(),
  currency: currency.optional(),
  amount_captured: minorUnits.nullish(),
  status: z.string().nullish(),
  automatic: z.boolean().nullish(),
  payment_intent: reference,
  charge: reference,
  balance_transactions: z.array(z.object({ id, amount: minorUnits, currency })).nullish(),
});

export const transactionSchema = z.object({
  id,
  /** Unix seconds. */
  created: z.int().nonnegative(),
  type: z.string().max(100),
  reporting_category: z.string().max(100).nullish(),
  currency,
  /** Signed, in the balance's currency. */
  amount: minorUnits,
  fee: minorUnits,
  net: minorUnits,
  /** Only the id, if Stripe did not expand it. */
  source: z
    .union([sourceSchema, z.unknown().transform(() => "not_shown" as const)])
    .nullish()
    .transform((value) => value ?? null),
});

export type Transaction = z.infer<typeof transactionSchema>;
export type Source = z.infer<typeof sourceSchema>;
