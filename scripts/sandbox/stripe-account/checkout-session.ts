/**
 * The Checkout Session of a payment: docs.stripe.com/api/checkout/sessions. Its metadata stays on the
 * session.
 */
import type { Books } from "./books.ts";
import type { Metadata, PaymentFacts } from "./payment-facts.ts";

export interface CheckoutOptions {
  readonly metadata?: Metadata;
  readonly client_reference_id?: string;
}

export class CheckoutSession {
  readonly #books: Books;
  readonly #id: string;

  constructor(books: Books, options: CheckoutOptions, { intent, amount, currency, customer }: PaymentFacts) {
    this.#books = books;
    this.#id = books.put({
      ...books.newObject("cs_test"),
      object: "checkout.session",
      amount_subtotal: amount,
      amount_total: amount,
      client_reference_id: options.client_reference_id ?? null,
      currency,
      customer,
      invoice: null,
      metadata: options.metadata ?? {},
      mode: "payment",
      payment_intent: intent,
      payment_link: null,
      payment_status: "unpaid",
      status: "open",
      subscription: null,
    });
  }

  /** The customer has done all; a delayed payment may still fail. */
  processing(): void {
    this.#books.change(this.#id, { status: "complete" });
    this.#books.emit("checkout.session.completed", this.#id);
  }

  paymentFailed(): void {
    if (this.#isComplete) this.#books.emit("checkout.session.async_payment_failed", this.#id);
  }

  paid(): void {
    const type = this.#isComplete ? "checkout.session.async_payment_succeeded" : "checkout.session.completed";
    this.#books.change(this.#id, { payment_status: "paid", status: "complete" });
    this.#books.emit(type, this.#id);
  }

  get #isComplete(): boolean {
    return this.#books.object(this.#id)["status"] === "complete";
  }
}
