/**
 * A Stripe event → the settlement it means, or why it means none.
 *
 * Pure: no I/O, no clock. Never throws. One event maps to the same answer for ever, and so do twin events of one
 * change, but for their own id and time. docs/mapping.md explains every reason and the order of the checks.
 */
import type { StripeEvent } from "../stripe/event.ts";
import { amountOf } from "./amount.ts";
import { currencyOf } from "./currency.ts";
import { accountOf, read, type Reading, referenceOf, textOf, timeOf, unreadable } from "./reading.ts";
import type { IgnoredReason, Mapping, SettlementDraft, UnmappableReason } from "./settlement.ts";
import { type MoneyRow, type RefundEvents, TABLE } from "./mapping-table.ts";

export interface MapOptions {
  readonly refundEvents: RefundEvents;
}

export function mapEvent(event: StripeEvent, options: MapOptions): Mapping {
  const row = TABLE[options.refundEvents].get(event.type);
  if (row === undefined) return ignored("not_a_settlement_event");
  return row.kind === "ignored" ? ignored(row.reason) : mapMoney(event, row);
}

/** The types that can become a settlement, sorted: what an endpoint must be subscribed to. */
export function subscribedEventTypes(refundEvents: RefundEvents): readonly string[] {
  return [...TABLE[refundEvents]].flatMap(([type, row]) => (row.kind === "money" ? type : [])).sort();
}

/** Every reason to ignore comes before every reason to call an operator: nobody should be called for no money. */
function mapMoney(event: StripeEvent, row: MoneyRow): Mapping {
  const { object } = event.data;
  const account = accountOf(object);
  const condition = row.ignoredIf.find(({ holds }) => holds(event, account));
  if (condition !== undefined) return ignored(condition.reason);

  const amount = amountOf(row.amount, event);
  if (!amount.ok) return unmappable(amount.reason);
  if (amount.value === 0) return ignored("zero_amount");
  const currency = currencyOf(object["currency"]);
  if (!currency.ok) return unmappable(currency.reason);
  const objectId = textOf(object["id"]);
  if (objectId === null) return unmappable("object_id_missing");
  const externalId = externalIdOf(event, row, objectId);
  if (!externalId.ok) return unmappable(externalId.reason);

  const paymentIntent = row.account === "own_or_payin" ? referenceOf(object["payment_intent"]) : null;
  const draft: SettlementDraft = {
    provider: "stripe",
    external_payment_id: externalId.value,
    direction: row.direction,
    status: row.status,
    amount_minor: String(amount.value),
    currency: currency.value,
    network: "stripe",
    ...circumstancesOf(event, row),
    metadata: metadataOf(event, row, { objectId, paymentIntent }),
  };
  if (account !== null) return { kind: "settlement", settlement: { ...draft, account_id: account } };
  if (paymentIntent === null) return unmappable("account_missing");
  return { kind: "account_lookup", draft, payment_intent: paymentIntent };
}

/**
 * The object's id, where the object is the movement of money. A charge is not: it has many refunds. The total
 * after the change tells them apart, the time tells apart a total that was reached twice (a refund failed and was
 * made again), and twin events of one change share both.
 */
function externalIdOf(event: StripeEvent, row: MoneyRow, objectId: string): Reading<string> {
  if (row.amount !== "amount_refunded_change") return read(objectId);
  if (event.created === null) return unreadable("created_missing");
  return read(`${objectId}:${String(event.data.object["amount_refunded"])}:${event.created}`);
}

type Circumstances = Pick<SettlementDraft, "rail" | "provider_created_at" | "settled_at">;

/** What is good to know but decides nothing: left out where it cannot be read. */
function circumstancesOf(event: StripeEvent, row: MoneyRow): Circumstances {
  const { object } = event.data;
  const rail = Array.isArray(object["payment_method_types"])
    ? textOf(object["payment_method_types"][0])
    : null;
  // A charge was created when the customer paid, which says nothing about its refund.
  const createdAt = timeOf(row.amount === "amount_refunded_change" ? event.created : object["created"]);
  const settledAt = row.status === "confirmed" ? timeOf(event.created) : undefined;
  return {
    ...(rail !== null && { rail }),
    ...(createdAt !== undefined && { provider_created_at: createdAt }),
    ...(settledAt !== undefined && { settled_at: settledAt }),
  };
}

/** Kept small: it is stored with every event, and sent with every attempt. */
function metadataOf(
  event: StripeEvent,
  row: MoneyRow,
  ids: { readonly objectId: string; readonly paymentIntent: string | null },
): Record<string, string> {
  const stripeAccount = textOf(event.account);
  return {
    stripe_event_id: event.id,
    stripe_event_type: event.type,
    stripe_object_id: ids.objectId,
    ...(ids.paymentIntent !== null && { stripe_payment_intent_id: ids.paymentIntent }),
    ...(stripeAccount !== null && { stripe_account: stripeAccount }),
    ...(row.movement !== undefined && { kind: row.movement }),
  };
}

function ignored(reason: IgnoredReason): Mapping {
  return { kind: "ignored", reason };
}

function unmappable(reason: UnmappableReason): Mapping {
  return { kind: "unmappable", reason };
}
