/**
 * An invoice, its payment and its subscription: docs.stripe.com/api/invoices,
 * docs.stripe.com/api/invoice-payment.
 */
import type { Books } from "./books.ts";
import type { Metadata, PaymentFacts } from "./payment-facts.ts";

export interface InvoiceOptions {
  readonly metadata?: Metadata;
  readonly subscription?: { readonly metadata?: Metadata };
}

export class Invoice {
  readonly id: string;
  readonly #books: Books;
  readonly #payment: string;

  constructor(books: Books, options: InvoiceOptions, facts: PaymentFacts) {
    this.#books = books;
    const { subscription } = options;
    const parent = subscription === undefined ? null : subscriptionOf(books, subscription, facts);
    const { intent, amount, currency, customer } = facts;
    this.id = books.put({
      ...books.newObject("in"),
      object: "invoice",
      amount_due: amount,
      amount_paid: 0,
      amount_remaining: amount,
      attempted: false,
      billing_reason: parent === null ? "manual" : "subscription_create",
      currency,
      customer,
      metadata: options.metadata ?? {},
      parent,
      status: "draft",
      total: amount,
    });
    books.emit("invoice.created", this.id);
    books.change(this.id, { status: "open" });
    books.emit("invoice.finalized", this.id);
    this.#payment = books.put({
      ...books.newObject("inpay"),
      object: "invoice_payment",
      amount_paid: null,
      amount_requested: amount,
      currency,
      invoice: this.id,
      is_default: true,
      payment: { payment_intent: intent, type: "payment_intent" },
      status: "open",
    });
  }

  paymentFailed(): void {
    this.#books.change(this.id, { attempted: true });
    this.#books.emit("invoice.payment_failed", this.id);
  }

  paid(amount: number): void {
    const books = this.#books;
    const changes = { amount_paid: amount, amount_remaining: 0, attempted: true, status: "paid" };
    books.emit("invoice.updated", this.id, books.change(this.id, changes));
    books.emit("invoice.paid", this.id);
    books.emit("invoice.payment_succeeded", this.id);
    books.change(this.#payment, { amount_paid: amount, status: "paid" });
    books.emit("invoice_payment.paid", this.#payment);
  }
}

/** Gives what its invoices carry of it. */
function subscriptionOf(
  books: Books,
  { metadata = {} }: { readonly metadata?: Metadata },
  facts: PaymentFacts,
) {
  const { customer } = facts;
  const subscription = books.put({
    ...books.newObject("sub"),
    object: "subscription",
    customer,
    metadata,
    status: "active",
  });
  books.emit("customer.subscription.created", subscription);
  return { subscription_details: { metadata, subscription }, type: "subscription_details" };
}
