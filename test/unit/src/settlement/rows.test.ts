/** Each row of the mapping table but the refunds (refunds.test.ts), played with an event as Stripe sends it. */
import { describe, expect, test } from "vitest";
import {
  disputeFundsReinstated,
  disputeFundsWithdrawn,
  paymentCanceled,
  paymentFailed,
  paymentIntentSucceeded,
  payoutCanceled,
  payoutFailed,
  payoutPaid,
  stripeEvent,
} from "../../../../scripts/sandbox/events/stripe-events.ts";
import { mapped } from "../../../support/stripe-events.ts";

const CREATED = 1_750_000_000;
const SETTLED = 1_750_000_900;
const account_id = "acc_1";
const envelope = { id: "evt_1", created: SETTLED };

describe("payment intents", () => {
  test("payment_intent.succeeded → payin confirmed, in full", () => {
    const event = paymentIntentSucceeded(
      { id: "pi_1", account_id, amount: 1200, created: CREATED },
      envelope,
    );
    expect(mapped(event)).toEqual({
      kind: "settlement",
      settlement: {
        provider: "stripe",
        external_payment_id: "pi_1",
        direction: "payin",
        status: "confirmed",
        account_id,
        amount_minor: "1200",
        currency: "USD",
        network: "stripe",
        rail: "card",
        provider_created_at: "2025-06-15T15:06:40Z",
        settled_at: "2025-06-15T15:21:40Z",
        metadata: {
          stripe_event_id: "evt_1",
          stripe_event_type: "payment_intent.succeeded",
          stripe_object_id: "pi_1",
        },
      },
    });
  });

  test("payment_intent.succeeded with less received than asked → what was received", () => {
    const event = paymentIntentSucceeded({ account_id, amount: 1200, amount_received: 700 });
    expect(mapped(event)).toMatchObject({ settlement: { amount_minor: "700" } });
  });

  test("payment_intent.succeeded, the least that can be sent → payin confirmed without times and rail", () => {
    const object = { id: "pi_1", amount_received: 5, currency: "eur", metadata: { account_id } };
    const event = { id: "evt_1", type: "payment_intent.succeeded", livemode: false, data: { object } };
    const mapping = mapped(event);
    expect(mapping).toMatchObject({
      kind: "settlement",
      settlement: { external_payment_id: "pi_1", amount_minor: "5", currency: "EUR", account_id },
    });
    for (const field of ["rail", "provider_created_at", "settled_at"]) {
      expect(mapping).not.toHaveProperty(`settlement.${field}`);
    }
  });

  test("payment_intent.canceled → payin failed over the whole amount, settled at no time", () => {
    const mapping = mapped(paymentCanceled({ id: "pi_1", account_id, amount: 1200 }));
    expect(mapping).toMatchObject({
      kind: "settlement",
      settlement: { external_payment_id: "pi_1", direction: "payin", status: "failed", amount_minor: "1200" },
    });
    expect(mapping).not.toHaveProperty("settlement.settled_at");
  });

  test("payment_intent.canceled without an account → ignored", () => {
    expect(mapped(paymentCanceled())).toEqual({ kind: "ignored", reason: "canceled_without_account" });
  });

  test("payment_intent.payment_failed → ignored: the intent stays payable", () => {
    expect(mapped(paymentFailed({ account_id }))).toEqual({ kind: "ignored", reason: "attempt_not_final" });
  });
});

describe("disputes", () => {
  test.each([
    ["withdrawn", disputeFundsWithdrawn, "refund", "dispute_withdrawn"],
    ["reinstated", disputeFundsReinstated, "payin", "dispute_reinstated"],
  ] as const)("funds %s → confirmed, over the disputed part only", (_, build, direction, kind) => {
    const event = build({ id: "du_1", amount: 400, payment_intent: "pi_1" });
    expect(mapped(event)).toMatchObject({
      kind: "account_lookup",
      payment_intent: "pi_1",
      draft: {
        external_payment_id: "du_1",
        direction,
        status: "confirmed",
        amount_minor: "400",
        metadata: { kind },
      },
    });
  });
});

describe("payouts", () => {
  test.each([
    ["paid", payoutPaid, "confirmed"],
    ["failed", payoutFailed, "reversed"],
    ["canceled", payoutCanceled, "failed"],
  ] as const)("payout.%s → payout %s", (_, build, status) => {
    const mapping = mapped(build({ id: "po_1", account_id, amount: 800 }, envelope));
    expect(mapping).toMatchObject({
      kind: "settlement",
      settlement: {
        external_payment_id: "po_1",
        direction: "payout",
        status,
        amount_minor: "800",
        account_id,
      },
    });
    const { settled_at } = (mapping as { settlement: { settled_at?: string } }).settlement;
    expect(settled_at).toBe(status === "confirmed" ? "2025-06-15T15:21:40Z" : undefined);
  });

  test.each([payoutPaid, payoutFailed, payoutCanceled])(
    "automatic: without an account ignored, with one booked",
    (build) => {
      expect(mapped(build({ automatic: true }))).toEqual({ kind: "ignored", reason: "automatic_payout" });
      expect(mapped(build({ automatic: true, account_id })).kind).toBe("settlement");
    },
  );

  test.each([false, null, "true", undefined])("automatic %j and no account → unmappable", (automatic) => {
    expect(mapped(payoutPaid({ automatic }))).toEqual({ kind: "unmappable", reason: "account_missing" });
  });

  test("a payment_intent on a payout is no way to an account", () => {
    expect(mapped(payoutPaid({ payment_intent: "pi_1" })).kind).toBe("unmappable");
  });
});

test("Connect: the connected account stands in the metadata", () => {
  const event = paymentIntentSucceeded({ account_id }, { account: "acct_1" });
  expect(mapped(event)).toMatchObject({ settlement: { metadata: { stripe_account: "acct_1" } } });
});

test.each([
  "constructor",
  "__proto__",
  "toString",
  "payment_intent",
  "payment_intent.succeeded ",
  "tomorrow.new",
])("the type %j → ignored, not_a_settlement_event", (type) => {
  expect(mapped(stripeEvent(type, { amount: 1 }))).toEqual({
    kind: "ignored",
    reason: "not_a_settlement_event",
  });
});
