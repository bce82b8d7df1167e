/**
 * Where a payment comes from, beside its intent: a Checkout Session, an invoice with its subscription, a
 * customer.
 */
import type { Books } from "./books.ts";
import { type CheckoutOptions, CheckoutSession } from "./checkout-session.ts";
import { Invoice, type InvoiceOptions } from "./invoice.ts";
import type { Metadata, PaymentFacts } from "./payment-facts.ts";

export interface OriginOptions {
  /** `cus_…` */
  readonly customer?: string;
  readonly checkout?: CheckoutOptions;
  readonly invoice?: InvoiceOptions;
}

export class PaymentOrigin {
  readonly session: CheckoutSession | null;
  readonly invoice: Invoice | null;
  readonly #books: Books;
  readonly #options: OriginOptions;

  /** A charge without an intent has neither session nor invoice. */
  constructor(books: Books, options: OriginOptions, facts: PaymentFacts | null) {
    this.#books = books;
    this.#options = options;
    const { checkout, invoice } = options;
    const hasNone = facts === null;
    this.session = hasNone || checkout === undefined ? null : new CheckoutSession(books, checkout, facts);
    this.invoice = hasNone || invoice === undefined ? null : new Invoice(books, invoice, facts);
  }

  /** The first that names one, in the order in which the platform's documents ask for it. */
  owner(own: Metadata): string | null {
    const { checkout, invoice, customer } = this.#options;
    const ofCustomer = customer === undefined ? {} : (this.#books.object(customer)["metadata"] as Metadata);
    const names = [
      own["account_id"],
      checkout?.metadata?.["account_id"],
      checkout?.client_reference_id,
      invoice?.metadata?.["account_id"],
      invoice?.subscription?.metadata?.["account_id"],
      ofCustomer["account_id"],
    ];
    return names.find((name) => name !== undefined) ?? null;
  }

  paymentFailed(): void {
    this.session?.paymentFailed();
    this.invoice?.paymentFailed();
  }

  paid(amount: number): void {
    this.session?.paid();
    this.invoice?.paid(amount);
  }
}
