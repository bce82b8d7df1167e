import * as events from "../../sandbox/events/stripe-events.ts";
import { stripeId } from "../../sandbox/events/stripe-ids.ts";
import * as objects from "../../sandbox/events/stripe-objects.ts";

type Build = (money: objects.Money, envelope: events.Envelope) => events.StripeEventBody;

const BUILDERS: Readonly<Record<string, Build>> = {
  "payment_intent.succeeded": events.paymentIntentSucceeded,
  "payment_intent.payment_failed": events.paymentFailed,
  "payment_intent.canceled": events.paymentCanceled,
  "charge.refunded": events.chargeRefunded,
  "refund.created": events.refundCreated,
  "refund.updated": events.refundUpdated,
  "refund.failed": events.refundFailed,
  "charge.dispute.funds_withdrawn": events.disputeFundsWithdrawn,
  "charge.dispute.funds_reinstated": events.disputeFundsReinstated,
  "payout.paid": events.payoutPaid,
  "payout.failed": events.payoutFailed,
  "payout.canceled": events.payoutCanceled,
};

/** The longest prefix decides: `charge.dispute.…` carries a dispute, not a charge. */
const OBJECTS: readonly (readonly [prefix: string, build: (money: objects.Money) => objects.StripeObject])[] =
  [
    ["charge.dispute.", objects.dispute],
    ["charge.refund.", objects.refund],
    ["charge.", objects.charge],
    ["payment_intent.", objects.paymentIntent],
    ["payout.", objects.payout],
    ["refund.", objects.refund],
  ];

/** An event of any type: as Stripe's where there is a builder, else an envelope around a plausible object. */
export function eventOf(
  type: string,
  money: objects.Money,
  envelope: events.Envelope,
): events.StripeEventBody {
  const build = BUILDERS[type];
  if (build !== undefined) return build(money, envelope);
  const object =
    OBJECTS.find(([prefix]) => type.startsWith(prefix))?.[1] ?? ((given) => anyObject(type, given));
  return events.stripeEvent(type, object(money), envelope);
}

function anyObject(type: string, { account_id, metadata, ...fields }: objects.Money): objects.StripeObject {
  const object = type.slice(0, type.lastIndexOf("."));
  const own = account_id === undefined ? {} : { account_id };
  return { id: stripeId("obj"), object, ...fields, metadata: { ...own, ...metadata } };
}
