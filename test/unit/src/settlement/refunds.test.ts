/** Refunds in each of their lives: what each event of theirs means, and what must be known before. */
import { describe, expect, test } from "vitest";
import {
  chargeRefunded,
  refundCreated,
  refundFailed,
  refundUpdated,
  stripeEvent,
} from "../../../../scripts/sandbox/events/stripe-events.ts";
import { mapped } from "../../../support/stripe-events.ts";

const CREATED = 1_750_000_000;
const SETTLED = 1_750_000_900;
const envelope = { id: "evt_1", created: SETTLED };
const IDS = { id: "re_1", amount: 300, payment_intent: "pi_1" };
const NEVER_MOVED = { balance_transaction: null, failure_balance_transaction: null };

describe.each([
  ["refund.created", refundCreated],
  ["refund.updated", refundUpdated],
])("%s", (_type, build) => {
  test.each(["succeeded", "pending", "requires_action"])(
    "%s, with a balance transaction → refund confirmed, once the payin says whose it is",
    (status) => {
      const event = build({ ...IDS, status, balance_transaction: "txn_1", created: CREATED }, envelope);
      expect(mapped(event)).toEqual({
        kind: "question",
        question: { kind: "payin", payment: "pi_1", may_be_release: false },
        draft: {
          provider: "stripe",
          external_payment_id: "re_1",
          direction: "refund",
          status: "confirmed",
          amount_minor: "300",
          currency: "USD",
          network: "stripe",
          provider_created_at: "2025-06-15T15:06:40Z",
          settled_at: "2025-06-15T15:21:40Z",
          metadata: {
            stripe_event_id: "evt_1",
            stripe_event_type: event.type,
            stripe_object_id: "re_1",
            stripe_payment_intent_id: "pi_1",
            stripe_balance_transaction: "txn_1",
          },
        },
      });
    },
  );

  test.each(["pending", "requires_action"])("%s, without one → ignored: nothing has left", (status) => {
    for (const balance_transaction of [null, undefined]) {
      const event = build({ ...IDS, status, balance_transaction });
      expect(mapped(event)).toEqual({ kind: "ignored", reason: "refund_not_moved" });
    }
  });

  test("succeeded, without one → booked, unless the payin says that nobody had paid", () => {
    for (const balance_transaction of [null, undefined]) {
      expect(mapped(build({ ...IDS, balance_transaction }))).toMatchObject({
        kind: "question",
        question: { kind: "payin", payment: "pi_1", may_be_release: true },
        draft: { external_payment_id: "re_1" },
      });
    }
  });

  test("of an authorization that expired → ignored, if nothing moved", () => {
    const reason = "expired_uncaptured_charge";
    expect(mapped(build({ reason, balance_transaction: null }))).toEqual({
      kind: "ignored",
      reason: "authorization_released",
    });
    expect(mapped(build({ reason })).kind).toBe("question");
  });

  test.each([null, undefined, "blocked", 1])("in the status %j → unmappable", (status) => {
    expect(mapped(build({ ...IDS, status }))).toMatchObject({ kind: "unmappable", reason: "status_unknown" });
  });

  test("of a charge without an intent → asked by the charge, which the record names", () => {
    const event = build({ ...IDS, payment_intent: null, charge: "ch_1" });
    expect(mapped(event)).toMatchObject({
      question: { kind: "payin", payment: "ch_1" },
      draft: { metadata: { stripe_charge_id: "ch_1" } },
    });
  });

  test("of no payment at all → unmappable, whoever it names, with what can be read", () => {
    const event = build({ ...IDS, payment_intent: null, charge: null, account_id: "acc_1" });
    expect(mapped(event)).toEqual({
      kind: "unmappable",
      reason: "refund_without_payment",
      money: { direction: "refund", external_payment_id: "re_1", amount_minor: "300", currency: "USD" },
    });
  });

  test("an account of its own is kept beside, and decides nothing", () => {
    expect(mapped(build({ ...IDS, account_id: "acc_1" }))).toMatchObject({
      kind: "question",
      draft: { metadata: { account_in_metadata: "acc_1" } },
    });
  });
});

describe.each([
  ["refund.failed", refundFailed, "failed"],
  ["refund.updated, failed", refundUpdated, "failed"],
  ["refund.updated, canceled", refundUpdated, "canceled"],
  ["refund.created, canceled at once", refundCreated, "canceled"],
] as const)("%s", (_type, build, status) => {
  test.each([
    { balance_transaction: "txn_1", failure_balance_transaction: "txn_2" },
    { balance_transaction: "txn_1", failure_balance_transaction: undefined },
    { balance_transaction: null, failure_balance_transaction: "txn_2" },
  ])("that had left (%j) → money back against its debit, which is waited for", (transactions) => {
    expect(mapped(build({ ...IDS, status, ...transactions }))).toMatchObject({
      kind: "question",
      question: { kind: "debit", refund: "re_1", if_absent: "wait" },
      draft: {
        external_payment_id: "re_1",
        direction: "payin",
        status: "confirmed",
        amount_minor: "300",
        metadata: { kind: "refund_returned", stripe_payment_intent_id: "pi_1" },
      },
    });
  });

  test("the transaction on record is the return's", () => {
    const transactions = { balance_transaction: "txn_1", failure_balance_transaction: "txn_2" };
    expect(mapped(build({ ...IDS, status, ...transactions }))).toMatchObject({
      draft: { metadata: { stripe_balance_transaction: "txn_2" } },
    });
  });

  test("that never left → the ledger is asked; without a debit there, nothing comes back", () => {
    for (const none of [
      NEVER_MOVED,
      { balance_transaction: undefined, failure_balance_transaction: undefined },
    ]) {
      expect(mapped(build({ ...IDS, status, ...none }))).toMatchObject({
        kind: "question",
        question: { kind: "debit", refund: "re_1", if_absent: "ignore" },
      });
    }
  });
});

const refundOf = (version: { readonly api_version: string | null }) =>
  stripeEvent(
    "charge.refund.updated",
    refundUpdated({ id: "re_1", payment_intent: "pi_1" }).data.object,
    version,
  );
const refunded = (version: { readonly api_version: string | null }) =>
  chargeRefunded({ charge: "ch_1", payment_intent: "pi_1", amount: 900 }, version);

describe.each([
  ["charge.refunded", refunded, "refund.created", "ch_1"],
  ["charge.refund.updated", refundOf, "refund.updated", "re_1"],
] as const)("%s", (_type, build, covering, object) => {
  test.each(["2024-10-28.acacia", "2026-10-28.clover", null])(
    `version %j → covered by ${covering}`,
    (api_version) => {
      expect(mapped(build({ api_version }))).toEqual({ kind: "ignored", reason: `covered_by:${covering}` });
    },
  );

  test.each(["2016-07-06", "2024-09-30.acacia"])(
    `version %j → unmappable: ${covering} may never come`,
    (api_version) => {
      expect(mapped(build({ api_version }))).toMatchObject({
        kind: "unmappable",
        reason: "endpoint_version_too_old",
        money: { external_payment_id: object, source_payment_id: "pi_1", currency: "USD" },
      });
    },
  );
});
