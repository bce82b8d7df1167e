/** A payout in all that can happen to it: docs.stripe.com/api/payouts. */
import { AMOUNT_MINOR, payout, type StripeObject } from "../events/stripe-objects.ts";
import type { Books } from "./books.ts";
import type { Metadata } from "./payment-facts.ts";

export interface PayoutOptions {
  /** Minor units. Negative: Stripe takes it from the bank account. */
  readonly amount?: number;
  readonly currency?: string;
  readonly metadata?: Metadata;
  /** Stripe makes it by the account's schedule. */
  readonly automatic?: boolean;
}

export class Payout {
  readonly id: string;
  readonly #books: Books;
  readonly #amount: number;
  readonly #currency: string;

  constructor(books: Books, options: PayoutOptions) {
    const { amount = AMOUNT_MINOR, currency = "usd", metadata = {}, automatic = false } = options;
    const { id, created } = books.newObject("po");
    this.id = id;
    this.#books = books;
    this.#amount = amount;
    this.#currency = currency;
    const transaction = this.#move(-amount, "payout", "payout");
    books.put(
      payout({
        id,
        created,
        amount,
        automatic,
        balance_transaction: transaction,
        currency,
        destination: books.id("ba"),
        metadata,
        reconciliation_status: automatic ? "in_progress" : "not_applicable",
      }),
    );
    books.emit("payout.created", id);
  }

  /** It may still fail, for days. */
  pay(): this {
    this.#report("paid", { status: "paid" });
    if (this.#books.object(this.id)["automatic"] !== true) return this;
    this.#report("reconciliation_completed", { reconciliation_status: "completed" });
    return this;
  }

  fail(): this {
    return this.#report("failed", {
      ...this.#comeBack("payout_failure"),
      failure_code: "account_closed",
      failure_message: "The bank account has been closed.",
      status: "failed",
    });
  }

  /** While it is pending. */
  cancel(): this {
    return this.#report("canceled", { ...this.#comeBack("payout_cancel"), status: "canceled" });
  }

  #comeBack(type: string): StripeObject {
    return { failure_balance_transaction: this.#move(this.#amount, type, "payout_reversal") };
  }

  #move(amount: number, type: string, category: string): string {
    return this.#books.move({ source: this.id, amount, currency: this.#currency, type, category }).id;
  }

  #report(what: string, changes: StripeObject): this {
    this.#books.change(this.id, changes);
    this.#books.emit(`payout.${what}`, this.id);
    return this;
  }
}
