/**
 * Payments, payouts and what is no money: each row of the mapping table,
 * played with an event as Stripe sends it.
 */
import { describe, expect, test } from "vitest";
import {
  chargeSucceeded,
  disputeCreated,
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

  test("captured in part → what was received, and what was released", () => {
    const event = paymentIntentSucceeded({ account_id, amount: 1200, amount_received: 700 });
    expect(mapped(event)).toMatchObject({
      settlement: { amount_minor: "700", metadata: { stripe_released_minor: "500" } },
    });
  });

  test("more captured than was asked for → nothing was released", () => {
    const event = paymentIntentSucceeded({ account_id, amount: 1200, amount_received: 1300 });
    const mapping = mapped(event);
    expect(mapping).toMatchObject({ settlement: { amount_minor: "1300" } });
    expect(mapping).not.toHaveProperty("settlement.metadata.stripe_released_minor");
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

  test.each([
    ["cus_1", "cus_1"],
    [{ id: "cus_2" }, "cus_2"],
    [null, null],
  ])("without an account, customer %j → Stripe's API is asked whose it is", (customer, asked) => {
    const event = paymentIntentSucceeded({ id: "pi_1", amount: 1200, customer }, { account: "acct_1" });
    expect(mapped(event)).toMatchObject({
      kind: "question",
      question: { kind: "account", payment: "pi_1", customer: asked, stripe_account: "acct_1" },
      draft: { external_payment_id: "pi_1", direction: "payin", status: "confirmed", amount_minor: "1200" },
    });
  });

  test("without an account and without a key for Stripe's API → unmappable, with what can be read", () => {
    const event = paymentIntentSucceeded({ id: "pi_1", amount: 1200 });
    expect(mapped(event, { asksStripe: false })).toEqual({
      kind: "unmappable",
      reason: "account_missing",
      money: {
        direction: "payin",
        external_payment_id: "pi_1",
        amount_minor: "1200",
        currency: "USD",
        source_payment_id: "pi_1",
      },
    });
  });

  test("unmappable with an account → it is among what can be read: its lane is where the movement is closed", () => {
    const event = paymentIntentSucceeded({ id: "pi_1", account_id, currency: "zzz" });
    expect(mapped(event)).toMatchObject({ reason: "currency_unknown", money: { account_id } });
    const dispute = disputeCreated({ account_id, currency: "zzz" });
    expect(mapped(dispute)).toMatchObject({ reason: "currency_unknown" });
    expect(mapped(dispute)).not.toHaveProperty("money.account_id");
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

describe.each(["charge.succeeded", "charge.captured"])("%s", (type) => {
  const of = (fields: Record<string, unknown>) => {
    const { data } = chargeSucceeded({ id: "ch_1", account_id, amount: 1200, ...fields });
    return mapped(stripeEvent(type, data.object, envelope));
  };

  test.each(["pi_1", { id: "pi_1" }])("with the intent %j → covered by it", (payment_intent) => {
    expect(of({ payment_intent })).toEqual({
      kind: "ignored",
      reason: "covered_by:payment_intent.succeeded",
    });
  });

  test.each([null, undefined])(
    "without an intent (%j), captured and paid → payin of what was captured",
    (none) => {
      expect(of({ payment_intent: none, amount_captured: 700 })).toMatchObject({
        kind: "settlement",
        settlement: {
          external_payment_id: "ch_1",
          direction: "payin",
          status: "confirmed",
          amount_minor: "700",
          rail: "card",
          metadata: { stripe_object_id: "ch_1", stripe_released_minor: "500" },
        },
      });
    },
  );

  test.each([{ captured: false }, { paid: false }])("%j → ignored: nobody has paid", (fields) => {
    expect(of(fields)).toEqual({ kind: "ignored", reason: "charge_not_captured" });
    // Its intent may be canceled, and then nothing covers it.
    expect(of({ ...fields, payment_intent: "pi_1" })).toEqual({
      kind: "ignored",
      reason: "charge_not_captured",
    });
  });

  test.each([{ captured: undefined }, { paid: undefined }, { captured: "true" }])(
    "%j → unmappable",
    (fields) => {
      expect(of(fields)).toMatchObject({ kind: "unmappable", reason: "capture_unknown" });
    },
  );

  test("without an account → Stripe's API is asked about the charge", () => {
    expect(of({ metadata: {}, account_id: undefined, customer: "cus_1" })).toMatchObject({
      kind: "question",
      question: { kind: "account", payment: "ch_1", customer: "cus_1", stripe_account: null },
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
    expect(mapped(payoutPaid({ id: "po_1", amount: 800, automatic }))).toEqual({
      kind: "unmappable",
      reason: "account_missing",
      money: { direction: "payout", external_payment_id: "po_1", amount_minor: "800", currency: "USD" },
    });
  });

  test("a payment_intent on a payout is no way to an account", () => {
    expect(mapped(payoutPaid({ payment_intent: "pi_1" })).kind).toBe("unmappable");
  });

  test("a payout of less than nothing → unmappable", () => {
    expect(mapped(payoutPaid({ account_id, amount: -1 }))).toMatchObject({ reason: "amount_negative" });
  });
});

test("Connect: the connected account stands in the metadata", () => {
  const event = paymentIntentSucceeded({ account_id }, { account: "acct_1" });
  expect(mapped(event)).toMatchObject({ settlement: { metadata: { stripe_account: "acct_1" } } });
});

describe("the account", () => {
  test("stands under the key that is configured, and under no other", () => {
    const event = paymentIntentSucceeded({ metadata: { account_id: "acc_1", ledger: "acc_2" } });
    expect(mapped(event, { accountKey: "ledger" })).toMatchObject({ settlement: { account_id: "acc_2" } });
    expect(mapped(event, { accountKey: "other" }).kind).toBe("question");
  });

  test("that an operator assigned beats all others, and the record says so", () => {
    for (const event of [paymentIntentSucceeded({ account_id }), paymentIntentSucceeded(), payoutPaid()]) {
      expect(mapped(event, { assigned: "acc_9" })).toMatchObject({
        kind: "settlement",
        settlement: { account_id: "acc_9", metadata: { account_source: "operator" } },
      });
    }
  });
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
