/** Stripe's events as the fuzz tests spoil them. */
import * as fc from "fast-check";
import * as events from "../../../scripts/sandbox/events/stripe-events.ts";
import { CANARY } from "./log.ts";
import { type Damage, damageArb, damaged, hostileJson, type Mutation, mutationsAt } from "./hostile-json.ts";

const BUILDERS = {
  paymentIntentSucceeded: events.paymentIntentSucceeded,
  paymentCanceled: events.paymentCanceled,
  paymentFailed: events.paymentFailed,
  chargeRefunded: events.chargeRefunded,
  chargeSucceeded: events.chargeSucceeded,
  refundCreated: events.refundCreated,
  refundUpdated: events.refundUpdated,
  refundFailed: events.refundFailed,
  disputeClosed: events.disputeClosed,
  disputeFundsWithdrawn: events.disputeFundsWithdrawn,
  disputeFundsReinstated: events.disputeFundsReinstated,
  payoutPaid: events.payoutPaid,
  payoutFailed: events.payoutFailed,
};

/** Everything that the parser or a row of the mapping reads, and a few that nothing reads. */
const PLACES = [
  ["", "id", "object", "type", "livemode", "created", "api_version", "account", "request", "data"],
  ["data.object", "data.previous_attributes", "pending_webhooks"],
  ["id", "amount", "amount_received", "amount_captured", "currency", "metadata", "metadata.account_id"].map(
    inObject,
  ),
  ["balance_transactions", "balance_transactions.0", "balance_transactions.0.amount"].map(inObject),
  ["balance_transactions.0.id", "balance_transactions.0.currency", "failure_balance_transaction"].map(
    inObject,
  ),
  ["charge", "paid", "payment_method_details"].map(inObject),
  ["payment_intent", "payment_method_types", "payment_method_types.0", "created", "automatic"].map(inObject),
  ["status", "captured", "balance_transaction", "reason", "object", "customer"].map(inObject),
].flat();

function inObject(field: string): string {
  return `data.object.${field}`;
}

export interface SpoiledEvent {
  readonly builder: keyof typeof BUILDERS;
  readonly knowsAccount: boolean;
  readonly mutations: readonly Mutation[];
  readonly damage: Damage;
}

export const spoiledEventArb: fc.Arbitrary<SpoiledEvent> = fc.record({
  builder: fc.constantFrom(...(Object.keys(BUILDERS) as (keyof typeof BUILDERS)[])),
  knowsAccount: fc.boolean(),
  mutations: mutationsAt(PLACES),
  damage: damageArb,
});

export const CONNECTED_ACCOUNT = "acct_connected";

let made = 0;

/** Under an id that no other run has, unless the id is what was spoiled: an event is remembered. */
export function bodyOf({ builder, knowsAccount, mutations, damage }: SpoiledEvent): Uint8Array<ArrayBuffer> {
  const money = { ...(knowsAccount && { account_id: "acct_1" }), receipt_email: CANARY, description: CANARY };
  const event = BUILDERS[builder](money, { id: `evt_fuzz${made++}`, account: CONNECTED_ACCOUNT });
  return damaged(hostileJson(event, mutations), damage);
}
