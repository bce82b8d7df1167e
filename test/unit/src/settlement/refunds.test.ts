/** Refunds: a change of the charge or an object of their own, and the money of a failed one that comes back. */
import { describe, expect, test } from "vitest";
import {
  chargeRefunded,
  refundCreated,
  refundFailed,
  refundUpdated,
} from "../../../../scripts/sandbox/events/stripe-events.ts";
import { mapped } from "../../../support/stripe-events.ts";

const CREATED = 1_750_000_000;
const SETTLED = 1_750_000_900;
const account_id = "acc_1";
const envelope = { id: "evt_1", created: SETTLED };

describe("charge.refunded, with charges as the carrier of refunds", () => {
  const partial = { charge: "ch_1", account_id, amount: 900, payment_intent: "pi_1" };

  test("a first partial refund → its amount", () => {
    const event = chargeRefunded({ ...partial, amount_refunded: 200 }, envelope);
    expect(mapped(event)).toMatchObject({
      kind: "settlement",
      settlement: {
        external_payment_id: `ch_1:200:${SETTLED}`,
        direction: "refund",
        status: "confirmed",
        account_id,
        amount_minor: "200",
        metadata: { stripe_object_id: "ch_1", stripe_payment_intent_id: "pi_1" },
      },
    });
  });

  test("a second partial refund → only what it added", () => {
    const event = chargeRefunded({ ...partial, amount_refunded: 900, previous: 200 }, envelope);
    expect(mapped(event)).toMatchObject({
      settlement: { external_payment_id: `ch_1:900:${SETTLED}`, amount_minor: "700" },
    });
  });

  test.each([
    ["no previous_attributes", chargeRefunded({ ...partial, amount_refunded: 200, previous: null })],
    [
      "previous_attributes without amount_refunded",
      {
        ...chargeRefunded(
          { ...partial, amount_refunded: 200 },
          { previous_attributes: { receipt_url: null } },
        ),
      },
    ],
  ])("%s → the total is the refund", (_, event) => {
    expect(mapped(event)).toMatchObject({ kind: "settlement", settlement: { amount_minor: "200" } });
  });

  test.each([["250"], [-1], [1.5], [null], [{}]])(
    "previous amount_refunded %j → unmappable, never guessed",
    (before) => {
      const previous_attributes = { amount_refunded: before };
      const event = chargeRefunded({ ...partial, amount_refunded: 500 }, { previous_attributes });
      expect(mapped(event).kind).toBe("unmappable");
    },
  );

  test("a total that went down → unmappable: a person should see it", () => {
    const event = chargeRefunded({ ...partial, amount_refunded: 200, previous: 900 });
    expect(mapped(event)).toEqual({ kind: "unmappable", reason: "amount_negative" });
  });

  test("a total that stayed → ignored", () => {
    const event = chargeRefunded({ ...partial, amount_refunded: 200, previous: 200 });
    expect(mapped(event)).toEqual({ kind: "ignored", reason: "zero_amount" });
  });

  test("twin events of one change → one external id; the same total at another time → another", () => {
    const [one, twin, later] = [1, 1, 2].map((created) => mapped(chargeRefunded(partial, { created })));
    expect(one).toHaveProperty("settlement.external_payment_id", "ch_1:900:1");
    expect(twin).toHaveProperty("settlement.external_payment_id", "ch_1:900:1");
    expect(later).toHaveProperty("settlement.external_payment_id", "ch_1:900:2");
  });

  test("its time is the refund's, not the payment's", () => {
    const event = chargeRefunded({ ...partial, created: CREATED }, envelope);
    expect(mapped(event)).toMatchObject({ settlement: { provider_created_at: "2025-06-15T15:21:40Z" } });
  });

  test("without event.created → unmappable: two refunds could not be told apart", () => {
    const { created: _, ...event } = chargeRefunded(partial);
    expect(mapped(event)).toEqual({ kind: "unmappable", reason: "created_missing" });
  });

  test("a charge without an account → look-up by its payment", () => {
    const event = chargeRefunded({ charge: "ch_1", payment_intent: "pi_1" });
    expect(mapped(event)).toMatchObject({ kind: "account_lookup", payment_intent: "pi_1" });
  });

  test("the release of an authorization that was never captured → ignored", () => {
    const event = chargeRefunded({
      ...partial,
      captured: false,
      amount_captured: 0,
      balance_transaction: null,
    });
    expect(mapped(event)).toEqual({ kind: "ignored", reason: "authorization_released" });
  });

  test.each([{ captured: false }, { balance_transaction: null }])("%j alone is no release", (fields) => {
    expect(mapped(chargeRefunded({ ...partial, ...fields })).kind).toBe("settlement");
  });
});

describe.each([
  ["refund.created", refundCreated],
  ["refund.updated", refundUpdated],
])("%s, with refunds as the carrier of refunds", (_type, build) => {
  test("succeeded → refund confirmed; the account is that of the payment", () => {
    const event = build({ id: "re_1", amount: 300, payment_intent: "pi_1", created: CREATED }, envelope);
    expect(mapped(event, "refund")).toMatchObject({
      kind: "account_lookup",
      payment_intent: "pi_1",
      draft: {
        external_payment_id: "re_1",
        direction: "refund",
        status: "confirmed",
        amount_minor: "300",
        provider_created_at: "2025-06-15T15:06:40Z",
        settled_at: "2025-06-15T15:21:40Z",
        metadata: { stripe_payment_intent_id: "pi_1" },
      },
    });
  });

  test.each([["pending"], ["requires_action"], ["failed"], ["canceled"], [null], [undefined]])(
    "%s → ignored: no money has moved",
    (status) => {
      const event = build({ account_id, status });
      expect(mapped(event, "refund")).toEqual({ kind: "ignored", reason: "refund_not_succeeded" });
    },
  );

  test("of an authorization that expired → ignored", () => {
    const event = build({ account_id, reason: "expired_uncaptured_charge" });
    expect(mapped(event, "refund")).toEqual({ kind: "ignored", reason: "authorization_released" });
  });
});

describe("refund.failed", () => {
  test.each(["charge", "refund"] as const)("(%s) → payin confirmed: the money came back", (mode) => {
    const event = refundFailed({ id: "re_1", amount: 300, payment_intent: "pi_1" });
    expect(mapped(event, mode)).toMatchObject({
      kind: "account_lookup",
      payment_intent: "pi_1",
      draft: {
        external_payment_id: "re_1",
        direction: "payin",
        status: "confirmed",
        amount_minor: "300",
        metadata: { kind: "refund_failed", stripe_payment_intent_id: "pi_1" },
      },
    });
  });

  test.each(["pending", "requires_action"])(
    "while %s: back only where a pending refund was booked",
    (status) => {
      const event = refundFailed({ account_id }, { previous_attributes: { status } });
      expect(mapped(event, "refund")).toEqual({ kind: "ignored", reason: "refund_not_succeeded" });
      expect(mapped(event, "charge").kind).toBe("settlement");
    },
  );

  test.each(["charge", "refund"] as const)("(%s) that does not tell the status before → booked", (mode) => {
    const { data, ...event } = refundFailed({ account_id });
    expect(mapped({ ...event, data: { object: data.object } }, mode).kind).toBe("settlement");
  });
});
