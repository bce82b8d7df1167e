/** What holds for every event that a stranger with a signing secret could send. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { paymentIntentSucceeded } from "../../../../scripts/sandbox/events/stripe-events.ts";
import { mapEvent } from "../../../../src/settlement/map.ts";
import {
  conflicts,
  freeze,
  type Mapping,
  settlementDraftSchema,
  settlementSchema,
  thaw,
  withAccount,
} from "../../../../src/settlement/settlement.ts";
import { TABLE } from "../../../../src/settlement/mapping-table.ts";
import type { StripeEvent } from "../../../../src/stripe/event.ts";
import { mapped, parsed } from "../../../support/stripe-events.ts";

const anything = fc.jsonValue();
const account = fc.constantFrom("acc_1", " acc_2 ", "ä".repeat(255), "\ud800", "__proto__");
const minor = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(1, 2 ** 53 - 1));
const seconds = fc.oneof(fc.nat(), fc.integer(), fc.maxSafeNat(), fc.double());

/** What is right in every field that some row reads. */
const sound = fc.record({
  id: fc.constantFrom("pi_1", "ch_1", "x".repeat(255)),
  amount: minor,
  amount_received: minor,
  amount_refunded: minor,
  currency: fc.constantFrom("usd", "EUR", "jpy", "bhd"),
  metadata: fc.oneof(fc.record({ account_id: account }), fc.constant({})),
  payment_intent: fc.constantFrom("pi_1", { id: "pi_1" }, null),
  status: fc.constant("succeeded"),
  automatic: fc.boolean(),
  created: seconds,
  payment_method_types: fc.constantFrom(["card"], ["sepa_debit", "card"]),
});
const FIELDS = [
  "id",
  "amount",
  "amount_received",
  "amount_refunded",
  "currency",
  "metadata",
  "payment_intent",
];
/** A field or two spoiled, so that the search still reaches the far end of the mapping. */
const spoiled = fc
  .tuple(sound, fc.dictionary(fc.constantFrom(...FIELDS), fc.oneof(anything, fc.double()), { maxKeys: 2 }))
  .map(([right, wrong]) => Object.assign({}, right, wrong));
const object: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  { weight: 6, arbitrary: sound },
  { weight: 6, arbitrary: spoiled },
  { weight: 1, arbitrary: fc.dictionary(fc.string(), anything) },
);

const type = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...TABLE.charge.keys(), ...TABLE.refund.keys()) },
  { weight: 1, arbitrary: fc.constantFrom("constructor", "__proto__", "hasOwnProperty") },
  { weight: 1, arbitrary: fc.string() },
);
const anyEvent: fc.Arbitrary<StripeEvent> = fc.record({
  id: fc.constantFrom("evt_1", `evt_${"x".repeat(250)}`),
  type,
  livemode: fc.constantFrom(true, false, null),
  created: fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constant(null)),
  api_version: fc.constant(null),
  account: fc.oneof(fc.constant(null), fc.string()),
  data: fc.record({
    object,
    previous_attributes: fc.oneof(
      fc.constant(null),
      fc.record({
        amount_refunded: fc.oneof(minor, anything),
        status: fc.constantFrom("succeeded", "pending"),
      }),
    ),
  }),
});

const refundEvents = fc.constantFrom("charge", "refund");
const RUNS = { numRuns: 3_000 };

describe("for any event at all", () => {
  test("there is an answer, and what would be sent is what the ledger takes", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(anyEvent, refundEvents, (given, mode) => {
        const mapping = mapEvent(given, { refundEvents: mode });
        seen.add(mapping.kind === "unmappable" || mapping.kind === "ignored" ? mapping.reason : mapping.kind);
        if (mapping.kind === "settlement") settlementSchema.parse(mapping.settlement);
        if (mapping.kind === "account_lookup") {
          settlementDraftSchema.parse(mapping.draft);
          settlementSchema.parse(withAccount(mapping.draft, "acc_1"));
        }
      }),
      RUNS,
    );
    // Otherwise the search has missed the far end of the mapping, and has proved little.
    const far = ["settlement", "account_lookup", "account_missing", "currency_unknown", "object_id_missing"];
    expect([...seen]).toEqual(expect.arrayContaining(far));
  });

  test("the same event gives the same answer, and the event stays as it was", () => {
    fc.assert(
      fc.property(anyEvent, refundEvents, (given, mode) => {
        const before = structuredClone(given);
        const first = mapEvent(given, { refundEvents: mode });
        expect(mapEvent(given, { refundEvents: mode })).toEqual(first);
        expect(given).toEqual(before);
      }),
    );
  });

  test("the frozen payload thaws into the same settlement", () => {
    fc.assert(
      fc.property(anyEvent, refundEvents, (given, mode) => {
        const mapping = mapEvent(given, { refundEvents: mode });
        fc.pre(mapping.kind === "settlement");
        const payload = freeze(mapping.settlement);
        expect(thaw(payload)).toEqual(mapping.settlement);
        expect(freeze(thaw(payload))).toBe(payload);
      }),
    );
  });

  test("a twin with its own id and time never contradicts it, but for a refund's time", () => {
    fc.assert(
      fc.property(anyEvent, refundEvents, fc.nat(), (given, mode, created) => {
        const sameTime = given.type === "charge.refunded" ? given.created : created;
        const twin = mapEvent({ ...given, id: "evt_twin", created: sameTime }, { refundEvents: mode });
        const first = mapEvent(given, { refundEvents: mode });
        const [a, b] = [moneyOf(first), moneyOf(twin)];
        expect(twin.kind).toBe(first.kind);
        expect(a !== null && b !== null && conflicts(a, b)).toBe(false);
      }),
    );
  });
});

describe("for any amount", () => {
  test("the text is exactly the integer that Stripe sent", () => {
    fc.assert(
      fc.property(fc.bigInt(1n, BigInt(Number.MAX_SAFE_INTEGER)), (amount) => {
        const mapping = mapped(paymentIntentSucceeded({ account_id: "acc_1", amount: Number(amount) }));
        expect(mapping).toMatchObject({ settlement: { amount_minor: amount.toString() } });
      }),
    );
  });

  test("the partial refunds of one charge add up to its total, each under its own external id", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1e9 }), { minLength: 1, maxLength: 20 }), (parts) => {
        let total = 0;
        const refunds = parts.map((part, i) => {
          const previous_attributes = { amount_refunded: total };
          total += part;
          const charge = {
            id: "ch_1",
            amount_refunded: total,
            currency: "usd",
            metadata: { account_id: "acc_1" },
          };
          const data = { object: charge, previous_attributes };
          return mapped({ id: `evt_${i}`, type: "charge.refunded", created: 1, data });
        });
        const settlements = refunds.flatMap((mapping) => moneyOf(mapping) ?? []);
        expect(settlements.map((settlement) => Number(settlement.amount_minor))).toEqual(parts);
        expect(new Set(settlements.map((settlement) => settlement.external_payment_id)).size).toBe(
          parts.length,
        );
      }),
    );
  });
});

test("a payin's payload leaves room in a record of 1,000 bytes", () => {
  const event = parsed(paymentIntentSucceeded({ account_id: crypto.randomUUID(), amount: 1_234_567 }));
  const mapping = mapEvent(event, { refundEvents: "charge" });
  expect(moneyOf(mapping)).not.toBeNull();
  expect(JSON.stringify(moneyOf(mapping)).length).toBeLessThan(520);
});

function moneyOf(mapping: Mapping) {
  if (mapping.kind === "settlement") return mapping.settlement;
  return mapping.kind === "account_lookup" ? mapping.draft : null;
}
