/** By which ids a listed event names the money that it reports. Pure. */
import { z } from "zod";

export interface EventName {
  readonly name: string;
  readonly event_id: string;
}

const id = z.string().min(1).max(255);
const reference = z
  .union([id, z.object({ id }).transform((object) => object.id)])
  .nullish()
  .catch(null);

const eventSchema = z.object({
  id,
  data: z.object({
    object: z.object({
      id,
      object: z.string().optional().catch(undefined),
      payment_intent: reference,
      balance_transaction: reference,
      failure_balance_transaction: reference,
      balance_transactions: z.array(z.object({ id })).nullish().catch(null),
    }),
  }),
});

/** A charge's own events report nothing where an intent's do. */
export function eventNamesOf(listed: unknown): EventName[] {
  const parsed = eventSchema.safeParse(listed);
  if (!parsed.success) return [];
  const { id: event_id, data } = parsed.data;
  const { object } = data;
  if (object.object === "charge" && typeof object.payment_intent === "string") return [];
  const { balance_transaction, failure_balance_transaction, balance_transactions } = object;
  const transactions = [
    balance_transaction,
    failure_balance_transaction,
    ...(balance_transactions ?? []).map((each) => each.id),
  ];
  const names = [object.id, ...transactions].filter((name) => typeof name === "string");
  return [...new Set(names)].map((name) => ({ name, event_id }));
}
