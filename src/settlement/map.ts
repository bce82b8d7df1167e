/**
 * A Stripe event → the settlement it means, or why it means none.
 *
 * Pure: no I/O, no clock. Never throws. One event maps to the same answer for ever, and all events of one
 * movement of money, twins or of other types, to the same natural key. docs/mapping.md has the principles.
 */
import type { StripeEvent } from "../stripe/event.ts";
import { mayBeRelease, mayNeverHaveMoved } from "./conditions.ts";
import { currencyOf } from "./currency.ts";
import { circumstancesOf, metadataOf, readableMoney, readMovement } from "./draft.ts";
import { accountOf, paymentOf, referenceOf, textOf } from "./fields.ts";
import type { Mapping } from "./mapping.ts";
import { type MoneyRow, moneyRows, TABLE } from "./mapping-table.ts";
import type { Question } from "./questions.ts";
import type { IgnoredReason, UnmappableReason } from "./reasons.ts";
import { type SettlementDraft, withAccount } from "./settlement.ts";

export interface MapOptions {
  /** The key of the metadata that names the ledger account. */
  readonly accountKey: string;
  /** Whether there is a key for Stripe's API, so that the attempt can ask it. */
  readonly asksStripe: boolean;
  /** The account that an operator named for this event. */
  readonly assigned?: string;
}

export function mapEvent(event: StripeEvent, options: MapOptions): Mapping {
  const row = TABLE.get(event.type)?.find(({ when }) => when === undefined || when.holds(event));
  switch (row?.kind) {
    case undefined:
      return ignored("not_a_settlement_event");
    case "ignored":
      return ignored(row.reason);
    case "unmappable":
      return { kind: "unmappable", reason: row.reason, money: readableMoney(event, null) };
    case "money":
      return mapMoney(event, row, options);
  }
}

/** The types that can become a settlement, sorted: what an endpoint must be subscribed to. */
export function subscribedEventTypes(): readonly string[] {
  return [...new Set(moneyRows().map(([type]) => type))].sort();
}

/**
 * Every reason to ignore comes before every reason to call an operator: nobody should be called for no money.
 */
function mapMoney(event: StripeEvent, row: MoneyRow, options: MapOptions): Mapping {
  const { object } = event.data;
  const own = options.assigned ?? accountOf(object, options.accountKey);
  const nothing = row.ignoredIf.find(({ holds }) => holds(event, own));
  if (nothing !== undefined) return ignored(nothing.reason);

  const unmappable = (reason: UnmappableReason): Mapping => {
    return { kind: "unmappable", reason, money: readableMoney(event, row, own) };
  };
  const movement = readMovement(object, row);
  if (!movement.ok) return unmappable(movement.reason);
  const { externalId, amount, transaction, withdrawal } = movement.value;
  if (!amount.ok) return unmappable(amount.reason);
  if (amount.value === 0) return ignored("zero_amount");
  const currency = currencyOf(object["currency"]);
  if (!currency.ok) return unmappable(currency.reason);
  const objectId = textOf(object["id"]);
  if (objectId === null || externalId === null) return unmappable("object_id_missing");
  const problem = row.unmappableIf.find(({ holds }) => holds(event, own));
  if (problem !== undefined) return unmappable(problem.reason);

  const draft: SettlementDraft = {
    provider: "stripe",
    external_payment_id: externalId,
    direction: row.direction,
    status: row.status,
    amount_minor: String(amount.value),
    currency: currency.value,
    network: "stripe",
    ...circumstancesOf(event, row),
    metadata: metadataOf(event, row, { objectId, transaction, own }),
  };
  const question = questionOf(event, row, withdrawal ?? objectId, options);
  if (options.assigned !== undefined) {
    return { kind: "settlement", settlement: withAccount(draft, options.assigned, "operator") };
  }
  if (question !== null && (own === null || row.account === "payin" || row.account === "debit")) {
    return { kind: "question", draft, question };
  }
  return own === null
    ? unmappable("account_missing")
    : { kind: "settlement", settlement: { ...draft, account_id: own } };
}

/** What the attempt must find out; null: nothing, or nothing that anybody could answer. */
function questionOf(
  event: StripeEvent,
  row: MoneyRow,
  debit: string,
  { asksStripe }: MapOptions,
): Question | null {
  const { object } = event.data;
  const payment =
    row.direction === "payin" && row.account !== "debit" ? textOf(object["id"]) : paymentOf(object);
  switch (row.account) {
    case "own":
      return null;
    case "own_or_stripe": {
      const stripe_account = textOf(event.account);
      const customer = referenceOf(object["customer"]);
      if (payment === null || !asksStripe) return null;
      return { kind: "account", payment, customer, stripe_account };
    }
    case "payin": {
      const may_be_release = row.movement === undefined && mayBeRelease(event);
      return payment === null ? null : { kind: "payin", payment, may_be_release };
    }
    case "debit": {
      const mayBeNone = row.movement === "refund_returned" && mayNeverHaveMoved(event);
      return { kind: "debit", refund: debit, if_absent: mayBeNone ? "ignore" : "wait" };
    }
  }
}

function ignored(reason: IgnoredReason): Mapping {
  return { kind: "ignored", reason };
}
