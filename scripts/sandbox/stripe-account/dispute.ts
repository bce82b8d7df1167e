/** A dispute in all that can happen to it: docs.stripe.com/disputes/how-disputes-work. */
import { dispute, type StripeObject } from "../events/stripe-objects.ts";
import type { BalanceTransaction, Conversion } from "./balance-transaction.ts";
import type { Books } from "./books.ts";
import type { PaymentObjects } from "./payment-objects.ts";

export interface DisputeOptions {
  /** Minor units. It may be more than the payment. */
  readonly amount?: number;
  /**
   * `inquiry`: the bank only asks, and no money moves. `lost_at_once`: it cannot be answered, as with direct
   * debits; the withdrawal has no event of its own.
   */
  readonly kind?: "chargeback" | "inquiry" | "lost_at_once";
  /** At the rate of the day. Default: as the payment's. */
  readonly conversion?: Conversion;
}

const FEE_MINOR = 1_500;

export class Dispute {
  readonly id: string;
  readonly amount: number;
  readonly #books: Books;
  readonly #payment: PaymentObjects;
  readonly #conversion: Conversion | null;
  readonly #transactions: BalanceTransaction[] = [];

  constructor(books: Books, payment: PaymentObjects, options: DisputeOptions) {
    const { kind = "chargeback" } = options;
    const { id, created } = books.newObject("du");
    this.id = id;
    this.amount = options.amount ?? payment.left;
    this.#books = books;
    this.#payment = payment;
    this.#conversion = options.conversion ?? payment.conversion;
    const isLost = kind === "lost_at_once";
    books.put(
      dispute({
        id,
        created,
        amount: this.amount,
        balance_transaction: null,
        charge: payment.charge,
        currency: payment.currency,
        payment_intent: payment.intent,
        ...(isLost && { reason: "insufficient_funds" }),
      }),
    );
    books.change(payment.charge, { disputed: true });
    if (kind === "inquiry") {
      books.change(id, { is_charge_refundable: true, status: "warning_needs_response" });
      books.emit("charge.dispute.created", id);
      return;
    }
    // The very first event carries the withdrawal already.
    books.change(id, { ...this.#withdraw(), ...(isLost && { status: "lost" }) });
    books.emit("charge.dispute.created", id);
    books.emit(isLost ? "charge.dispute.closed" : "charge.dispute.funds_withdrawn", id);
  }

  /** The inquiry becomes a chargeback. */
  escalate(): this {
    const changes = { ...this.#withdraw(), is_charge_refundable: false, status: "needs_response" };
    return this.#update(changes).#emit("funds_withdrawn");
  }

  closeInquiry(): void {
    this.#update({ status: "warning_closed" }).#emit("closed");
  }

  submitEvidence(): this {
    const status = this.#transactions.length === 0 ? "warning_under_review" : "under_review";
    return this.#update({ status });
  }

  /** Everything comes back, unless `amount` says otherwise: then the rest comes by `returnFunds`. */
  win(amount = this.amount): this {
    this.#update({ ...this.#giveBack(amount), status: "won" });
    this.#books.emit("charge.updated", this.#payment.charge);
    return this.#emit("funds_reinstated").#emit("closed");
  }

  lose(): this {
    return this.#update({ status: "lost" }).#emit("closed");
  }

  /** The bank gives part of the money back, and the dispute counts as lost. */
  loseInPart(returned: number): this {
    this.#update({ ...this.#giveBack(returned), status: "lost" });
    return this.#emit("funds_reinstated").#emit("closed");
  }

  returnFunds(amount: number): this {
    this.#books.change(this.id, this.#giveBack(amount));
    return this.#emit("funds_reinstated");
  }

  /** The customer's bank takes it once more: what was won is lost. */
  withdrawAgain(): this {
    this.#update({ ...this.#withdraw(), status: "lost" });
    return this.#emit("funds_withdrawn").#emit("closed");
  }

  #withdraw(): StripeObject {
    return this.#move(-this.amount, "dispute", FEE_MINOR);
  }

  #giveBack(amount: number): StripeObject {
    // What a part is in the payment's currency, at another day's rate, no field says.
    if (this.#conversion !== null && amount !== this.amount) throw new Error("only all of it is converted");
    return this.#move(amount, "dispute_reversal", 0);
  }

  #move(amount: number, category: string, fee: number): StripeObject {
    const movement = {
      source: this.id,
      amount,
      currency: this.#payment.currency,
      type: "adjustment",
      category,
    };
    this.#transactions.push(this.#books.move({ ...movement, fee, conversion: this.#conversion }));
    return {
      balance_transaction: this.#transactions[0]?.id ?? null,
      balance_transactions: [...this.#transactions],
    };
  }

  #update(changes: StripeObject): this {
    const before = this.#books.change(this.id, changes);
    this.#books.emit("charge.dispute.updated", this.id, before);
    return this;
  }

  #emit(what: "funds_withdrawn" | "funds_reinstated" | "closed"): this {
    this.#books.emit(`charge.dispute.${what}`, this.id);
    return this;
  }
}
