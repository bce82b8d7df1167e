/**
 * One payment at Stripe: things happen to it, and each makes the events that Stripe would send, of both refund
 * families, as an endpoint that is subscribed to everything would get them.
 */
import {
  chargeRefunded,
  disputeFundsReinstated,
  disputeFundsWithdrawn,
  type Envelope,
  paymentFailed,
  paymentIntentSucceeded,
  refundCreated,
  refundFailed,
  refundUpdated,
  type StripeEventBody,
  stripeEvent,
} from "../../scripts/sandbox/events/stripe-events.ts";
import { nowSeconds, stripeId } from "../../scripts/sandbox/events/stripe-ids.ts";
import { charge, dispute, type Money, refund } from "../../scripts/sandbox/events/stripe-objects.ts";

export type Events = StripeEventBody[];

export interface PaymentOptions {
  /** On the intent's metadata. */
  readonly account: string;
  readonly amount: number;
  readonly currency?: string;
  /** A charge carries the metadata that its intent had when it was made. False: the account came later. */
  readonly chargeKnowsAccount?: boolean;
}

export interface RefundOptions {
  readonly amount: number;
  /** Some ways to pay are refunded over days. */
  readonly pending?: boolean;
  /** On the refund's own metadata. */
  readonly account?: string | undefined;
  /** Since whatever happened last. */
  readonly secondsLater?: number;
}

interface Refund {
  readonly money: Money & { readonly id: string; readonly amount: number };
  status: "pending" | "succeeded" | "failed";
}

interface Dispute {
  readonly money: Money & { readonly id: string };
}

export class StripePayment {
  readonly intent = stripeId("pi");
  readonly charge = stripeId("ch");
  readonly #options: PaymentOptions;
  readonly #currency: string;
  #refunded = 0;
  #seconds = nowSeconds();

  constructor(options: PaymentOptions) {
    this.#options = options;
    this.#currency = options.currency ?? "usd";
  }

  attemptFails(): Events {
    const { account, amount } = this.#options;
    const money = { id: this.intent, account_id: account, amount, currency: this.#currency };
    const declined = charge({ ...money, id: stripeId("ch"), payment_intent: this.intent, status: "failed" });
    const at = this.#later();
    return [stripeEvent("charge.failed", declined, at), paymentFailed(money, at)];
  }

  succeeds(): Events {
    const { account, amount } = this.#options;
    const money = { id: this.intent, account_id: account, amount, currency: this.#currency };
    const at = this.#later();
    return [
      stripeEvent("charge.succeeded", charge({ ...this.#chargeMoney(), amount_refunded: 0 }), at),
      paymentIntentSucceeded({ ...money, latest_charge: this.charge }, at),
    ];
  }

  refund({ amount, pending = false, account, secondsLater = 60 }: RefundOptions): [Refund, Events] {
    const money = { ...this.#about(account), id: stripeId("re"), amount };
    const made: Refund = { money, status: pending ? "pending" : "succeeded" };
    const previous = this.#refunded;
    this.#refunded += amount;
    const at = this.#later(secondsLater);
    const total = { charge: this.charge, amount_refunded: this.#refunded, previous };
    return [
      made,
      [
        chargeRefunded({ ...this.#chargeMoney(), ...total }, at),
        refundCreated({ ...money, status: made.status }, at),
      ],
    ];
  }

  /** The bank's reference is known: the refund is told again, and no money moves. */
  refundIsReferenced({ money, status }: Refund): Events {
    const at = this.#later();
    const destination_details = { card: { reference_status: "available", type: "refund" }, type: "card" };
    const fields = { ...money, status, destination_details };
    const previous_attributes = { destination_details: { card: { reference_status: "pending" } } };
    return [
      refundUpdated(fields, { ...at, previous_attributes }),
      stripeEvent("charge.refund.updated", refund(fields), { ...at, previous_attributes }),
    ];
  }

  refundSucceeds(made: Refund): Events {
    const previous_attributes = { status: made.status };
    made.status = "succeeded";
    const at = { ...this.#later(), previous_attributes };
    return [
      refundUpdated({ ...made.money, status: made.status }, at),
      stripeEvent("charge.refund.updated", refund({ ...made.money, status: made.status }), at),
    ];
  }

  /** The money comes back, and counts as refunded no longer. */
  refundFails(made: Refund): Events {
    const previous_attributes = { status: made.status };
    made.status = "failed";
    this.#refunded -= made.money.amount;
    const at = { ...this.#later(), previous_attributes };
    return [
      refundFailed(made.money, at),
      refundUpdated({ ...made.money, status: made.status }, at),
      stripeEvent("charge.refund.updated", refund({ ...made.money, status: made.status }), at),
    ];
  }

  isDisputed({ amount, account }: { amount: number; account?: string | undefined }): [Dispute, Events] {
    const disputed = { money: { ...this.#about(account), id: stripeId("du"), amount } };
    const at = this.#later();
    return [
      disputed,
      [
        stripeEvent("charge.dispute.created", dispute(disputed.money), at),
        disputeFundsWithdrawn(disputed.money, at),
      ],
    ];
  }

  disputeIsWon({ money }: Dispute): Events {
    const at = this.#later();
    return [
      disputeFundsReinstated(money, at),
      stripeEvent("charge.dispute.closed", dispute({ ...money, status: "won" }), at),
    ];
  }

  disputeIsLost({ money }: Dispute): Events {
    return [stripeEvent("charge.dispute.closed", dispute({ ...money, status: "lost" }), this.#later())];
  }

  /** Refunds and disputes refer to the payment, and have no account unless one is written on them. */
  #about(account: string | undefined): Money {
    return {
      charge: this.charge,
      payment_intent: this.intent,
      currency: this.#currency,
      ...(account !== undefined && { account_id: account }),
    };
  }

  #chargeMoney(): Money {
    const { account, amount, chargeKnowsAccount = true } = this.#options;
    return {
      id: this.charge,
      amount,
      currency: this.#currency,
      payment_intent: this.intent,
      ...(chargeKnowsAccount && { account_id: account }),
    };
  }

  #later(seconds = 60): Envelope & { readonly created: number } {
    this.#seconds += seconds;
    return { created: this.#seconds };
  }
}
