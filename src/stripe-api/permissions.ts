/** What a key may read, of all that clawsettle reads: of lists one item is asked for, all at once. */
import { z } from "zod";
import { requestStripe, type Stripe, type StripeApiOptions } from "./client.ts";
import { type StripeReply, whyOf } from "./reply.ts";

const permission = z.enum(["ok", "refused", "unavailable"]).meta({
  description:
    "`refused`: the key is wrong, or may not read this. `unavailable`: Stripe gave no answer, or none of its own.",
});

export const stripePermissionsSchema = z.strictObject({
  events: permission,
  checkout_sessions: permission,
  invoice_payments: permission,
  customers: permission,
  balance_transactions: permission,
  account: permission,
  balance: permission,
});

const anAnswer = z.discriminatedUnion("object", [
  z.object({ object: z.literal("list"), data: z.array(z.unknown()) }),
  z.object({ object: z.literal("account"), id: z.string() }),
  z.object({ object: z.literal("balance"), livemode: z.boolean() }),
]);

export type StripePermissions = z.infer<typeof stripePermissionsSchema>;

const QUESTIONS: { readonly [Name in keyof StripePermissions]: (stripe: Stripe) => Promise<unknown> } = {
  events: (stripe) => stripe.events.list({ limit: 1 }),
  checkout_sessions: (stripe) => stripe.checkout.sessions.list({ limit: 1 }),
  // Expanded as in a look-up, since what is expanded needs a permission of its own.
  invoice_payments: (stripe) => stripe.invoicePayments.list({ limit: 1, expand: ["data.invoice"] }),
  customers: (stripe) => stripe.customers.list({ limit: 1 }),
  balance_transactions: (stripe) => stripe.balanceTransactions.list({ limit: 1, expand: ["data.source"] }),
  account: (stripe) => stripe.accounts.retrieve(null),
  balance: (stripe) => stripe.balance.retrieve(),
};

export async function checkStripePermissions(
  options: StripeApiOptions & { readonly timeoutMs: number },
): Promise<StripePermissions> {
  const checks = Object.entries(QUESTIONS).map(async ([name, ask]) => {
    const reply = await requestStripe({ ...options, stripeAccount: null }, ask);
    return [name, permissionBy(reply)];
  });
  return Object.fromEntries(await Promise.all(checks)) as StripePermissions;
}

function permissionBy(reply: StripeReply): z.infer<typeof permission> {
  if (anAnswer.safeParse(reply.body).success) return "ok";
  return whyOf(reply) === "refused" ? "refused" : "unavailable";
}
