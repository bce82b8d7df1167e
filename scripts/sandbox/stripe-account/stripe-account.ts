/**
 * One Stripe account in which things happen. Each act adds to its events, its balance transactions and its
 * objects.
 */
import { AMOUNT_MINOR, refund } from "../events/stripe-objects.ts";
import { Books } from "./books.ts";
import { Payment } from "./payment.ts";
import type { Metadata } from "./payment-facts.ts";
import type { PaymentOptions } from "./payment-objects.ts";
import { Payout, type PayoutOptions } from "./payout.ts";

export class StripeAccount extends Books {
  /** Gives its id, `cus_…`. */
  createCustomer(metadata: Metadata = {}): string {
    const customer = { ...this.newObject("cus"), object: "customer", email: null, metadata, name: null };
    const id = this.put(customer);
    this.emit("customer.created", id);
    return id;
  }

  /** Nobody has tried to pay yet: go on with `failAttempt`, `succeed`, `authorize` or `cancel`. */
  createPayment(options: PaymentOptions = {}): Payment {
    return new Payment(this, options, true);
  }

  /** By an intent, captured at once. */
  pay(options: PaymentOptions = {}): Payment {
    return this.createPayment(options).succeed();
  }

  /** By an intent, to be captured later. */
  authorize(options: PaymentOptions = {}): Payment {
    return this.createPayment(options).authorize();
  }

  /** A charge without an intent, as old integrations make it: `succeed` or `authorize`. */
  createCharge(options: PaymentOptions = {}): Payment {
    return new Payment(this, options, false);
  }

  payOut(options: PayoutOptions = {}): Payout {
    return new Payout(this, options);
  }

  /** Money that a customer had transferred, and that paid for nothing, goes back: no charge and no intent. */
  refundCashBalance(customer: string, amount = AMOUNT_MINOR, currency = "usd"): void {
    const { id, created } = this.newObject("pyr");
    const movement = { source: id, amount: -amount, currency, type: "payment_refund", category: "refund" };
    const balance_transaction = this.move(movement).id;
    const origin = { balance_transaction, charge: null, customer, payment_intent: null, status: "pending" };
    this.put(refund({ id, created, amount, currency, ...origin }));
    this.emit("refund.created", id);
    this.emit("refund.updated", id, this.change(id, { status: "succeeded" }));
  }
}
