/**
 * Which ledger accounts Stripe's objects around a payment name. null: what came is not what was asked for.
 *
 * Pure: no I/O, no clock. Never throws. Fields as in the API version that the `stripe` package names.
 */
import { z } from "zod";
import type { AccountFound, StripeAccountSource } from "./port.ts";

export interface NamedAccounts {
  /** At most one for each object: what it says first. */
  readonly named: readonly AccountFound[];
  /** Ids of the customers whose objects these are. */
  readonly customers: readonly string[];
}

/**
 * Stripe's ids are at most 255 characters, and its metadata values 500. A ledger account id is far shorter.
 */
const TEXT_MAX_LENGTH = 255;

const id = z.string().min(1).max(TEXT_MAX_LENGTH);
/** A reference is the other object's id or, expanded, that object. */
const reference = z.union([id, z.object({ id }).transform((object) => object.id)]);
const metadata = z.record(z.string(), z.string()).nullish();
/**
 * All on one page: a payment has one of each, and of a list that goes on it
 * is not known whether the rest agrees.
 */
const listOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ object: z.literal("list"), data: z.array(item), has_more: z.literal(false) });

const sessions = listOf(
  z.object({
    object: z.literal("checkout.session"),
    payment_intent: reference,
    client_reference_id: z.string().nullish(),
    customer: reference.nullish(),
    metadata,
  }),
);

/** Of a deleted invoice nothing but `id` and `object` is left. */
const invoicePayments = listOf(
  z.object({
    object: z.literal("invoice_payment"),
    status: z.string(),
    payment: z.object({ payment_intent: reference }),
    invoice: z.object({
      object: z.literal("invoice"),
      customer: reference.nullish(),
      metadata,
      // The subscription's metadata when the invoice was finalized.
      parent: z.object({ subscription_details: z.object({ metadata }).nullish() }).nullish(),
    }),
  }),
);

const customer = z.object({ object: z.literal("customer"), id, deleted: z.boolean().nullish(), metadata });

type Metadata = z.infer<typeof metadata>;

/** The list of the Checkout Sessions of `paymentIntent`. */
export function readSessions(body: unknown, paymentIntent: string, key: string): NamedAccounts | null {
  const list = sessions.safeParse(body);
  if (!list.success || list.data.data.some((session) => session.payment_intent !== paymentIntent))
    return null;
  return {
    named: list.data.data.flatMap((session) =>
      firstOf([
        ["checkout_session", valueOf(session.metadata, key)],
        ["client_reference_id", session.client_reference_id],
      ]),
    ),
    customers: list.data.data.flatMap((session) => session.customer ?? []),
  };
}

/** The list of what `paymentIntent` pays of invoices, each with its invoice. */
export function readInvoicePayments(body: unknown, paymentIntent: string, key: string): NamedAccounts | null {
  const list = invoicePayments.safeParse(body);
  if (!list.success || list.data.data.some(({ payment }) => payment.payment_intent !== paymentIntent))
    return null;
  // An `open` one counts: the payment's event may come before Stripe has marked it as paid.
  const invoices = list.data.data.flatMap(({ status, invoice }) => (status === "canceled" ? [] : invoice));
  return {
    named: invoices.flatMap((invoice) =>
      firstOf([
        ["invoice", valueOf(invoice.metadata, key)],
        ["subscription", valueOf(invoice.parent?.subscription_details?.metadata, key)],
      ]),
    ),
    customers: invoices.flatMap((invoice) => invoice.customer ?? []),
  };
}

export function readCustomer(body: unknown, customerId: string, key: string): NamedAccounts | null {
  const found = customer.safeParse(body);
  if (!found.success || found.data.id !== customerId) return null;
  const value = found.data.deleted === true ? null : valueOf(found.data.metadata, key);
  return { named: firstOf([["customer", value]]), customers: [] };
}

function firstOf(
  values: readonly (readonly [StripeAccountSource, string | null | undefined])[],
): AccountFound[] {
  for (const [source, value] of values) {
    const account_id = value?.trim() ?? "";
    if (account_id !== "" && account_id.length <= TEXT_MAX_LENGTH)
      return [{ kind: "found", account_id, source }];
  }
  return [];
}

function valueOf(of: Metadata, key: string): string | undefined {
  return of != null && Object.hasOwn(of, key) ? of[key] : undefined;
}
