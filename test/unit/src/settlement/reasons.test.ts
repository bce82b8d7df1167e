/** What a money event must tell, what each omission is called, and which reason comes first. */
import { describe, expect, test } from "vitest";
import {
  disputeFundsWithdrawn,
  paymentCanceled,
  paymentIntentSucceeded,
  payoutPaid,
  refundCreated,
  stripeEvent,
} from "../../../../scripts/sandbox/events/stripe-events.ts";
import { CURRENCIES } from "../../../../src/settlement/currency.ts";
import { readAmount } from "../../../../src/settlement/fields.ts";
import { mapped } from "../../../support/stripe-events.ts";

const account_id = "acc_1";

describe("amounts", () => {
  test.each([
    [undefined, "amount_missing"],
    [null, "amount_missing"],
    ["1200", "amount_not_a_number"],
    [true, "amount_not_a_number"],
    [{ value: 1200 }, "amount_not_a_number"],
    [12.5, "amount_not_an_integer"],
    [-1200, "amount_negative"],
    [2 ** 53, "amount_too_large"],
    [1e30, "amount_too_large"],
  ])("%j → unmappable, %s", (amount_received, reason) => {
    const event = paymentIntentSucceeded({ account_id, amount_received });
    expect(mapped(event)).toMatchObject({ kind: "unmappable", reason });
  });

  test("a number too large for JSON's reader → amount_too_large", () => {
    expect(readAmount(JSON.parse("1e400"))).toEqual({ ok: false, reason: "amount_too_large" });
  });

  test.each([
    [1, "1"],
    [1e3, "1000"],
    [2 ** 53 - 1, "9007199254740991"],
  ])("%d → exactly %s", (amount, amount_minor) => {
    expect(mapped(paymentIntentSucceeded({ account_id, amount }))).toMatchObject({
      settlement: { amount_minor },
    });
  });

  test("no other field stands in for the one that the row uses", () => {
    const event = paymentIntentSucceeded({ account_id, amount: 1200, amount_received: undefined });
    expect(mapped(event)).toMatchObject({ kind: "unmappable", reason: "amount_missing" });
  });

  test.each([
    ["a payment", paymentIntentSucceeded({ account_id, amount: 0 })],
    ["a payment of -0", paymentIntentSucceeded({ account_id, amount_received: -0 })],
    ["a canceled intent", paymentCanceled({ account_id, amount: 0 })],
    ["a payout", payoutPaid({ account_id, amount: 0 })],
  ])("zero: %s → ignored", (_, event) => {
    expect(mapped(event)).toEqual({ kind: "ignored", reason: "zero_amount" });
  });
});

describe("currencies", () => {
  test.each([undefined, null, ""])("%j → unmappable, currency_missing", (currency) => {
    const event = stripeEvent("payout.paid", { id: "po_1", amount: 1, currency, metadata: { account_id } });
    expect(mapped(event)).toMatchObject({ kind: "unmappable", reason: "currency_missing" });
  });

  test.each(["zzz", "xxx", "xau", "us", "usdc", "u$d", " usd", "uſd", "usd\n", "€", 840, [["usd"]], {}])(
    "%j → unmappable, currency_unknown",
    (currency) => {
      const event = stripeEvent("payout.paid", { id: "po_1", amount: 1, currency, metadata: { account_id } });
      expect(mapped(event)).toMatchObject({ kind: "unmappable", reason: "currency_unknown" });
    },
  );

  test.each([
    ["usd", "USD"],
    ["EUR", "EUR"],
    ["jpy", "JPY"],
    ["Krw", "KRW"],
    ["bhd", "BHD"],
    ["kwd", "KWD"],
    ["sle", "SLE"],
    ["xcg", "XCG"],
  ])("%s → %s, and the amount as it is: zero and three decimals too", (given, currency) => {
    const event = paymentIntentSucceeded({ account_id, amount: 1234, currency: given });
    expect(mapped(event)).toMatchObject({ settlement: { amount_minor: "1234", currency } });
  });

  test("every currency that this runtime knows is in the list, but for units that nobody pays with", () => {
    const unlisted = Intl.supportedValuesOf("currency").filter((code) => !CURRENCIES.has(code));
    expect(unlisted).toEqual(["XDR", "XSU"]);
  });

  test("the list holds nothing but three capitals each", () => {
    for (const code of CURRENCIES) expect(code).toMatch(/^[A-Z]{3}$/);
  });
});

