/**
 * An operator has money booked of which Stripe made no event: the object behind the balance transaction is
 * asked of Stripe, and what the mapping makes of it goes the way of every delivery. The mapping must say what
 * the audit, which does not use it, expects; else nothing is sent.
 */
import { z } from "zod";
import type { Config } from "../config.ts";
import { deliver } from "../delivery/deliver.ts";
import { prepareDelivery } from "../delivery/prepare.ts";
import { utf8 } from "../bytes.ts";
import type { Failure } from "../errors.ts";
import { eventIdSchema } from "../event-id.ts";
import { eventStateSchema } from "../event/event-state.ts";
import type { Delivery } from "../event/machine-types.ts";
import { eventOfMoney } from "../reconciler/event-of-money.ts";
import { type Expected, meaningOf } from "../reconciler/expected-settlement.ts";
import type { Undelivered } from "../reconciler/find-undelivered.ts";
import { carriesMoney } from "../reconciler/judge-money.ts";
import { transactionSchema } from "../reconciler/transaction.ts";
import type { Result } from "../result.ts";
import { movesMoney } from "../settlement/mapping.ts";
import { type KnownSettlement, settlementDraftSchema } from "../settlement/settlement.ts";
import { findMovedObject } from "../stripe-api/moved-object.ts";
import { showEvent } from "./events.ts";
import { askReconciler, configOf, type OperatorCall } from "./operator-call.ts";
import type { DeliverMoneyRequest } from "./requests.ts";

export const moneyDeliverySchema = z.strictObject({
  event_id: eventIdSchema,
  event_type: z.string(),
  transaction_id: z.string(),
  /** As Stripe has it now. */
  object: z.record(z.string(), z.unknown()),
  /** Without `account_id` while that must be found out. */
  settlement: settlementDraftSchema.extend({ account_id: z.string().optional() }),
  event: eventStateSchema.nullable().meta({ description: "After the attempt; null with `dry_run`." }),
});
export type MoneyDelivery = z.infer<typeof moneyDeliverySchema>;

export async function deliverMoney(
  call: OperatorCall,
  runId: string,
  request: DeliverMoneyRequest,
): Promise<Result<MoneyDelivery, Failure>> {
  const config = await configOf(call);
  if (!config.ok) return config;
  const finding = await askReconciler(call, (stub) => stub.undelivered(runId, request.key));
  if (!finding.ok) return finding;
  if (finding.value.kind !== "found") return { ok: false, failure: finding.value };
  const { transaction_id } = finding.value;
  const prepared = await prepare(call, config.value, finding.value, request);
  if (!prepared.ok) return prepared;
  const { delivery, object, settlement } = prepared.value;
  const { event_id, event_type } = delivery;
  const shown = { event_id, event_type, transaction_id, object, settlement };
  if (request.dry_run) return { ok: true, value: { ...shown, event: null } };
  const delivered = await deliver(call.env, delivery, Date.now());
  if (!delivered.ok) return { ok: false, failure: { kind: "event_object_unavailable" } };
  const event = await showEvent(call, event_id);
  return event.ok ? { ok: true, value: { ...shown, event: event.value } } : event;
}

interface Prepared {
  readonly delivery: Delivery;
  readonly object: Readonly<Record<string, unknown>>;
  readonly settlement: KnownSettlement;
}

/** Everything but the sending. */
async function prepare(
  { requestId }: OperatorCall,
  config: Config,
  { transaction_id, livemode }: Extract<Undelivered, { kind: "found" }>,
  { actor, note }: DeliverMoneyRequest,
): Promise<Result<Prepared, Failure>> {
  if (config.stripeApi === null) return missingKey();
  const found = await findMovedObject(config.stripeApi, transaction_id);
  if (found.kind === "unavailable") {
    return { ok: false, failure: { kind: "stripe_unavailable", stripe_status: found.status } };
  }
  if (found.kind === "none") return refuse("Stripe does not show what moved.");
  const transaction = transactionSchema.safeParse(found.transaction);
  const meaning = transaction.success ? meaningOf(transaction.data) : null;
  if (!transaction.success || meaning?.kind !== "settlement") return refuse(OTHERWISE);
  const event = eventOfMoney(transaction.data, meaning, found.object, livemode);
  if (event === null) return refuse(OTHERWISE);
  const source = { secretIndex: null, sentBy: { actor, note }, requestId };
  const prepared = await prepareDelivery(utf8(JSON.stringify(event)), config, source);
  if (prepared.kind !== "delivery") return refuse(OTHERWISE);
  const { delivery } = prepared;
  const { mapping } = delivery;
  if (!movesMoney(mapping)) return refuse(`To the mapping it is ${mapping.kind}: ${mapping.reason}.`);
  const settlement = mapping.kind === "settlement" ? mapping.settlement : mapping.draft;
  if (!isExpected(settlement, meaning))
    return refuse("The mapping would book other money than Stripe moved.");
  return { ok: true, value: { delivery, object: found.object, settlement } };
}

const OTHERWISE = "There is no event that would book this money: book it by hand, or accept it.";

/**
 * A payout is only recorded, in whatever status. Where the audit knows no
 * amount, there is none to compare with.
 */
function isExpected(settlement: KnownSettlement, { key, amount }: Expected): boolean {
  const isAmount =
    amount === null ||
    (settlement.amount_minor === amount.amount_minor && settlement.currency === amount.currency);
  return (
    settlement.external_payment_id === key.external_payment_id &&
    settlement.direction === key.direction &&
    carriesMoney(settlement) &&
    isAmount
  );
}

function refuse(why: string): Result<never, Failure> {
  return { ok: false, failure: { kind: "not_deliverable", why } };
}

function missingKey(): Result<never, Failure> {
  return {
    ok: false,
    failure: { kind: "dependency_not_configured", missing: ["STRIPE_API_KEY"], invalid: [] },
  };
}
