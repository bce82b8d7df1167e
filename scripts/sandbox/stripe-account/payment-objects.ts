/**
 * The intent and the charge of a payment: how they are made, and how they change. What happens is in
 * `Payment`.
 */
import { AMOUNT_MINOR, charge, paymentIntent, type StripeObject } from "../events/stripe-objects.ts";
import type { Conversion } from "./balance-transaction.ts";
import type { Books } from "./books.ts";
import type { Metadata } from "./payment-facts.ts";
import { type MethodTraits, type PaymentMethod, traitsOf } from "./payment-method.ts";
import { type OriginOptions, PaymentOrigin } from "./payment-origin.ts";

export interface PaymentOptions extends OriginOptions {
  /** Minor units. */
  readonly amount?: number;
  readonly currency?: string;
  readonly metadata?: Metadata;
  readonly method?: PaymentMethod;
  /** The account settles it in another currency. */
  readonly conversion?: Conversion;
  /** Its balance transaction is there when it succeeds. As is usual now, it comes a little later. */
  readonly movesAtOnce?: boolean;
}

const FEE_SHARE = 0.029;
const FEE_FIXED_MINOR = 30;

export class PaymentObjects {
  readonly intent: string | null;
  readonly amount: number;
  readonly currency: string;
  readonly traits: MethodTraits;
  readonly conversion: Conversion | null;
  protected readonly books: Books;
  protected readonly origin: PaymentOrigin;
  protected readonly options: PaymentOptions;
  #metadata: Metadata;
  /** Of the last attempt. */
  #charge: string | null = null;
  /** What the charge took, before refunds. */
  #taken = 0;
  /** As the charge counts it. */
  #refunded = 0;

  constructor(books: Books, options: PaymentOptions, hasIntent: boolean) {
    this.books = books;
    this.options = options;
    this.amount = options.amount ?? AMOUNT_MINOR;
    this.currency = options.currency ?? "usd";
    this.traits = traitsOf(options.method ?? "card");
    this.conversion = options.conversion ?? null;
    this.#metadata = options.metadata ?? {};
    const { amount, currency } = this;
    this.intent = hasIntent ? books.id("pi") : null;
    const facts = { amount, currency, customer: options.customer ?? null };
    this.origin = new PaymentOrigin(
      books,
      options,
      this.intent === null ? null : { ...facts, intent: this.intent },
    );
    if (this.intent === null) return;
    books.put(this.#newIntent(this.intent));
    books.emit("payment_intent.created", this.intent);
  }

  get charge(): string {
    if (this.#charge === null) throw new Error("nobody has tried to pay yet");
    return this.#charge;
  }

  get wasTried(): boolean {
    return this.#charge !== null;
  }

  /** What refunds have not taken yet. Disputes do not count. */
  get left(): number {
    return this.#taken - this.#refunded;
  }

  /**
   * The platform writes other metadata on the intent. A charge keeps the copy that it got when it was made.
   */
  changeMetadata(metadata: Metadata): void {
    this.#metadata = metadata;
    if (this.intent !== null) this.books.change(this.intent, { metadata });
  }

  /** The charge counts a refund, and Stripe reports its new total. */
  countRefund(amount: number): void {
    this.books.emit("charge.refunded", this.charge, this.#setRefunded(this.#refunded + amount));
  }

  /** The refund failed, and another can be made. Stripe documents no event of the charge for that. */
  uncountRefund(amount: number): void {
    this.#setRefunded(this.#refunded - amount);
  }

  /** As what it counts in the balance: `charge` for a card's. Gives the id of the transaction. */
  protected take(amount: number): string {
    this.#taken = amount;
    const fee = Math.round(amount * FEE_SHARE) + FEE_FIXED_MINOR;
    return this.move(amount, this.traits.chargeType, "charge", fee);
  }

  protected move(amount: number, type: string, category: string, fee = 0): string {
    const { charge: source, currency, conversion } = this;
    return this.books.move({ source, amount, currency, type, category, fee, conversion }).id;
  }

  protected makeCharge(fields: StripeObject): void {
    const { books, amount, currency, intent, options } = this;
    const { id, created } = books.newObject(this.traits.chargePrefix);
    const { method = "card" } = options;
    this.#charge = id;
    books.put(
      charge({
        id,
        created,
        amount,
        currency,
        customer: options.customer ?? null,
        metadata: this.#metadata,
        payment_intent: intent,
        payment_method: books.id("pm"),
        ...(method !== "card" && { payment_method_details: { [method]: {}, type: method } }),
        ...this.#invoiceField(),
        ...fields,
      }),
    );
    this.#nameOwner();
  }

  protected changeIntent(type: string, changes: StripeObject): void {
    if (this.intent === null) return;
    this.books.change(this.intent, changes);
    this.books.emit(type, this.intent);
  }

  protected received(amount: number): void {
    this.#nameOwner();
    this.changeIntent("payment_intent.succeeded", {
      amount_capturable: 0,
      amount_received: amount,
      latest_charge: this.charge,
      status: "succeeded",
    });
    this.origin.paid(amount);
  }

  #nameOwner(): void {
    this.books.owners.set(this.intent ?? this.charge, this.origin.owner(this.#metadata));
  }

  #setRefunded(amount: number): StripeObject {
    this.#refunded = amount;
    const total = this.#taken === 0 ? this.amount : this.#taken;
    return this.books.change(this.charge, { amount_refunded: amount, refunded: amount >= total });
  }

  #newIntent(id: string): StripeObject {
    const { books, amount, currency, options } = this;
    return paymentIntent({
      id,
      created: books.seconds,
      amount,
      currency,
      client_secret: `${id}_secret_${books.id("x")}`,
      customer: options.customer ?? null,
      metadata: this.#metadata,
      payment_method_types: [options.method ?? "card"],
      ...this.#invoiceField(),
    });
  }

  /** Basil took it from intents and charges. */
  #invoiceField(): StripeObject {
    return this.books.rendersInvoices ? { invoice: this.origin.invoice?.id ?? null } : {};
  }
}
