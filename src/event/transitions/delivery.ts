/** A delivery: an event as Stripe gave it, in a verified request or in a list. Pure. */
import { type MoneyMapping, movesMoney } from "../../settlement/mapping.ts";
import type { IgnoredReason } from "../../settlement/reasons.ts";
import { conflicts } from "../../settlement/settlement.ts";
import { type EventRecord, type Failed, type RecordIn } from "../record.ts";
import { settlementOf } from "../record-money.ts";
import { type Context, type Delivery, REDELIVERY_QUIET_MS, type Step, triggerOf } from "../machine-types.ts";
import { beginAttempt, type Common, isSettled, joinOrResume, quiet, tell, workOf } from "./attempt.ts";

export function onDelivery(before: EventRecord | null, delivery: Delivery, context: Context): Step {
  if (before === null) return onFirstDelivery(delivery, context);
  const record = { ...before, deliveries: before.deliveries + 1 };
  const money = movesMoney(delivery.mapping) ? delivery.mapping : null;
  if (money !== null && tellsOfOtherMoney(record, money)) return onConflict(record, delivery, context.now);
  const resumed = joinOrResume(record, triggerOf(delivery), context);
  if (resumed !== null) return resumed;
  if (record.state === "failed") return onFailedEvent(record, money, delivery, context);
  return record.state === "ignored"
    ? onIgnoredEvent(record, money, delivery, context)
    : quiet(record, "stored");
}

function onFirstDelivery(delivery: Delivery, context: Context): Step {
  const { mapping } = delivery;
  const common = firstCommon(delivery, context.now);
  if (movesMoney(mapping))
    return beginAttempt(common, workOf(mapping, delivery.body), triggerOf(delivery), context);
  const known = { ...common, revision: 1 };
  const record: EventRecord =
    mapping.kind === "ignored"
      ? { ...known, state: "ignored", reason: mapping.reason }
      : {
          ...known,
          state: "failed",
          cause: "unmappable",
          reason: mapping.reason,
          // The Worker of 1.0.0 sends none.
          money: mapping.money ?? {},
          body: delivery.body ?? new Uint8Array(),
        };
  return tell(record, "created", context.now);
}

function firstCommon({ sent_by, ...delivery }: Delivery, now: number): Common {
  return {
    event_id: delivery.event_id,
    event_type: delivery.event_type,
    livemode: delivery.livemode,
    api_version: delivery.api_version,
    account: delivery.stripe_account,
    received_at: now,
    updated_at: now,
    revision: 0,
    deliveries: 1,
    attempts: 0,
    log: [],
    body_sha256: delivery.body_sha256,
    secret: delivery.secret_index,
    conflict: null,
    actions: sent_by === undefined ? [] : [{ action: "deliver", ...sent_by, at: now }],
  };
}

function onFailedEvent(
  record: Failed,
  money: MoneyMapping | null,
  delivery: Delivery,
  context: Context,
): Step {
  const { now } = context;
  const trigger = triggerOf(delivery);
  const isRecent = now - record.updated_at < REDELIVERY_QUIET_MS;
  if (record.cause === "unmappable") {
    // Somebody taught the mapper this event, or Stripe knows more of it: Stripe's
    // resend is as good as an operator's.
    if (money === null || (record.attempts > 0 && isRecent)) return quiet(record, "stored");
    return beginAttempt(record, workOf(money, delivery.body), trigger, context);
  }
  // Since the first delivery the ledger may have come to hold its currency.
  if (record.cause === "currency") {
    return isSettled(record.work, context.policy)
      ? beginAttempt(record, record.work, trigger, context)
      : quiet(record, "stored");
  }
  if (record.next_retry_at === null || isRecent) return quiet(record, "stored");
  return beginAttempt(record, record.work, trigger, context);
}

/** What an attempt found out for good: a payout came back, an authorization was given up. */
const SETTLED_REASONS: ReadonlySet<string> = new Set<IgnoredReason>([
  "payout_overtaken",
  "authorization_released",
]);

/**
 * To a later version of the mapping it may mean money, and the ledger may have learned what it did not know.
 */
function onIgnoredEvent(
  record: RecordIn<"ignored">,
  money: MoneyMapping | null,
  delivery: Delivery,
  context: Context,
): Step {
  const isRecent = context.now - record.updated_at < REDELIVERY_QUIET_MS;
  const isKnown = record.attempts > 0 && SETTLED_REASONS.has(record.reason);
  if (money === null || isRecent || isKnown) return quiet(record, "stored");
  return beginAttempt(record, workOf(money, delivery.body), triggerOf(delivery), context);
}

/** Only money contradicts money: a mapper that has since learned to ignore a type changes nothing settled. */
function tellsOfOtherMoney(record: EventRecord, money: MoneyMapping): boolean {
  const recorded = settlementOf(record);
  if (recorded === null) return false;
  return conflicts(recorded, money.kind === "settlement" ? money.settlement : money.draft);
}

/** The event stays as it was. Which of the two is right is not ours to say: an operator sees both. */
function onConflict(record: EventRecord, delivery: Delivery, now: number): Step {
  const conflict = {
    count: (record.conflict?.count ?? 0) + 1,
    last_at: now,
    last_body_sha256: delivery.body_sha256,
  };
  return quiet({ ...record, conflict }, "conflict");
}