describe("accounts", () => {
  test.each([[undefined], [null], [""], ["  "], [7], [{}], ["a".repeat(256)]])(
    "metadata.account_id %j is no account",
    (value) => {
      const event = paymentIntentSucceeded({ metadata: { account_id: value as string } });
      expect(mapped(event)).toMatchObject({ kind: "question", question: { kind: "account" } });
    },
  );

  test.each([undefined, null, "acc_1", [[]], {}])("metadata %j holds no account", (metadata) => {
    const object = { id: "pi_1", amount_received: 1, currency: "usd", metadata };
    expect(mapped(stripeEvent("payment_intent.succeeded", object)).kind).toBe("question");
  });

  test("blanks around it are not part of it", () => {
    const event = paymentIntentSucceeded({ account_id: " acc_1\n" });
    expect(mapped(event)).toMatchObject({ settlement: { account_id: "acc_1" } });
  });

  test("255 characters are an account", () => {
    const long = "a".repeat(255);
    expect(mapped(paymentIntentSucceeded({ account_id: long }))).toMatchObject({
      settlement: { account_id: long },
    });
  });

  test("an expanded payment_intent → asked about by its id", () => {
    const event = disputeFundsWithdrawn({ payment_intent: { id: "pi_1", object: "payment_intent" } });
    expect(mapped(event)).toMatchObject({ question: { kind: "payin", payment: "pi_1" } });
  });

  test.each([undefined, null, "", " ", 7, {}, { id: null }, { id: { id: "pi_1" } }])(
    "payment_intent %j is none, so the charge is asked about; without one → unmappable",
    (payment_intent) => {
      const ofCharge = { payment_intent, charge: "ch_1" };
      const asked = { question: { kind: "payin", payment: "ch_1" } };
      expect(mapped(disputeFundsWithdrawn(ofCharge))).toMatchObject(asked);
      expect(mapped(refundCreated(ofCharge))).toMatchObject(asked);
      const ofNone = { payment_intent, charge: null };
      expect(mapped(disputeFundsWithdrawn(ofNone))).toMatchObject({ reason: "account_missing" });
      expect(mapped(refundCreated(ofNone))).toMatchObject({ reason: "refund_without_payment" });
    },
  );
});

describe("what only informs", () => {
  test.each([-1, 1.5, 253_402_300_800, 1e300, "1750000000", null])("created %j → left out", (created) => {
    const mapping = mapped(paymentIntentSucceeded({ account_id, created: created as number }));
    expect(mapping.kind).toBe("settlement");
    expect(mapping).not.toHaveProperty("settlement.provider_created_at");
  });

  test("an event's created that no calendar holds → left out", () => {
    const mapping = mapped(paymentIntentSucceeded({ account_id }, { created: 253_402_300_800 }));
    expect(mapping.kind).toBe("settlement");
    expect(mapping).not.toHaveProperty("settlement.settled_at");
  });

  test.each([undefined, null, "card", [[]], [[null]], [[""]], [[7]], {}])(
    "payment_method_types %j → no rail",
    (types) => {
      const mapping = mapped(paymentIntentSucceeded({ account_id, payment_method_types: types }));
      expect(mapping.kind).toBe("settlement");
      expect(mapping).not.toHaveProperty("settlement.rail");
    },
  );
});

describe("which reason comes first", () => {
  test.each([undefined, null, "", "  ", 7])("object id %j → unmappable, object_id_missing", (id) => {
    const event = stripeEvent("payout.paid", { id, amount: 1, currency: "usd", metadata: { account_id } });
    expect(mapped(event)).toMatchObject({ kind: "unmappable", reason: "object_id_missing" });
  });

  test("no money, and nothing else right either → ignored: nobody is called", () => {
    expect(mapped(stripeEvent("payment_intent.succeeded", { amount_received: 0 }))).toEqual({
      kind: "ignored",
      reason: "zero_amount",
    });
    expect(mapped(stripeEvent("payment_intent.canceled", {}))).toEqual({
      kind: "ignored",
      reason: "canceled_without_account",
    });
    expect(mapped(stripeEvent("refund.created", { status: "pending" })).kind).toBe("ignored");
    expect(mapped(stripeEvent("payout.paid", { automatic: true })).kind).toBe("ignored");
  });

  test("unmappable: amount, then currency, then id, then account", () => {
    const steps: [string, Record<string, unknown>][] = [
      ["amount_missing", { amount: 1 }],
      ["currency_missing", { currency: "usd" }],
      ["object_id_missing", { id: "pi_1" }],
      ["account_missing", { metadata: { account_id } }],
    ];
    const object: Record<string, unknown> = {};
    for (const [reason, repair] of steps) {
      expect(mapped(stripeEvent("payout.paid", object))).toMatchObject({ kind: "unmappable", reason });
      Object.assign(object, repair);
    }
    expect(mapped(stripeEvent("payout.paid", object)).kind).toBe("settlement");
  });
});
