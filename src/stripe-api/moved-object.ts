/**
 * A balance transaction and the object that moved, as Stripe has them now: one request, two for a payment.
 */
import { z } from "zod";
import { requestStripe, type Stripe, type StripeApiOptions } from "./client.ts";
import { isMissing, type StripeReply } from "./reply.ts";

const TIMEOUT_MS = 10_000;

const transactionBody = z.looseObject({
  object: z.literal("balance_transaction"),
  id: z.string(),
  source: z.looseObject({ id: z.string(), object: z.string() }),
});
const intentBody = z.looseObject({ object: z.literal("payment_intent"), id: z.string() });
const intentOf = z.object({ object: z.literal("charge"), payment_intent: z.string().min(1) });

export type MovedObject =
  | {
      readonly kind: "found";
      /** With its source. */
      readonly transaction: unknown;
      /** The payment's intent, if its charge has one; else the source. */
      readonly object: Readonly<Record<string, unknown>>;
    }
  /** Stripe does not know the transaction, or does not show what it is about. */
  | { readonly kind: "none" }
  | { readonly kind: "unavailable"; readonly status: number | null };

export async function findMovedObject(options: StripeApiOptions, id: string): Promise<MovedObject> {
  const ask = (call: (stripe: Stripe) => Promise<unknown>) =>
    requestStripe({ ...options, timeoutMs: TIMEOUT_MS, stripeAccount: null }, call);
  const reply = await ask((stripe) => stripe.balanceTransactions.retrieve(id, { expand: ["source"] }));
  const transaction = transactionBody.safeParse(reply.body);
  if (!transaction.success || transaction.data.id !== id) return without(reply);
  const { source } = transaction.data;
  const charge = intentOf.safeParse(source);
  if (!charge.success) return { kind: "found", transaction: transaction.data, object: source };
  const { payment_intent } = charge.data;
  const answer = await ask((stripe) => stripe.paymentIntents.retrieve(payment_intent));
  const intent = intentBody.safeParse(answer.body);
  if (!intent.success || intent.data.id !== payment_intent) return without(answer);
  return { kind: "found", transaction: transaction.data, object: intent.data };
}

function without(reply: StripeReply): Exclude<MovedObject, { kind: "found" }> {
  const isAnswered = reply.status !== null && reply.status < 300 && reply.body !== null;
  return isMissing(reply) || isAnswered ? { kind: "none" } : { kind: "unavailable", status: reply.status };
}
