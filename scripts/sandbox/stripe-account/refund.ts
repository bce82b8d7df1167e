/** A refund in all that can happen to it: docs.stripe.com/refunds. */
import { refund, type StripeObject } from "../events/stripe-objects.ts";
import type { Books } from "./books.ts";
import type { Metadata } from "./payment-facts.ts";
import type { PaymentObjects } from "./payment-objects.ts";

export interface RefundOptions {
  /** Minor units. */
  readonly amount?: number;
  readonly status?: "succeeded" | "pending" | "requires_action";
  /** Whether its money leaves at once. Usual: if it succeeded, or is a bank's that is pending. */
  readonly leaves?: boolean;
  readonly reason?: string | null;
  readonly metadata?: Metadata;
  /** The reporting category of its balance transaction. */
  readonly category?: string;
}

export class Refund {
  readonly id: string;
  readonly amount: number;
  readonly #books: Books;
  readonly #payment: PaymentObjects;
  readonly #category: string;
  #hasLeft = false;
  #isCounted = false;

  constructor(books: Books, payment: PaymentObjects, options: RefundOptions) {
    const { status = "succeeded", reason = "requested_by_customer", metadata = {} } = options;
    const { refundPrefix, isDelayed, refundDestination } = payment.traits;
    const { id, created } = books.newObject(refundPrefix);
    this.id = id;
    this.amount = options.amount ?? payment.left;
    this.#books = books;
    this.#payment = payment;
    this.#category = options.category ?? "refund";
    books.put(
      refund({
        id,
        created,
        amount: this.amount,
        balance_transaction: null,
        charge: payment.charge,
        currency: payment.currency,
        destination_details: refundDestination,
        metadata,
        payment_intent: payment.intent,
        reason,
        status,
        ...(status === "pending" && { pending_reason: isDelayed ? "processing" : "insufficient_funds" }),
      }),
    );
    const leaves = options.leaves ?? (status === "succeeded" || (status === "pending" && isDelayed));
    if (leaves) books.change(id, { balance_transaction: this.#leave() });
    if (books.sendsRefundEvents) books.emit("refund.created", id);
    if (leaves || status === "succeeded") this.#count();
  }

  /** What the customer had to do is done, and the bank transfers the money. */
  pend(): this {
    return this.#proceed({ next_action: undefined, pending_reason: "processing", status: "pending" });
  }

  succeed(): this {
    return this.#proceed({ pending_reason: undefined, status: "succeeded" });
  }

  /** The bank's reference for the customer: nothing moves. */
  updateReference(): this {
    const card = { reference: "74352180012", reference_status: "available", type: "refund" };
    this.#report({ destination_details: { card, type: "card" } });
    return this;
  }

  /** The bank does not take it. What had left comes back. */
  fail(failure_reason = this.#payment.traits.isDelayed ? "declined" : "expired_or_canceled_card"): void {
    const changes = { ...this.#comeBack(), failure_reason, pending_reason: undefined, status: "failed" };
    const before = this.#report(changes);
    if (this.#books.sendsRefundEvents) this.#books.emit("refund.failed", this.id, before);
  }

  /** The platform takes it back in the dashboard. What had left comes back. */
  cancel(): void {
    const failure_reason = "merchant_request";
    this.#report({ ...this.#comeBack(), failure_reason, pending_reason: undefined, status: "canceled" });
  }

  #proceed(changes: StripeObject): this {
    this.#report({ ...changes, ...(!this.#hasLeft && { balance_transaction: this.#leave() }) });
    if (!this.#isCounted) this.#count();
    return this;
  }

  #leave(): string {
    this.#hasLeft = true;
    return this.#move(-this.amount, this.#payment.traits.refundType, this.#category);
  }

  #comeBack(): StripeObject {
    if (this.#isCounted) this.#payment.uncountRefund(this.amount);
    if (!this.#hasLeft) return {};
    const { refundFailureType, refundFailureCategory } = this.#payment.traits;
    return {
      failure_balance_transaction: this.#move(this.amount, refundFailureType, refundFailureCategory),
    };
  }

  #move(amount: number, type: string, category: string): string {
    const { currency, conversion } = this.#payment;
    return this.#books.move({ source: this.id, amount, currency, type, category, conversion }).id;
  }

  #count(): void {
    this.#isCounted = true;
    this.#payment.countRefund(this.amount);
  }

  /** One change, two types of event. */
  #report(changes: StripeObject): StripeObject {
    const before = this.#books.change(this.id, changes);
    if (this.#books.sendsRefundEvents) this.#books.emit("refund.updated", this.id, before);
    this.#books.emit("charge.refund.updated", this.id, before);
    return before;
  }
}
