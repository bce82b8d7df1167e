/** A payment and all that can happen to it: docs.stripe.com/payments/paymentintents/lifecycle. */
import { DAY, SECOND } from "../../lib/durations.ts";
import { Dispute, type DisputeOptions } from "./dispute.ts";
import { PaymentObjects } from "./payment-objects.ts";
import { Refund, type RefundOptions } from "./refund.ts";

/** Between a direct debit and its result. */
const CLEARING = 4 * DAY;

export class Payment extends PaymentObjects {
  /**
   * The customer tries, and cannot pay. A delayed payment fails days later, when its money has come already.
   */
  failAttempt(): this {
    const { isDelayed } = this.traits;
    const code = isDelayed ? "payment_method_customer_decline" : "card_declined";
    const failed = { failure_code: code, failure_message: "It failed.", paid: false, status: "failed" };
    if (isDelayed) {
      this.#process();
      const back = this.move(-this.amount, "payment_failure_refund", "charge_failure");
      this.books.change(this.charge, { ...failed, failure_balance_transaction: back });
    } else {
      this.makeCharge({ ...failed, amount_captured: 0, balance_transaction: null, captured: false });
    }
    this.books.emit("charge.failed", this.charge);
    this.changeIntent("payment_intent.payment_failed", {
      last_payment_error: { charge: this.charge, code, type: "card_error" },
      latest_charge: this.charge,
      status: "requires_payment_method",
    });
    this.origin.paymentFailed();
    return this;
  }

  /** The customer pays, and everything is captured. */
  succeed(): this {
    const { books } = this;
    if (this.traits.isDelayed) {
      this.#process();
      books.emit(
        "charge.succeeded",
        this.charge,
        books.change(this.charge, { paid: true, status: "succeeded" }),
      );
      this.received(this.amount);
      return this;
    }
    this.makeCharge({ balance_transaction: null });
    const { movesAtOnce = false } = this.options;
    if (movesAtOnce) books.change(this.charge, { balance_transaction: this.take(this.amount) });
    books.emit("charge.succeeded", this.charge);
    this.received(this.amount);
    if (movesAtOnce) return this;
    books.later(SECOND);
    const before = books.change(this.charge, { balance_transaction: this.take(this.amount) });
    books.emit("charge.updated", this.charge, before);
    return this;
  }

  /** The customer's bank holds the amount, for `capture`, `cancel` or `expire`. */
  authorize(): this {
    this.makeCharge({ amount_captured: 0, balance_transaction: null, captured: false });
    this.books.emit("charge.succeeded", this.charge);
    this.changeIntent("payment_intent.amount_capturable_updated", {
      amount_capturable: this.amount,
      capture_method: "manual",
      latest_charge: this.charge,
      status: "requires_capture",
    });
    return this;
  }

  /**
   * Of less than was authorized, the rest is released: before basil all of it moved, and the rest was
   * refunded. More than was authorized is an overcapture.
   */
  capture(amount = this.amount): this {
    const released = this.books.releasesByRefund ? Math.max(0, this.amount - amount) : 0;
    const balance_transaction = this.take(amount + released);
    const changes = { amount_captured: amount, balance_transaction, captured: true };
    this.books.emit("charge.captured", this.charge, this.books.change(this.charge, changes));
    if (released > 0) this.refund({ amount: released, category: "partial_capture_reversal", reason: null });
    this.received(amount);
    return this;
  }

  /** Before it was captured, or before anybody tried to pay. */
  cancel(): void {
    if (this.wasTried && this.books.releasesByRefund) this.#release(null);
    this.#canceled(this.wasTried ? "requested_by_customer" : "abandoned");
  }

  /** Nobody captured the authorization in time. */
  expire(): void {
    const { releasesByRefund } = this.books;
    if (releasesByRefund) this.#release("expired_uncaptured_charge");
    else this.books.emit("charge.expired", this.charge);
    this.#canceled(releasesByRefund ? "automatic" : "expired");
  }

  /** Of all that is left, unless `amount` says otherwise. */
  refund(options: RefundOptions = {}): Refund {
    return new Refund(this.books, this, options);
  }

  /** About all that is left, unless `amount` says otherwise. */
  dispute(options: DisputeOptions = {}): Dispute {
    return new Dispute(this.books, this, options);
  }

  /** The customer has done all, the money counts in the balance, and whether it stays is known days later. */
  #process(): void {
    const { books } = this;
    this.makeCharge({ balance_transaction: null, paid: false, status: "pending" });
    books.change(this.charge, { balance_transaction: this.take(this.amount) });
    books.emit("charge.pending", this.charge);
    this.changeIntent("payment_intent.processing", { latest_charge: this.charge, status: "processing" });
    this.origin.session?.processing();
    books.later(CLEARING);
  }

  /** A refund that moves nothing: nothing had been taken. */
  #release(reason: string | null): void {
    this.refund({ amount: this.amount, leaves: false, reason });
  }

  #canceled(cancellation_reason: string): void {
    this.changeIntent("payment_intent.canceled", {
      amount_capturable: 0,
      canceled_at: this.books.seconds,
      cancellation_reason,
      status: "canceled",
    });
  }
}
